//! Hashes of passwords: argon2id, slow on purpose.

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use domain::{Entropy, Secret};

use crate::error::{Error, Result};

/// 19 MiB, two passes: about 20 ms of one core.
fn argon2() -> Result<Argon2<'static>> {
    let parameters = Params::new(19 * 1024, 2, 1, Some(32)).map_err(|_| Error::Hashing)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

pub(crate) fn hash(password: &Secret, entropy: &mut Entropy) -> Result<String> {
    let salt = entropy.bytes::<16>();
    let hashed: PasswordHash =
        argon2()?.hash_password_with_salt(password.expose().as_bytes(), &salt).map_err(|_| Error::Hashing)?;
    Ok(hashed.to_string())
}

/// Costs the same whether there is a hash to compare with or not, so that nobody learns who has an account.
pub(crate) fn verify(password: &Secret, stored: Option<&str>) -> Result<bool> {
    let hash = PasswordHash::new(stored.unwrap_or(NOBODYS)).map_err(|_| Error::Hashing)?;
    let fits = argon2()?.verify_password(password.expose().as_bytes(), &hash).is_ok();
    Ok(fits && stored.is_some())
}

/// Of a password that nobody knows, with the same parameters as every other.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let stored = hash(&secret("correct horse"), &mut Entropy::from_seed([1; 32])).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify(&secret("correct horse"), Some(&stored)).unwrap());
        assert!(!verify(&secret("correct horse "), Some(&stored)).unwrap());
        assert!(!verify(&secret("anything"), None).unwrap());
    }

    #[test]
    fn nobodys_hash_costs_what_everybodys_does() {
        let stored = hash(&secret("correct horse"), &mut Entropy::from_seed([1; 32])).unwrap();
        let parameters = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(NOBODYS), parameters(&stored));
        assert!(PasswordHash::new(NOBODYS).is_ok());
    }
}
