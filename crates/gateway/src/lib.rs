//! The client that an S3 gateway embeds to ask Keyreeve.

#![forbid(unsafe_code)]

mod clock;
mod connection;
mod feed;
mod gateway;
mod known_key;
mod lease;
mod memory;
pub mod metrics;
mod options;
mod seen;
mod trouble;
mod usage;
mod verdict;

pub use domain::Secret;
pub use domain::key::Grants;
pub use verify::{RequestContext, sigv4};
pub use wire::Principal;

pub use clock::Clock;
pub use gateway::{Gateway, Signed};
pub use metrics::Metrics;
pub use options::Options;
pub use trouble::{Misconfigured, Trouble};
pub use verdict::{Allowed, Denied, Verdict};
