//! What S3's own answers call an account: twelve digits and a canonical id. Made from the namespace, so that every
//! gateway says the same and nothing has to be stored.

use sha2::{Digest, Sha256};

use crate::hex;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    pub canonical_id: String,
}

impl Account {
    pub fn of(namespace: &str) -> Self {
        let digest: [u8; 32] =
            Sha256::new().chain_update(b"keyreeve account v1").chain_update(namespace).finalize().into();
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Self { id: format!("{:012}", number % 1_000_000_000_000), canonical_id: hex::encode(&digest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_one_account_for_ever() {
        let account = Account::of("ten_01jd0000000000000000000000");
        assert_eq!(account, Account::of("ten_01jd0000000000000000000000"));
        assert_ne!(account, Account::of("ten_01jd0000000000000000000001"));
        assert!(account.id.len() == 12 && account.id.bytes().all(|digit| digit.is_ascii_digit()), "{}", account.id);
        assert_eq!(account.canonical_id.len(), 64);
    }
}
