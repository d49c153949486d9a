//! Ids of every shape that a key model may ask for.

use keyreeve_domain::Entropy;
use keyreeve_domain::key::AccessKeyId;
use proptest::prelude::*;

prop_compose! {
    fn drawn()(seed: [u8; 32], prefix in "[A-Z0-9]{0,8}", random in 16..=120_u8) -> String {
        let length = u8::try_from(prefix.len()).unwrap() + random;
        AccessKeyId::draw(&mut Entropy::from_seed(seed), &prefix, length).to_string()
    }
}

fn is_ours(text: &str) -> bool {
    AccessKeyId::parse(text).is_ok_and(|id| id.has_checksum())
}

proptest! {
    #[test]
    fn a_drawn_id_is_ours_and_no_misprint_of_it(id in drawn(), at: prop::sample::Index, letter in "[A-Za-z0-9_.@-]") {
        prop_assert!(is_ours(&id));
        let at = at.index(id.len());
        let mut misprint = id.clone();
        misprint.replace_range(at..=at, &letter);
        prop_assert!(misprint == id || !is_ours(&misprint), "{} {}", id, misprint);
    }

    #[test]
    fn no_swap_of_neighbours_is_ours(id in drawn(), at: prop::sample::Index) {
        let mut letters = id.clone().into_bytes();
        let at = at.index(letters.len() - 1);
        letters.swap(at, at + 1);
        let swapped = String::from_utf8(letters).unwrap();
        prop_assert!(swapped == id || !is_ours(&swapped), "{} {}", id, swapped);
    }

    #[test]
    fn any_text_is_judged_without_a_panic(text: String) {
        let _ = is_ours(&text);
    }
}
