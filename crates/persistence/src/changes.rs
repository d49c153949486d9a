//! Rows of `changes`, the feed for whoever remembers things.

use diesel::prelude::*;
use domain::Timestamp;
use domain::change::Change;

use crate::error::Result;
use crate::rows::{Row, micros};
use crate::schema::changes;
use crate::transaction::{Reading, Writing, optional};

/// Appends in the writer's own transaction and says the change's number.
pub(crate) fn append(db: &mut Writing<'_>, change: &Change, now: Timestamp) -> Result<i64> {
    let row = (changes::kind.eq(change.kind()), changes::subject.eq(change.subject()), changes::at.eq(micros(now)));
    let inserted: (i64, String, String, i64) =
        diesel::insert_into(changes::table).values(row).returning(changes::all_columns).get_result(db.connection())?;
    Ok(inserted.0)
}

/// The number of the newest change of the same thing and when it was made; none if there has been none.
pub fn newest(db: &mut Reading<'_>, change: &Change) -> Result<Option<(i64, Timestamp)>> {
    let same = changes::table.filter(changes::kind.eq(change.kind())).filter(changes::subject.eq(change.subject()));
    let newest = same.order(changes::id.desc()).select((changes::id, changes::at));
    let newest: Option<(i64, i64)> = optional(newest.first(db.connection))?;
    newest.map(|(id, at)| Ok((id, Row("changes").timestamp(at)?))).transpose()
}
