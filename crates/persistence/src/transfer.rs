//! Everything in a database as lines of text, out of one kind of database and into another.
//!
//! The first line is a [`Header`]; then comes a line for each row, table by table in the header's order, as an array of its
//! values; the last line is a [`Trailer`]. What is sealed stays sealed. All before the last line is authenticated by the
//! master key that seals, so that a file which was cut, edited or made by somebody else is not taken for ours.
//!
//! What belongs to the processes at work on a database, or to its kind, stays behind: leases, the freeze, and how the feed is
//! numbered. The feed of the new database begins a new epoch, and whoever followed the old one begins anew.

mod export;
mod import;
mod tables;

use std::io;

use hmac::{Hmac, KeyInit};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::KeyRing;
use crate::error::{Error, Result};

pub use export::export;
pub use import::{Imported, import};

/// What an export says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The format of what follows.
    pub keyreeve_export: u32,
    /// The Keyreeve that wrote it.
    pub version: String,
    /// The newest migration: what reads it has the same tables.
    pub schema: String,
    /// `sqlite` or `postgres`.
    pub from: String,
    /// In RFC 3339.
    pub at: String,
    /// Whether nothing could be changed any more when it was written.
    pub frozen: bool,
    pub feed_head: i64,
    pub epoch: i64,
    /// The master key that authenticates it.
    pub master_key: String,
    pub tables: Vec<TableHeader>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableHeader {
    pub name: String,
    pub columns: Vec<String>,
    pub rows: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    rows: u64,
    /// In hexadecimal digits.
    mac: String,
}

impl Header {
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error(transparent)]
    Database(Error),
    #[error(transparent)]
    File(#[from] io::Error),
    /// In a sentence for people.
    #[error("{0}")]
    Refused(String),
}

impl From<Error> for TransferError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

const FORMAT: u32 = 1;

/// Authenticates a file by a master key, in a way in which that is used for nothing else.
fn authenticator(ring: &KeyRing, master_key: &str) -> Result<Hmac<Sha256>> {
    let key = ring.by_id(master_key).ok_or_else(|| Error::MasterKeyMissing(master_key.to_owned()))?;
    let purpose = Sha256::new().chain_update(b"keyreeve export v1").chain_update(key.bytes()).finalize();
    let key = Zeroizing::new(<[u8; 32]>::from(purpose));
    Hmac::new_from_slice(key.as_slice()).map_err(|_| Error::Unsealable("a key has the wrong length"))
}
