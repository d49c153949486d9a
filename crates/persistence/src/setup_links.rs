//! Rows of `setup_links`: how the first operator of an embedded database comes in.

use diesel::prelude::*;
use domain::Timestamp;

use crate::System;
use crate::error::Result;
use crate::rows::micros;
use crate::schema::setup_links;
use crate::transaction::{Writing, exactly_one};

/// The newest link is the only one.
pub fn replace(_: System, db: &mut Writing<'_>, hash: &[u8; 32], expires_at: Timestamp) -> Result<()> {
    diesel::delete(setup_links::table).execute(db.connection())?;
    let row = (setup_links::hash.eq(hash.as_slice()), setup_links::expires_at.eq(micros(expires_at)));
    diesel::insert_into(setup_links::table).values(row).execute(db.connection())?;
    Ok(())
}

/// Uses a link up. False if there is no such link, or its time has passed.
pub fn take(_: System, db: &mut Writing<'_>, hash: &[u8; 32]) -> Result<bool> {
    let now = micros(db.now());
    let live = setup_links::table.find(hash.as_slice()).filter(setup_links::expires_at.gt(now));
    let taken = diesel::delete(live).execute(db.connection())?;
    Ok(exactly_one(taken).is_ok())
}
