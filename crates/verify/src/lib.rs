//! Who signed an S3 request, decided from the request alone.
//!
//! Everything here is a pure function of its arguments: the time of day, the secret and the regions that are ours all
//! arrive from outside. The control plane and the gateway's client both link this crate, so that the two can never
//! disagree about a signature.
//!
//! Deliberately absent: clocks, randomness, storage, HTTP and logging.

#![forbid(unsafe_code)]

mod decision;
mod described;
mod request_context;
pub mod sigv4;
mod wanted;

pub use decision::{Candidate, Denial, decide};
pub use described::{Described, Named, Needs};
pub use request_context::RequestContext;
pub use wanted::{Target, Wanted};
