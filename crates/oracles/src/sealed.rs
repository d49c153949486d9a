//! What only we can make: it opens where it belongs, as it was, and nothing else does.

use domain::Entropy;
use persistence::{DataKey, Place, SealedSecret};
use service::Cursors;

use crate::no_beginning_of;

/// Of what is longer, not each letter is changed: each takes a MAC.
const SHORT: usize = 100;

/// A line that names a list; behind it a cursor of that list, or the place where a page of it ended.
pub(crate) fn cursor(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (list, rest) = text.split_once('\n').unwrap_or(("", text));
    let cursors = Cursors::new([1; 32]);
    if let Ok(position) = cursors.open(list, rest) {
        assert_eq!(cursors.seal(list, &position), rest, "a cursor has one spelling");
    }

    let cursor = cursors.seal(list, rest);
    assert_eq!(cursors.open(list, &cursor).ok().as_deref(), Some(rest), "it opens in its list");
    assert!(cursors.open(&format!("{list} "), &cursor).is_err(), "{cursor:?} opens in another list");
    assert!(Cursors::new([2; 32]).open(list, &cursor).is_err(), "{cursor:?} opens by another key");
    if cursor.len() > SHORT {
        return;
    }
    no_beginning_of(&cursor, |beginning| cursors.open(list, beginning).is_ok());
    for place in 0..cursor.len() {
        for letter in ["A", "_", "=", "é", "", "AA"] {
            let changed = [&cursor[..place], letter, &cursor[place + 1..]].concat();
            assert!(changed == cursor || cursors.open(list, &changed).is_err(), "{changed:?} is as good as {cursor:?}");
        }
    }
}

/// What stands in a row where a sealed secret belongs, and a secret to be sealed.
pub(crate) fn secret(data: &[u8]) {
    const HERE: Place<'_> = Place::Claim { tenant: "ten_a", claim: "clm_b", access_key_id: "KRC" };
    const ELSEWHERE: [Place<'_>; 3] = [
        Place::Claim { tenant: "ten_ac", claim: "lm_b", access_key_id: "KRC" },
        Place::OneTimeSecret { caller: "ten_a", object: "clm_b" },
        Place::S3Secret { tenant: "ten_a", key: "clm_b", access_key_id: "KRC", version: 1 },
    ];
    const NONCE_AND_TAG: usize = 24 + 16;
    let key = DataKey::new(1, [9; 32]);
    let opens = |place, bytes: &[u8]| key.open(place, &SealedSecret::new(1, bytes.to_vec())).is_ok();
    if let Ok(plain) = key.open(HERE, &SealedSecret::new(1, data.to_vec())) {
        assert_eq!(plain.len() + NONCE_AND_TAG, data.len(), "it holds nothing else");
    }

    let sealed = key.seal(HERE, data, &mut Entropy::from_seed([2; 32])).expect("it is short enough");
    let opened = key.open(HERE, &sealed).expect("it opens where it was put");
    assert_eq!(opened.as_slice(), data, "as it was");
    assert!(key.open(HERE, &SealedSecret::new(2, sealed.bytes().to_vec())).is_err(), "it says which key sealed it");
    assert!(DataKey::new(1, [8; 32]).open(HERE, &sealed).is_err(), "it opens by another key");
    assert!(!ELSEWHERE.iter().any(|place| opens(*place, sealed.bytes())), "it opens elsewhere");
    let longer = [&[0], sealed.bytes()].concat();
    assert!(!opens(HERE, &longer), "it opens with a byte in front of it");
    for place in (0..sealed.bytes().len()).take(SHORT) {
        let mut changed = sealed.bytes().to_vec();
        changed[place] ^= 1 << (place % 8);
        assert!(!opens(HERE, &changed), "byte {place} does not count");
        assert!(!opens(HERE, &sealed.bytes()[..place]), "its first {place} bytes are enough");
    }
}
