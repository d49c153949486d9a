//! The client that an S3 gateway embeds to ask Keyreeve who a request is from, and whether it may.
//!
//! **One principle.** A [`Verdict`] is about the client of the gateway. Everything else is [`Trouble`] between the gateway
//! and Keyreeve: answer S3 `503` then, never `403`.
//!
//! The whole way, compiled as `examples/admit.rs`:
//!
#![doc = concat!("```no_run\n", include_str!("../examples/admit.rs"), "```")]
//!
//! # What it does by itself
//!
//! [`Gateway::verify`] decides by the code that Keyreeve itself decides by, with the day's signing key of the access key.
//! It asks for a signing key once, however many requests wait for it, and remembers it under these rules:
//!
//! - For as long as Keyreeve says (`ttl_s`), refreshed at about 80 % of that beside the requests; if nothing has changed,
//!   the key is not sent again. That a key is dead is remembered for half a second.
//! - A task follows the feed of changes. What changes is forgotten before its receipt is confirmed, and an answer that is
//!   older than a change that was seen is thrown away: a request that begins after a receipt is never let in by what was
//!   before it.
//! - While the feed is silent for longer than its lease, only `stale_ttl_s` counts; after that Keyreeve is asked each time,
//!   and if it cannot be, there is no verdict. Leases are measured by a clock that goes on while the machine sleeps.
//! - If the feed cannot go on where it was (`410`), everything is forgotten.
//! - Keys are in memory only and wiped when they go (the buffers of the HTTP library below are its own); signatures are
//!   compared in constant time, and keys that nobody has take as long as others.
//!
//! [`Gateway::ask`] and [`Gateway::ask_many`] remember nothing and leave each decision to Keyreeve.
//!
//! What the gateway itself has to do: keep its clock right, hold the body against
//! [`payload_hash`](sigv4::SignedRequest::payload_hash), and hold against [`Allowed::check`] what it learns of the request
//! later, such as the source of a copy.

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
mod trace;
mod trouble;
mod usage;
mod verdict;

pub use domain::Secret;
pub use domain::key::Grants;
pub use verify::{RequestContext, sigv4};

pub use clock::Clock;
pub use gateway::{Gateway, Signed};
pub use metrics::Metrics;
pub use options::Options;
pub use trace::within_trace;
pub use trouble::{Misconfigured, Trouble};
pub use verdict::{Allowed, Denied, Principal, Verdict};
