//! Access key ids: the public half of a pair, as it stands in every request.
//!
//! Ours end in a checksum, so that a scanner is certain and a misprint costs no look-up. It is no proof of anything.
//! Imported ones come as they are.

use std::sync::LazyLock;

use crate::key_model::{self, Switches};
use crate::text::texts;
use crate::{Entropy, Invalid};

/// In the order of their worth to the checksum.
const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CHECKSUM: usize = 2;
/// The shortest that a key model may ask for.
const SHORTEST_OF_OURS: usize = 16;

texts! {
    /// Compared letter by letter: two spellings are two ids.
    AccessKeyId: access_key_id;
}

impl AccessKeyId {
    /// An id of `length` characters: the prefix, chance, and the checksum over both. Prefix and length are as
    /// [`Switches::check`](crate::key_model::Switches::check) lets them be.
    pub fn draw(entropy: &mut Entropy, prefix: &str, length: u8) -> Self {
        let random = usize::from(length).saturating_sub(prefix.len() + CHECKSUM);
        let body = format!("{prefix}{}", entropy.letters(ALPHABET, random));
        let sum = checksum(&body).unwrap_or_default();
        Self((body + &sum).into())
    }

    /// Whether it could be one of ours; of foreign ids, one in 1,296 could.
    pub fn has_checksum(&self) -> bool {
        match self.0.split_at_checked(self.0.len().saturating_sub(CHECKSUM)) {
            Some((body, sum)) => self.0.len() >= SHORTEST_OF_OURS && checksum(body).is_some_and(|right| right == sum),
            None => false,
        }
    }
}

impl AccessKeyId {
    /// Whether it has the form of the built-in key models' ids and a wrong checksum. Nobody has such an id: none is drawn
    /// and none is imported, so it needs no look-up.
    pub fn is_misprint(&self) -> bool {
        let is_in_form = |(_, _, switches): &(_, _, Switches)| {
            self.0.len() == usize::from(switches.id_length) && self.0.starts_with(&switches.id_prefix)
        };
        let is_in_letters = self.0.bytes().all(|letter| worth(letter).is_some());
        is_in_letters && !self.has_checksum() && BUILT_IN.iter().any(is_in_form)
    }
}

static BUILT_IN: LazyLock<[(&'static str, &'static str, Switches); 3]> = LazyLock::new(key_model::built_in);

impl std::borrow::Borrow<str> for AccessKeyId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// Requests carry ids in `Credential=<id>/<date>/<region>/s3/aws4_request, ...` and in URLs. A slash, a comma, an equals
/// sign or a space would end them early there; a plus or a percent sign would change on the way.
fn access_key_id(text: &str) -> Result<String, Invalid> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@');
    if !(12..=128).contains(&text.len()) || !text.bytes().all(is_plain) {
        return Err(Invalid::because("Must be 12 to 128 letters, digits, underscores, hyphens, dots and at signs."));
    }
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(Invalid::because("Must begin with a letter or a digit."));
    }
    Ok(text.to_owned())
}

/// ISO/IEC 7064, MOD 1271-36: the id is read as a number in base 36, and its two last digits are chosen so that it
/// leaves 1 when divided by 1271. A changed digit adds `d * 36^n`, two swapped neighbours `d * 35 * 36^n`, where `d` is a
/// difference of two digits: 1271 has no factor in common with 35 or 36 and `d` is too small, so neither leaves 1 again.
fn checksum(body: &str) -> Option<String> {
    const MODULUS: usize = 1271;
    let remainder = body.bytes().try_fold(0, |number, letter| Some((number * 36 + worth(letter)?) % MODULUS))?;
    let sum = (MODULUS + 1 - remainder * 36 * 36 % MODULUS) % MODULUS;
    [sum / 36, sum % 36].into_iter().map(|digit| ALPHABET.get(digit).copied().map(char::from)).collect()
}

fn worth(letter: u8) -> Option<usize> {
    ALPHABET.iter().position(|known| *known == letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(prefix: &str, length: u8) -> AccessKeyId {
        AccessKeyId::draw(&mut Entropy::from_seed([8; 32]), prefix, length)
    }

    fn is_ours(text: &str) -> bool {
        AccessKeyId::parse(text).is_ok_and(|id| id.has_checksum())
    }

    #[test]
    fn the_standards_own_example_holds() {
        assert_eq!(checksum("ISO79").as_deref(), Some("3W"));
    }

    #[test]
    fn drawn_ids_have_prefix_length_and_checksum() {
        for (prefix, length) in [("NQAK", 20), ("KR", 20), ("", 16), ("ABCDEFGH", 24), ("KR", 128)] {
            let id = drawn(prefix, length);
            assert!(id.as_str().starts_with(prefix), "{id}");
            assert_eq!(id.as_str().len(), usize::from(length));
            assert!(id.has_checksum(), "{id}");
            assert_eq!(AccessKeyId::parse(id.as_str()), Ok(id));
        }
    }

    #[test]
    fn every_misprint_of_one_character_shows() {
        for length in [16, 20, 128] {
            let id = drawn("KR", length);
            for at in 0..id.as_str().len() {
                for letter in ALPHABET.iter().filter(|letter| **letter != id.as_str().as_bytes()[at]) {
                    let mut misprint = id.as_str().to_owned();
                    misprint.replace_range(at..=at, char::from(*letter).to_string().as_str());
                    assert!(!is_ours(&misprint), "{id} {misprint}");
                }
            }
        }
    }

    #[test]
    fn a_misprint_of_a_built_in_form_is_known_for_one_and_nothing_else_is() {
        for prefix in ["KR", "NQAK"] {
            let id = drawn(prefix, 20);
            assert!(!id.is_misprint());
            let (body, sum) = id.as_str().split_at(18);
            let wrong = if sum == "00" { "01" } else { "00" };
            assert!(AccessKeyId::parse(&format!("{body}{wrong}")).unwrap().is_misprint());
            assert!(!AccessKeyId::parse(&format!("{body}{wrong}0")).unwrap().is_misprint(), "another length");
        }
        for foreign in ["AKIAIOSFODNN7EXAMPLE", "minio-backup-1", "KR-with-small-letter"] {
            assert!(!AccessKeyId::parse(foreign).unwrap().is_misprint(), "{foreign}");
        }
    }

    #[test]
    fn every_swap_of_two_neighbours_shows() {
        let mut entropy = Entropy::from_seed([8; 32]);
        for _ in 0..1000 {
            let id = AccessKeyId::draw(&mut entropy, "NQAK", 20);
            for at in 1..id.as_str().len() {
                let mut letters = id.as_str().as_bytes().to_vec();
                letters.swap(at - 1, at);
                let swapped = String::from_utf8(letters).unwrap();
                assert!(swapped == id.as_str() || !is_ours(&swapped), "{id} {swapped}");
            }
        }
    }

    #[test]
    fn exactly_one_ending_in_1296_is_right() {
        let id = drawn("NQAK", 20);
        let (body, _) = id.as_str().split_at(18);
        let endings = ALPHABET.iter().flat_map(|one| ALPHABET.iter().map(|two| [*one, *two].map(char::from)));
        let right = endings.filter(|ending| is_ours(&format!("{body}{}", ending.iter().collect::<String>()))).count();
        assert_eq!(right, 1);
    }

    #[test]
    fn foreign_ids_are_what_every_s3_tool_can_carry() {
        for good in ["0b5ea2c8d31f4c2f9d7d5f0a1b2c3d4e", "minio-backup-1", "ada@example.org", "AKIAIOSFODNN7EXAMPLE"] {
            let id = AccessKeyId::parse(good).unwrap();
            assert!(!id.has_checksum(), "{id}");
        }
        for wrong in [
            "",
            "tooshort123",
            "has/a/slash/in",
            "has a space in",
            "has,a,comma,in",
            "has=an=equals",
            "has+a+plus+in",
            "has%20percent",
            "control\u{7f}character",
            "ümlaut-in-here",
            "-begins-wrong",
            "............",
            &"x".repeat(129),
        ] {
            assert!(AccessKeyId::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
