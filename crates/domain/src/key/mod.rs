//! Keys: what they are called and may do, which pairs they have had, and how they end.

pub mod access_key_id;
pub mod grants;
pub mod lifecycle;
pub mod pair;
pub mod refused;
#[cfg(test)]
pub(crate) mod sample;
pub mod secret_access_key;
pub mod terms;

pub use access_key_id::AccessKeyId;
pub use grants::Grants;
pub use lifecycle::{Key, KeyState, KeyStatus, NewKey, Tombstone};
pub use pair::{FreshPair, Grace, Pair, PairState, Pairs};
pub use refused::{Feature, Refused};
pub use secret_access_key::SecretAccessKey;
pub use terms::Terms;
