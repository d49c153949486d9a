//! The key that signs one day, region and service for one access key.
//!
//! Whoever holds it can sign anything in its scope until the day's signatures are too old, so it is treated as a
//! secret: no `Debug`, no `Clone`, no comparison, and its bytes are overwritten when it goes.

use std::fmt;

use hmac::digest::FixedOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::scope::TERMINATOR;
use super::{Refusal, Scope, Signature, StringToSign};

type HmacSha256 = Hmac<Sha256>;

#[derive(Clone)]
pub struct SigningKey(Zeroizing<[u8; 32]>);

impl SigningKey {
    pub fn derive(secret: &[u8], scope: &Scope<'_>) -> Self {
        let mut key = Zeroizing::new(Vec::with_capacity(PREFIX.len() + secret.len()));
        key.extend_from_slice(PREFIX);
        key.extend_from_slice(secret);

        let of_day = mac_of(&key, scope.date());
        let of_region = mac_of(&*of_day, scope.region());
        let of_service = mac_of(&*of_region, scope.service());
        Self(mac_of(&*of_service, TERMINATOR))
    }

    /// A key that was derived elsewhere.
    pub fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The key itself, to be handed to a gateway that verifies on its own.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn sign(&self, string_to_sign: &StringToSign<'_>) -> Signature {
        let mut mac = keyed(&*self.0);
        // Feeding a MAC cannot fail.
        let _ = string_to_sign.write_to(&mut Feed(&mut mac));
        Signature::from_bytes(mac.finalize().into_bytes().into())
    }

    /// Takes as long for a signature that is nearly right as for one that is all wrong.
    pub fn verify(&self, string_to_sign: &StringToSign<'_>, presented: &Signature) -> Result<(), Refusal> {
        if self.sign(string_to_sign).ct_eq(presented).into() { Ok(()) } else { Err(Refusal::SignatureDoesNotMatch) }
    }
}

const PREFIX: &[u8] = b"AWS4";

fn mac_of(key: &[u8], text: impl fmt::Display) -> Zeroizing<[u8; 32]> {
    let mut mac = keyed(key);
    let _ = fmt::write(&mut Feed(&mut mac), format_args!("{text}"));
    let mut output = Zeroizing::new([0; 32]);
    mac.finalize_into((&mut *output).into());
    output
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length; the error exists for other MACs")]
fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("HMAC takes keys of every length")
}

/// Lets text be printed straight into a MAC.
struct Feed<'m>(&'m mut HmacSha256);

impl fmt::Write for Feed<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
