//! The client that an S3 gateway embeds to ask Keyreeve who a request is from, and whether it may.
//!
//! **One principle.** A [`Verdict`] is about the client of the gateway. Everything else is [`Trouble`] between the gateway
//! and Keyreeve: answer S3 `503` then, never `403`.
//!
//! ```no_run
//! use std::net::IpAddr;
//!
//! use keyreeve_gateway::sigv4::{Header, Request, SignedRequest};
//! use keyreeve_gateway::{Denied, Gateway, Options, RequestContext, Trouble, Verdict};
//!
//! /// What a gateway has of a request before it reads the body.
//! struct Incoming {
//!     method: String,
//!     /// Path and query, as they came.
//!     target: String,
//!     headers: Vec<(String, Vec<u8>)>,
//!     from: IpAddr,
//! }
//!
//! enum Answer {
//!     GoOn { account: String },
//!     /// An S3 error document.
//!     Refuse { code: String, status: u16 },
//! }
//!
//! async fn admit(gateway: &Gateway, incoming: &Incoming) -> Answer {
//!     match verdict(gateway, incoming).await {
//!         Ok(Verdict::Allow(allowed)) => Answer::GoOn { account: allowed.principal.namespace.clone() },
//!         // Its reason is for the gateway's log.
//!         Ok(Verdict::Deny(denied)) => Answer::Refuse { code: denied.code, status: denied.status },
//!         Err(trouble) => Answer::Refuse { code: trouble.s3_code().to_owned(), status: Trouble::S3_STATUS },
//!     }
//! }
//!
//! async fn verdict(gateway: &Gateway, incoming: &Incoming) -> Result<Verdict, Trouble> {
//!     let headers: Vec<_> =
//!         incoming.headers.iter().map(|(name, value)| Header { name, value }).collect();
//!     let request =
//!         Request { method: &incoming.method, target: incoming.target.as_bytes(), headers: &headers };
//!     let signed = match SignedRequest::parse(&request) {
//!         Ok(signed) => signed,
//!         Err(refusal) => return Ok(Verdict::Deny(Denied::from(refusal))),
//!     };
//!     // The body has to be held against `signed.payload_hash` as it is read.
//!     let context = RequestContext {
//!         operation: Some("GetObject"),
//!         bucket: Some("media"),
//!         object_key: Some("photos/1.jpg"),
//!         address: Some(incoming.from),
//!         is_whole: true,
//!         ..RequestContext::default()
//!     };
//!     gateway.verify(&signed, &context).await
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let token = std::fs::read_to_string("/etc/my-gateway/keyreeve-token")?;
//!     let options = Options::new("https://keys.example.org", token.trim(), ["waw3-1"]).name("edge-7");
//!     let gateway = Gateway::start(options)?;
//!     // ... serve, with `admit` in front of each request ...
//!     gateway.report_usage().await?;
//!     Ok(())
//! }
//! ```
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
