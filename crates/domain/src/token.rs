//! API tokens as text: a prefix that says whose, 30 letters of chance (178 bits), and a checksum.
//!
//! The checksum lets a secret scanner be certain, and lets us refuse a typo without a query. It is no proof of
//! anything: only the stored keyed hash is.

use crate::{Entropy, Invalid, Secret};

pub(crate) const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;

/// What a token opens, readable from its first four characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    Operator,
    Partner,
    Tenant,
    Gateway,
    /// The rotating half of a session.
    Refresh,
    /// Opens an invited user's account, once.
    Invitation,
    /// Makes the first operator, once.
    Setup,
    /// Opens the secret of a key that somebody else made, once.
    Claim,
}

impl TokenKind {
    pub const ALL: [Self; 8] = [
        Self::Operator,
        Self::Partner,
        Self::Tenant,
        Self::Gateway,
        Self::Refresh,
        Self::Invitation,
        Self::Setup,
        Self::Claim,
    ];

    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Operator => "kro_",
            Self::Partner => "krp_",
            Self::Tenant => "krt_",
            Self::Gateway => "krg_",
            Self::Refresh => "krr_",
            Self::Invitation => "kri_",
            Self::Setup => "krs_",
            Self::Claim => "krc_",
        }
    }
}

pub fn draw(kind: TokenKind, entropy: &mut Entropy) -> Secret {
    let mut text = String::with_capacity(4 + RANDOM + CHECKSUM);
    text.push_str(kind.prefix());
    text.push_str(&entropy.letters(BASE62, RANDOM));
    let sum = checksum(&text);
    text.push_str(&sum);
    Secret::new(text)
}

/// The kind of a well-formed token. Says nothing about whether anybody ever made it.
pub fn kind_of(text: &str) -> Result<TokenKind, Invalid> {
    let malformed = || Invalid::because("This is not a whole Keyreeve token: its form or its checksum is wrong.");
    let kind = TokenKind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix())).ok_or_else(malformed)?;
    let whole = text.len() == 4 + RANDOM + CHECKSUM && text.bytes().skip(4).all(|b| b.is_ascii_alphanumeric());
    match text.split_at_checked(4 + RANDOM) {
        Some((body, sum)) if whole && checksum(body) == sum => Ok(kind),
        _ => Err(malformed()),
    }
}

/// CRC-32 in six base 62 digits: 62^6 is more than 2^32.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62.get(rest % 62).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.map(char::from).iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_recognised() {
        let mut entropy = Entropy::from_seed([5; 32]);
        for kind in TokenKind::ALL {
            let token = draw(kind, &mut entropy);
            assert_eq!(token.expose().len(), 40);
            assert_eq!(kind_of(token.expose()), Ok(kind));
        }
    }

    #[test]
    fn no_part_and_no_misprint_of_a_token_is_one() {
        let token = draw(TokenKind::Partner, &mut Entropy::from_seed([5; 32]));
        let text = token.expose();
        for end in 0..text.len() {
            assert!(kind_of(&text[..end]).is_err(), "a token cut after {end} characters");
        }
        for at in 0..text.len() {
            let mut misprint = text.to_owned().into_bytes();
            misprint[at] = if misprint[at] == b'x' { b'y' } else { b'x' };
            assert!(kind_of(&String::from_utf8(misprint).unwrap()).is_err(), "character {at} changed");
        }
        assert!(kind_of(&format!("{text}0")).is_err());
        assert!(kind_of("krp_ä").is_err());
    }
}
