//! Rows of `login_failures`: wrong passwords in a row, per account as it was typed. They survive a restart.

use diesel::prelude::*;
use domain::Timestamp;

use crate::System;
use crate::error::Result;
use crate::rows::{Row, micros};
use crate::schema::login_failures;
use crate::transaction::{Reading, Writing, optional};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginFailures {
    pub count: i64,
    pub last: Timestamp,
}

pub fn find(db: &mut Reading<'_>, account: &[u8; 32]) -> Result<Option<LoginFailures>> {
    let query = login_failures::table.find(account.as_slice());
    let found: Option<(Vec<u8>, i64, i64)> = optional(query.first(db.connection))?;
    found.map(|(_, count, last)| Ok(LoginFailures { count, last: Row("login_failures").timestamp(last)? })).transpose()
}

/// One more, or the first.
pub fn add(_: System, db: &mut Writing<'_>, account: &[u8; 32]) -> Result<()> {
    let now = micros(db.now());
    let found = login_failures::table.find(account.as_slice());
    let change = (login_failures::failures.eq(login_failures::failures + 1), login_failures::last_failed_at.eq(now));
    if diesel::update(found).set(change).execute(db.connection())? == 0 {
        let first = (
            login_failures::account.eq(account.as_slice()),
            login_failures::failures.eq(1),
            login_failures::last_failed_at.eq(now),
        );
        diesel::insert_into(login_failures::table).values(first).execute(db.connection())?;
    }
    Ok(())
}

pub fn clear(db: &mut Writing<'_>, account: &[u8; 32]) -> Result<()> {
    diesel::delete(login_failures::table.find(account.as_slice())).execute(db.connection())?;
    Ok(())
}

/// Forgets accounts on which nobody has failed since.
pub fn forget(_: System, db: &mut Writing<'_>, before: Timestamp) -> Result<usize> {
    let old = login_failures::table.filter(login_failures::last_failed_at.lt(micros(before)));
    Ok(diesel::delete(old).execute(db.connection())?)
}
