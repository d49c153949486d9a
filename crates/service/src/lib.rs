//! Keyreeve's use cases: a verb per file, and the only place where a transaction begins.
//!
//! A use case takes the service, the request's context, a permit, and a command that is valid by its types. It knows
//! nothing of HTTP and nothing of SQL.

#![forbid(unsafe_code)]

pub mod api_tokens;
pub mod audit;
pub mod authenticate;
pub mod bootstrap;
pub mod buckets;
pub mod checkpoints;
pub mod claims;
mod clock;
pub mod clock_mark;
pub mod context;
mod cursor;
mod denials;
mod error;
pub mod freeze;
pub mod gateway_plane;
pub mod gateways;
mod guardrails;
pub mod housekeeping;
mod initialise;
pub mod instances;
mod jobs;
pub mod key_models;
pub mod keys;
mod last_used;
pub mod master_keys;
mod once;
pub mod partners;
mod passwords;
pub mod posture;
pub mod quarantine;
mod receipt;
pub mod regions;
mod retention;
mod service;
pub mod sessions;
pub mod tenant_regions;
pub mod tenants;
mod token_hash;
pub mod users;
mod vitals;

pub use clock::{Clock, machine_time};
pub use context::{Context, EntropySource};
/// For `just bench-micro`: nobody else needs more of cursors than lists with them.
#[doc(hidden)]
pub use cursor::Cursors;
pub use cursor::{Listing, Paged};
pub use error::{Error, Result, Violation};
pub use jobs::{JobVitals, Jobs};
pub use once::Once;
pub use passwords::Passwords;
pub use persistence::{
    Database, Error as DatabaseError, KeyRing, Options as DatabaseOptions, PoolVitals, Schema, Url as DatabaseUrl,
};
pub use receipt::{Receipt, Receipted, Stopped};
pub use retention::Retention;
pub use service::{NodeSetup, Service, Setup, StartError};
pub use vitals::{Holders, Leases, Vitals};
