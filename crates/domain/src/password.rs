//! What counts as a password. Length is what helps; the few refused ones are those that everybody tries.

use crate::{Invalid, Secret};

const SHORTEST: usize = 10;
const LONGEST: usize = 256;

const EVERYBODYS: [&str; 12] = [
    "1234567890",
    "0123456789",
    "password123",
    "password1234",
    "passwordpassword",
    "qwertyuiop",
    "qwerty123456",
    "iloveyou123",
    "administrator",
    "changeme123",
    "letmein1234",
    "keyreevekeyreeve",
];

/// A password that may be set. For one that is only tried, any [`Secret`] will do.
pub struct NewPassword(Secret);

impl NewPassword {
    pub fn parse(text: &str, email: &str) -> Result<Self, Invalid> {
        let length = text.chars().count();
        if length < SHORTEST {
            return Err(Invalid::because(format!("A password needs at least {SHORTEST} characters.")));
        }
        if length > LONGEST {
            return Err(Invalid::because(format!("A password has at most {LONGEST} characters.")));
        }
        let lower = text.to_lowercase();
        let repeats_one = text.chars().all(|c| text.starts_with(c));
        if repeats_one || lower == email || EVERYBODYS.contains(&lower.as_str()) {
            return Err(Invalid::because("This password is too easy to guess. A few unrelated words make a good one."));
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_common_ones_are_refused() {
        let email = "ada.lovelace@example.org";
        assert!(NewPassword::parse("correct horse battery", email).is_ok());
        for wrong in ["", "short", "aaaaaaaaaaaa", "Password123", "Ada.Lovelace@example.org", &"ab".repeat(129)] {
            assert!(NewPassword::parse(wrong, email).is_err(), "{wrong}");
        }
    }
}
