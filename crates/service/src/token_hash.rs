//! What is stored of a token: a keyed hash, so that a stolen database holds nothing that opens anything.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct TokenHasher {
    pepper: [u8; 32],
}

impl TokenHasher {
    pub(crate) fn new(pepper: [u8; 32]) -> Self {
        Self { pepper }
    }

    /// Of a token, by which its row is found. Whoever guesses cannot steer the hash, so finding it by an index tells
    /// them nothing.
    pub(crate) fn of_token(&self, token: &str) -> [u8; 32] {
        self.mac("token", token)
    }

    /// Of an account as it was typed at log-in.
    pub(crate) fn of_account(&self, account: &str) -> [u8; 32] {
        self.mac("account", account)
    }

    /// Of the key that a caller chose for a request.
    pub(crate) fn of_idempotency_key(&self, key: &str) -> [u8; 32] {
        self.mac("idempotency key", key)
    }

    fn mac(&self, purpose: &str, text: &str) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.pepper) else {
            // HMAC takes keys of every length.
            return [0; 32];
        };
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}
