//! Claim links: whoever has a pair made passes its secret on without keeping it. The link opens once.

mod create;
mod open;

pub use create::{ClaimMade, create};
pub use open::{Claimed, open};
