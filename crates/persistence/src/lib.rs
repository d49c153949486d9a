//! Keyreeve's databases: the only crate that knows SQL.
//!
//! [`Database`] is opened once. [`Database::read`] and [`Database::write`] are the only doors to data; a write is one
//! named transaction that records what it did in the audit or does not commit. Functions on tenants' data take a
//! permit first, and the tenant comes from the permit. SQLite and PostgreSQL differ in `dialect.rs` and nowhere else.

#![forbid(unsafe_code)]

pub mod api_tokens;
pub mod audit;
pub mod authentication;
mod bell;
pub mod buckets;
pub mod census;
pub mod changes;
pub mod checkpoints;
pub mod claims;
pub mod clock;
mod database;
mod dialect;
mod error;
pub mod freeze;
pub mod gateways;
pub mod homes;
pub mod idempotent_requests;
pub mod instances;
pub mod invitations;
pub mod journal;
pub mod key_models;
pub mod key_pairs;
pub mod key_ring;
pub mod key_usage;
pub mod key_usage_days;
pub mod keys;
pub mod leases;
pub mod login_failures;
pub mod master_keys;
mod migrations;
pub mod pair_facts;
pub mod partners;
mod pool;
pub mod posture;
mod prepared;
pub mod purge;
pub mod quarantine;
pub mod regions;
pub mod rewrap;
mod rows;
mod schema;
mod sealed;
pub mod service_keys;
pub mod sessions;
pub mod setup_links;
mod shared_commit;
pub mod system;
pub mod tenant_keys;
pub mod tenant_regions;
pub mod tenants;
mod transaction;
pub mod transfer;
mod turns;
mod url;
pub mod users;
pub mod violations;

pub use bell::Bell;
pub use database::{Database, DatabaseVitals, Listener, Options};
pub use error::{Error, IsDatabaseError, Result};
pub use key_ring::KeyRing;
pub use migrations::Schema;
pub use pool::PoolVitals;
pub use sealed::{DataKey, Place, Sealed, SealedSecret};
pub use system::System;
pub use transaction::{Author, MOST_CHANGES, Reading, Writing};
pub use url::Url;

/// A page of a list: what follows `after` in the list's own order, at most `limit` of it.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub after: Option<String>,
    pub limit: i64,
}
