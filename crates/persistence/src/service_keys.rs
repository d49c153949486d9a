//! Rows of `service_keys`: the keys that make tokens, sessions and cursors ours. Each is random, has one purpose, and is
//! sealed by a master key, so the master key can be changed without anybody having to log in again.

use diesel::prelude::*;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Error, Result};
use crate::master_keys;
use crate::rows::{Row, micros};
use crate::schema::service_keys;
use crate::sealed::{Place, Sealed};
use crate::transaction::{Reading, Writing};
use crate::{KeyRing, System};

/// All of them, opened.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ServiceKeys {
    /// Hashes tokens before they are stored or looked up.
    pub token_pepper: [u8; 32],
    /// Signs sessions.
    pub session: [u8; 32],
    /// Authenticates the cursors of lists.
    pub cursor: [u8; 32],
    /// Signs checkpoints of the audit. None in a database from before there were any.
    pub audit_checkpoint: Option<[u8; 32]>,
}

const TOKEN_PEPPER: &str = "token-pepper";
const SESSION: &str = "session";
const CURSOR: &str = "cursor";
const AUDIT_CHECKPOINT: &str = "audit-checkpoint";

#[derive(Queryable, Insertable)]
#[diesel(table_name = service_keys, treat_none_as_default_value = false)]
struct ServiceKeyRow {
    name: String,
    sealed_by: String,
    sealed: Vec<u8>,
    created_at: i64,
}

/// None in a database that nobody has initialised. Wrong master keys are an error, never an invitation to make others.
pub fn load(_: System, db: &mut Reading<'_>, ring: &KeyRing) -> Result<Option<ServiceKeys>> {
    let rows: Vec<ServiceKeyRow> = service_keys::table.load(db.connection)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let open = |name: &'static str| -> Result<[u8; 32]> {
        let row = rows.iter().find(|row| row.name == name);
        let row = row.ok_or_else(|| Error::corrupt("service_keys", format!("there is no {name}")))?;
        let sealed = Sealed { by: row.sealed_by.clone(), bytes: row.sealed.clone() };
        Row("service_keys").hash(&ring.open(Place::ServiceKey { name }, &sealed)?)
    };
    let signs = rows.iter().any(|row| row.name == AUDIT_CHECKPOINT);
    Ok(Some(ServiceKeys {
        token_pepper: open(TOKEN_PEPPER)?,
        session: open(SESSION)?,
        cursor: open(CURSOR)?,
        audit_checkpoint: signs.then(|| open(AUDIT_CHECKPOINT)).transpose()?,
    }))
}

/// Draws them for a new database. Of several that try at once, one succeeds and the others find [`Error::Taken`].
pub fn insert(_: System, db: &mut Writing<'_>, ring: &KeyRing) -> Result<()> {
    master_keys::insert_first(db, ring)?;
    for name in [TOKEN_PEPPER, SESSION, CURSOR, AUDIT_CHECKPOINT] {
        draw(db, ring, name)?;
    }
    Ok(())
}

/// The key that signs checkpoints, for a database that has none yet.
pub fn insert_audit_checkpoint(_: System, db: &mut Writing<'_>, ring: &KeyRing) -> Result<Zeroizing<[u8; 32]>> {
    draw(db, ring, AUDIT_CHECKPOINT)
}

fn draw(db: &mut Writing<'_>, ring: &KeyRing, name: &'static str) -> Result<Zeroizing<[u8; 32]>> {
    let key = Zeroizing::new(db.entropy().bytes::<32>());
    let sealed = master_keys::seal(db, ring, Place::ServiceKey { name }, key.as_slice())?;
    let created_at = micros(db.now());
    let row = ServiceKeyRow { name: name.to_owned(), sealed_by: sealed.by, sealed: sealed.bytes, created_at };
    diesel::insert_into(service_keys::table).values(&row).execute(db.connection())?;
    Ok(key)
}
