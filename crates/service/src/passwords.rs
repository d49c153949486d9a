//! Hashes of passwords: argon2id, slow on purpose.

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use domain::{Entropy, Secret};

use crate::error::{Error, Result};

/// What hashing one costs whoever does it.
#[derive(Debug, Clone, Copy)]
pub struct Passwords {
    kibibytes: u32,
    passes: u32,
}

impl Default for Passwords {
    /// About 20 ms of one core.
    fn default() -> Self {
        Self { kibibytes: 19 * 1024, passes: 2 }
    }
}

impl Passwords {
    /// For tests, whose people log in by the thousand. No setting leads here.
    pub const CHEAPEST: Self = Self { kibibytes: 8, passes: 1 };

    pub(crate) fn hash(self, password: &Secret, entropy: &mut Entropy) -> Result<String> {
        let salt = entropy.bytes::<16>();
        let hashed: PasswordHash =
            self.argon2()?.hash_password_with_salt(password.expose().as_bytes(), &salt).map_err(|_| Error::Hashing)?;
        Ok(hashed.to_string())
    }

    /// Costs the same whether there is a hash to compare with or not, so that nobody learns who has an account.
    pub(crate) fn verify(self, password: &Secret, stored: Option<&str>) -> Result<bool> {
        let hash = stored.map_or_else(|| self.nobodys(), str::to_owned);
        let hash = PasswordHash::new(&hash).map_err(|_| Error::Hashing)?;
        let fits = self.argon2()?.verify_password(password.expose().as_bytes(), &hash).is_ok();
        Ok(fits && stored.is_some())
    }

    /// The hash of a password that nobody knows.
    fn nobodys(self) -> String {
        let Self { kibibytes, passes } = self;
        format!(
            "$argon2id$v=19$m={kibibytes},t={passes},p=1$c29tZXNhbHRzb21lc2FsdA$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
        )
    }

    fn argon2(self) -> Result<Argon2<'static>> {
        let parameters = Params::new(self.kibibytes, self.passes, 1, Some(32)).map_err(|_| Error::Hashing)?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_password_fits_its_own_hash_only() {
        for passwords in [Passwords::default(), Passwords::CHEAPEST] {
            let stored = passwords.hash(&secret("correct horse"), &mut Entropy::from_seed([1; 32])).unwrap();
            assert!(passwords.verify(&secret("correct horse"), Some(&stored)).unwrap());
            assert!(!passwords.verify(&secret("correct horse "), Some(&stored)).unwrap());
            assert!(!passwords.verify(&secret("anything"), None).unwrap());
        }
    }

    #[test]
    fn nobodys_hash_costs_what_everybodys_does() {
        let passwords = Passwords::default();
        let stored = passwords.hash(&secret("correct horse"), &mut Entropy::from_seed([1; 32])).unwrap();
        let parameters = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(&stored), "$argon2id$v=19$m=19456,t=2,p=1");
        assert_eq!(parameters(&passwords.nobodys()), parameters(&stored));
        assert!(PasswordHash::new(&passwords.nobodys()).is_ok());
    }
}
