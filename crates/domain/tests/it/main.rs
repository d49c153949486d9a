//! The rules of the domain, held against models that are too simple to be wrong.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod access_key_id;
mod floor;
mod guardrails;
mod key;
mod naive_key;
mod overlap;
