//! Secret access keys: the half of a pair that is shown once and sealed ever after.

use crate::token::BASE62;
use crate::{Entropy, Invalid, Secret};

pub struct SecretAccessKey(Secret);

impl SecretAccessKey {
    /// Letters and digits only, of the length that the key model asks for: nothing a shell, an INI file or a URL would
    /// read as anything but itself. 40 of them are 238 bits.
    pub fn draw(entropy: &mut Entropy, length: u8) -> Self {
        Self(Secret::new(entropy.letters(BASE62, usize::from(length))))
    }

    /// One that was made elsewhere, as it is imported.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if (8..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(Secret::new(text.to_owned())))
        } else {
            Err(Invalid::because("Must be 8 to 128 printable ASCII characters without spaces."))
        }
    }

    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_ones_are_letters_and_digits_of_the_length_asked_for() {
        let mut entropy = Entropy::from_seed([4; 32]);
        for length in [40, 64, 128] {
            let drawn = SecretAccessKey::draw(&mut entropy, length);
            let text = drawn.secret().expose();
            assert_eq!(text.len(), usize::from(length));
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric()));
            assert!(SecretAccessKey::parse(text).is_ok());
        }
    }

    #[test]
    fn foreign_ones_may_use_all_of_printable_ascii() {
        assert!(SecretAccessKey::parse("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").is_ok());
        assert!(SecretAccessKey::parse("!\"#$%&'()*~").is_ok());
        for wrong in ["", "seven77", "with a space", "with\ttab", "with\nline", "umläuts-no", &"x".repeat(129)] {
            assert!(SecretAccessKey::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
