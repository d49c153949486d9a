//! What Keyreeve's things are and what they may become.
//!
//! Pure rules: no I/O, no SQL, no HTTP, no serialisation. The clock and randomness are arguments, so every
//! rule can be tested by holding both still.

#![forbid(unsafe_code)]

pub mod account;
pub mod actor;
pub mod api_token;
pub mod audit;
pub mod bucket;
pub mod change;
pub mod checkpoint;
pub mod claim;
pub mod entropy;
pub mod epoch;
pub mod explanation;
pub mod floor;
pub mod gateway;
pub mod guardrails;
pub mod held_back;
pub mod hex;
pub mod id;
pub mod instance;
pub mod invalid;
pub mod key;
pub mod key_model;
pub mod liveness;
pub mod networks;
pub mod partner;
pub mod password;
pub mod posture;
pub mod region;
pub mod role;
pub mod scope;
pub mod secret;
pub mod session;
pub mod tenant;
pub mod tenant_region;
pub mod text;
pub mod time;
pub mod token;
pub mod user;

pub use entropy::Entropy;
pub use invalid::Invalid;
pub use role::Role;
pub use secret::Secret;
pub use time::Timestamp;
