//! Keys: what they are called and may do, which pairs they have had, and how they end.

pub mod access_key_id;
pub mod grants;
pub mod pair;
pub mod secret_access_key;

pub use access_key_id::AccessKeyId;
pub use grants::Grants;
pub use pair::{FreshPair, Grace, Pair, PairState, Pairs};
pub use secret_access_key::SecretAccessKey;
