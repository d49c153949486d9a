//! The row of `freezes`: while it is there no transaction that belongs into the audit is let through.
//!
//! Each of those has its share of `audit_chains` before it looks for the freeze. Whoever freezes takes that whole table, which
//! waits for all who are at it: once the freeze is there, nothing more changes.

use diesel::prelude::*;
use domain::Timestamp;

use crate::System;
use crate::dialect::AnyConnection;
use crate::error::Result;
use crate::rows::{Row, micros};
use crate::schema::freezes;
use crate::transaction::{Reading, Writing, optional};

const ROW: Row = Row("freezes");

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    pub since: Timestamp,
    /// Whether everything here came from another database, where others may still be at work.
    pub by_import: bool,
}

pub fn find(_: System, db: &mut Reading<'_>) -> Result<Option<Freeze>> {
    let row: Option<(i64, bool)> =
        optional(freezes::table.find(1).select((freezes::since, freezes::by_import)).first(db.connection))?;
    row.map(|(since, by_import)| Ok(Freeze { since: ROW.timestamp(since)?, by_import })).transpose()
}

/// After this transaction none changes anything, until a thaw.
pub fn begin(_: System, db: &mut Writing<'_>) -> Result<()> {
    let now = db.now();
    put(db.connection(), now, false)
}

pub(crate) fn put(connection: &mut AnyConnection, since: Timestamp, by_import: bool) -> Result<()> {
    let row = (freezes::id.eq(1), freezes::since.eq(micros(since)), freezes::by_import.eq(by_import));
    diesel::insert_into(freezes::table).values(row).execute(connection)?;
    Ok(())
}

pub fn end(_: System, db: &mut Writing<'_>) -> Result<()> {
    diesel::delete(freezes::table).execute(db.connection())?;
    Ok(())
}
