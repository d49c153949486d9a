//! Text that must not leak: no `Debug`, no `Display`, no `Clone`, wiped when dropped.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The plain text. Every call is a place to review: search for `expose()`.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn same_as(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}
