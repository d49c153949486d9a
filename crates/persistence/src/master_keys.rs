//! Rows of `master_keys`: by which master keys something may be sealed, and which of them seals. The keys themselves are
//! in the [`KeyRing`] of each process.
//!
//! Whoever seals holds the row of the sealing key until its transaction ends, and so does a node that begins to answer.
//! Whoever makes another key seal takes that row for itself. So nothing is sealed by a key after it was replaced, and no
//! node that lacks the new one begins to answer unseen.

use diesel::prelude::*;
use domain::{Entropy, Timestamp};

use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::master_keys;
use crate::sealed::{Place, Sealed};
use crate::transaction::{Reading, Writing};
use crate::{KeyRing, System};

const ROW: Row = Row("master_keys");

/// What is known of a master key by those who share the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyRecord {
    pub id: String,
    pub seals: bool,
    pub created_at: Timestamp,
    /// Since when nothing has been sealed by any other.
    pub alone_since: Option<Timestamp>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = master_keys, treat_none_as_default_value = false)]
struct MasterKeyRow {
    id: String,
    seals: bool,
    canary: Option<Vec<u8>>,
    created_at: i64,
    alone_since: Option<i64>,
}

/// Seals by the master key that seals today.
pub fn seal(db: &mut Writing<'_>, ring: &KeyRing, place: Place<'_>, plain: &[u8]) -> Result<Sealed> {
    let by = hold(db)?;
    ring.seal(&by, place, plain, db.entropy())
}

/// The master key that seals, and goes on to until this transaction has ended.
pub(crate) fn hold(db: &mut Writing<'_>) -> Result<String> {
    // While another takes its place there may be none to be seen.
    db.connection().hold_sealing_key()?.ok_or(Error::Retry)
}

/// In the order in which they came.
pub fn list(_: System, db: &mut Reading<'_>) -> Result<Vec<MasterKeyRecord>> {
    rows(db)?.into_iter().map(MasterKeyRecord::try_from).collect()
}

/// Fails unless the ring can open whatever may be sealed here: each key is there, and opens its canary.
pub fn check(_: System, db: &mut Reading<'_>, ring: &KeyRing) -> Result<()> {
    for row in rows(db)? {
        if !ring.has(&row.id) {
            return Err(Error::MasterKeyMissing(row.id));
        }
        let place = Place::Canary { master_key: &row.id };
        if let Some(bytes) = row.canary {
            ring.open(place, &Sealed { by: row.id.clone(), bytes })?;
        }
    }
    Ok(())
}

/// The same for a node that is about to answer: no other key is made to seal before this transaction has ended.
pub fn check_and_hold(system: System, db: &mut Writing<'_>, ring: &KeyRing) -> Result<()> {
    hold(db)?;
    check(system, db, ring)
}

/// The first key of a new database.
pub(crate) fn insert_first(db: &mut Writing<'_>, ring: &KeyRing) -> Result<()> {
    insert(db, ring, ring.newest(), true)
}

/// Gives canaries to keys from before there were any.
pub fn add_canaries(_: System, db: &mut Writing<'_>, ring: &KeyRing) -> Result<usize> {
    let without = master_keys::table.filter(master_keys::canary.is_null()).select(master_keys::id);
    let ids: Vec<String> = without.load(db.connection())?;
    for id in ids.iter().filter(|id| ring.has(id)) {
        let sealed = canary(ring, id, db.entropy())?;
        let row = master_keys::table.find(id).filter(master_keys::canary.is_null());
        diesel::update(row).set(master_keys::canary.eq(sealed)).execute(db.connection())?;
    }
    Ok(ids.len())
}

/// The master key that seals, for who is about to change that. Until this transaction has ended nobody else changes it,
/// seals, or begins to answer.
pub fn take(_: System, db: &mut Writing<'_>) -> Result<String> {
    db.connection().take_sealing_key()?.ok_or(Error::Retry)
}

/// Has a new key seal in place of the one that was taken.
pub fn promote(_: System, db: &mut Writing<'_>, ring: &KeyRing, id: &str) -> Result<()> {
    let sealing = master_keys::table.filter(master_keys::seals);
    diesel::update(sealing).set(master_keys::seals.eq(false)).execute(db.connection())?;
    insert(db, ring, id, true)
}

/// Notes that nothing is sealed by any other key any more; false if that was known.
pub fn note_alone(_: System, db: &mut Writing<'_>, id: &str) -> Result<bool> {
    let since = micros(db.now());
    let row = master_keys::table.find(id).filter(master_keys::seals).filter(master_keys::alone_since.is_null());
    Ok(diesel::update(row).set(master_keys::alone_since.eq(since)).execute(db.connection())? > 0)
}

/// Forgets a key that does not seal; false if nobody knows it. [`Error::Referenced`] while anything is sealed by it.
pub fn remove(_: System, db: &mut Writing<'_>, id: &str) -> Result<bool> {
    let row = master_keys::table.find(id).filter(master_keys::seals.eq(false));
    Ok(diesel::delete(row).execute(db.connection())? > 0)
}

fn rows(db: &mut Reading<'_>) -> Result<Vec<MasterKeyRow>> {
    Ok(master_keys::table.order((master_keys::created_at, master_keys::id)).load(db.connection)?)
}

fn insert(db: &mut Writing<'_>, ring: &KeyRing, id: &str, seals: bool) -> Result<()> {
    let canary = Some(canary(ring, id, db.entropy())?);
    let row = MasterKeyRow { id: id.to_owned(), seals, canary, created_at: micros(db.now()), alone_since: None };
    diesel::insert_into(master_keys::table).values(&row).execute(db.connection())?;
    Ok(())
}

fn canary(ring: &KeyRing, id: &str, entropy: &mut Entropy) -> Result<Vec<u8>> {
    Ok(ring.seal(id, Place::Canary { master_key: id }, b"", entropy)?.bytes)
}

impl TryFrom<MasterKeyRow> for MasterKeyRecord {
    type Error = Error;

    fn try_from(row: MasterKeyRow) -> Result<Self> {
        Ok(Self {
            created_at: ROW.timestamp(row.created_at)?,
            alone_since: ROW.timestamp_if(row.alone_since)?,
            id: row.id,
            seals: row.seals,
        })
    }
}
