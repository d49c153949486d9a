//! The row of `clock`: a time that was reached, so that after a restart no clock brings back what has expired by then.

use diesel::prelude::*;
use domain::Timestamp;

use crate::System;
use crate::error::Result;
use crate::rows::{Row, micros};
use crate::schema::clock;
use crate::transaction::{Reading, Writing, optional};

const ROW: Row = Row("clock");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub reached_at: Timestamp,
    /// How often an operator has set it back. Who has not heard of the last time writes nothing.
    pub resets: i64,
}

pub fn find(_: System, db: &mut Reading<'_>) -> Result<Option<Mark>> {
    let row: Option<(i64, i64)> =
        optional(clock::table.find(1).select((clock::reached_at, clock::resets)).first(db.connection))?;
    row.map(|(reached_at, resets)| Ok(Mark { reached_at: ROW.timestamp(reached_at)?, resets })).transpose()
}

/// For a database that has none. Of several who begin, one does, and the others find it taken.
pub fn begin(_: System, db: &mut Writing<'_>, at: Timestamp) -> Result<()> {
    let row = (clock::id.eq(1), clock::reached_at.eq(micros(at)), clock::resets.eq(0));
    diesel::insert_into(clock::table).values(row).execute(db.connection())?;
    Ok(())
}

/// Never back. While somebody else is at it, this is left to them: a lease must not wait for another's.
pub fn raise(_: System, db: &mut Writing<'_>, mark: Mark) -> Result<()> {
    db.connection().raise_clock(micros(mark.reached_at), mark.resets)
}

/// The operator's word, forward or back.
pub fn reset(_: System, db: &mut Writing<'_>, to: Timestamp) -> Result<()> {
    let change = (clock::reached_at.eq(micros(to)), clock::resets.eq(clock::resets + 1));
    diesel::update(clock::table.find(1)).set(change).execute(db.connection())?;
    Ok(())
}
