//! Rows of `changes`, the feed for whoever remembers things.

use diesel::prelude::*;
use domain::Timestamp;
use domain::change::Change;

use crate::error::Result;
use crate::rows::micros;
use crate::schema::changes;
use crate::transaction::{Reading, Writing};

/// Appends in the writer's own transaction and says the change's number.
pub(crate) fn append(db: &mut Writing<'_>, change: &Change, now: Timestamp) -> Result<i64> {
    let row = (changes::kind.eq(change.kind()), changes::subject.eq(change.subject()), changes::at.eq(micros(now)));
    let inserted: (i64, String, String, i64) =
        diesel::insert_into(changes::table).values(row).returning(changes::all_columns).get_result(db.connection())?;
    Ok(inserted.0)
}

/// The number of the newest change of the same thing; 0 if there has been none.
pub fn newest(db: &mut Reading<'_>, change: &Change) -> Result<i64> {
    let same = changes::table.filter(changes::kind.eq(change.kind())).filter(changes::subject.eq(change.subject()));
    let newest: Option<i64> = same.select(diesel::dsl::max(changes::id)).first(db.connection)?;
    Ok(newest.unwrap_or(0))
}
