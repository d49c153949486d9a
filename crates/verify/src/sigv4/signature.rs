//! A signature, presented or computed.
//!
//! Neither `PartialEq` nor `Debug` nor `Display` exist for it: an early exit in a comparison tells a forger how far he
//! got, and the signature we would have accepted must never reach a log.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

use super::{Malformed, hex};

pub struct Signature([u8; 32]);

impl Signature {
    /// Reads exactly 64 lowercase hex digits.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        hex::decode(text.as_bytes()).map(Self).ok_or(Malformed::Signature)
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 64 hex digits, for whoever signs.
    pub fn to_hex(&self) -> String {
        let mut text = String::with_capacity(64);
        // Writing to a String cannot fail.
        let _ = self.write_hex(&mut text);
        text
    }

    pub(super) fn write_hex(&self, out: &mut impl fmt::Write) -> fmt::Result {
        hex::write(&self.0, out)
    }
}

impl ConstantTimeEq for Signature {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}
