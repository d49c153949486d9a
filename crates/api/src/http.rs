//! Between HTTP and everything else.

pub(crate) mod anonymous;
pub(crate) mod asking;
pub(crate) mod authorized;
pub(crate) mod blocking;
pub(crate) mod body;
pub(crate) mod conditional;
pub(crate) mod credential;
pub(crate) mod drain;
pub(crate) mod idempotency;
pub(crate) mod json;
pub(crate) mod ndjson;
pub(crate) mod outermost;
pub(crate) mod query;
pub(crate) mod rate_limit;
pub(crate) mod receipts;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod trace;
pub(crate) mod unmatched;

pub(crate) use anonymous::Anonymous;
pub(crate) use authorized::Authorized;
pub use drain::Drain;
pub(crate) use json::{Json, Validation};
pub(crate) use query::Query;
pub(crate) use reply::Reply;
