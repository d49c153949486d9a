//! Names of things: a readable prefix and a sortable, random part (`ten_01jd...`), never used twice.
//!
//! The part behind the prefix is a version 7 UUID in Crockford's base 32, lower case, so ids made later sort later. All have
//! the same length, and lie where they are held instead of on the heap: a server remembers millions.

use std::fmt;

use uuid::Uuid;

use crate::{Entropy, Invalid, Timestamp};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;
const PREFIXED: usize = "key_".len() + LENGTH;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; PREFIXED]);

        impl $name {
            pub const PREFIX: &str = $prefix;

            pub fn draw(entropy: &mut Entropy, now: Timestamp) -> Self {
                let mut text = [b'_'; PREFIXED];
                let letters = $prefix.bytes().chain([b'_']).chain(sortable(entropy, now));
                text.iter_mut().zip(letters).for_each(|(place, letter)| *place = letter);
                Self(text)
            }

            pub fn parse(text: &str) -> Result<Self, Invalid> {
                match (text.strip_prefix(concat!($prefix, "_")), text.as_bytes().try_into()) {
                    (Some(rest), Ok(bytes)) if is_sortable(rest) => Ok(Self(bytes)),
                    _ => Err(Invalid::because(concat!("An id of this kind looks like ", $prefix, "_ and 26 letters and digits."))),
                }
            }

            pub fn as_str(&self) -> &str {
                // Letters and digits are all that gets in.
                str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }
    )*};
}

ids! {
    PartnerId = "ptr";
    TenantId = "ten";
    UserId = "usr";
    /// Of a storage instance.
    InstanceId = "ins";
    /// Of a key through all its pairs; never an access key id.
    KeyId = "key";
    /// Of a claim link: the link itself is a secret and never an id.
    ClaimId = "clm";
    GatewayId = "gtw";
    /// Of an API token; the token itself is a secret and never an id.
    TokenId = "tok";
    InvitationId = "inv";
    SessionId = "ses";
    EventId = "evt";
    RequestId = "req";
}

fn sortable(entropy: &mut Entropy, now: Timestamp) -> [u8; LENGTH] {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    let mut number = uuid::Builder::from_unix_timestamp_millis(millis, &entropy.bytes()).into_uuid().as_u128();
    let mut letters = [b'0'; LENGTH];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET.get(number as usize & 31).copied().unwrap_or(b'0');
        number >>= 5;
    }
    letters
}

fn is_sortable(text: &str) -> bool {
    text.len() == LENGTH
        && text.starts_with(|c| ('0'..='7').contains(&c))
        && text.bytes().all(|b| ALPHABET.contains(&b))
}

/// A database's or a node's own name: no prefix, no meaning, never shown to callers.
pub fn nameless(entropy: &mut Entropy) -> String {
    Uuid::from_bytes(entropy.bytes()).simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn an_id_made_later_sorts_later() {
        let mut entropy = Entropy::from_seed([3; 32]);
        let early = TenantId::draw(&mut entropy, at(1_763_000_000));
        let late = TenantId::draw(&mut entropy, at(1_763_000_001));
        assert!(early < late, "{early} {late}");
    }

    #[test]
    fn parsing_takes_back_what_was_drawn_and_nothing_else() {
        let id = UserId::draw(&mut Entropy::from_seed([3; 32]), at(1_763_000_000));
        assert_eq!(UserId::parse(id.as_str()), Ok(id.clone()));
        for wrong in [
            "",
            "usr_",
            "ten_01jd0000000000000000000000",
            "usr_01JD0000000000000000000000",
            "usr_81jd0000000000000000000000",
        ] {
            assert!(UserId::parse(wrong).is_err(), "{wrong}");
        }
        assert!(UserId::parse(&format!("{id}0")).is_err());
        assert!(UserId::parse(id.as_str().trim_end_matches(|_: char| true)).is_err());
    }
}
