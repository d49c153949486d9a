//! Rows of `changes`, the feed for whoever remembers things.

use diesel::prelude::*;
use domain::Timestamp;
use domain::change::Change;
use domain::text::RegionCode;

use crate::System;
use crate::dialect::AnyConnection;
use crate::error::{Error, Result};
use crate::prepared::{LookAfter, Tell};
use crate::rows::{Row, micros};
use crate::schema::changes;
use crate::transaction::{Reading, Writing, optional};

const ROW: Row = Row("changes");

/// One change as it stands in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub sequence: i64,
    pub change: Change,
    pub at: Timestamp,
}

/// What one look at the feed has shown.
#[derive(Debug)]
pub struct Look {
    /// In the feed's order. Those above `complete_to` may be joined by others between them.
    pub told: Vec<Told>,
    /// Nothing more will ever appear up to this number.
    pub complete_to: i64,
    /// What the database's clock showed, no later than the state that was looked at.
    pub clock: i64,
    /// That state itself, as the database names it.
    pub snapshot: String,
    /// The number before the oldest change that is still there.
    pub beginning: i64,
    /// Where the numbers of this epoch begin.
    pub epoch_begins: i64,
    pub is_quarantined: bool,
}

/// As [`LookAfter`] shows it.
#[derive(Queryable)]
struct LookRow {
    complete_to: i64,
    clock: i64,
    snapshot: String,
    beginning: i64,
    begins: i64,
    is_quarantined: bool,
    sequence: Option<i64>,
    kind: Option<String>,
    subject: Option<String>,
    region: Option<String>,
    at: Option<i64>,
}

/// Appends in the writer's own transaction, which has told so many changes before, and wakes whoever follows the feed in another
/// process once it has been committed. Says which number the change has.
pub(crate) fn append(connection: &mut AnyConnection, before: usize, change: &Change, now: Timestamp) -> Result<i64> {
    let before = i64::try_from(before).unwrap_or(i64::MAX);
    let tell = Tell {
        number: connection.next_number(before),
        kind: change.kind(),
        subject: change.subject(),
        region: change.region().map(RegionCode::as_str),
        at: micros(now),
        notice: connection.notice(),
    };
    let (sequence, _): (i64, String) = tell.get_result(connection)?;
    Ok(sequence)
}

/// At most so many changes after a number, and how far the feed is complete: both from one state of the database.
pub fn look(_: System, db: &mut Reading<'_>, after: i64, most: i64) -> Result<Look> {
    let look = LookAfter { edge: db.connection.feed_edge(), after, most };
    let rows: Vec<LookRow> = look.load(db.connection)?;
    let first = rows.first().ok_or_else(|| Error::corrupt("feed", "its row is missing"))?;
    let (complete_to, clock, snapshot) = (first.complete_to, first.clock, first.snapshot.clone());
    let (beginning, epoch_begins, is_quarantined) = (first.beginning, first.begins, first.is_quarantined);
    let told = rows.into_iter().filter_map(LookRow::told).collect::<Result<_>>()?;
    Ok(Look { told, complete_to, clock, snapshot, beginning, epoch_begins, is_quarantined })
}

/// The number before the oldest change that is still there.
pub fn beginning(_: System, db: &mut Reading<'_>) -> Result<i64> {
    let oldest: Option<i64> = changes::table.select(diesel::dsl::min(changes::sequence)).first(db.connection)?;
    Ok(oldest.map_or(0, |oldest| oldest - 1))
}

/// The number of the newest change of anything; 0 if there has been none.
pub fn newest_number(_: System, db: &mut Reading<'_>) -> Result<i64> {
    let newest: Option<i64> = changes::table.select(diesel::dsl::max(changes::sequence)).first(db.connection)?;
    Ok(newest.unwrap_or(0))
}

/// Whether this very change is in the feed.
pub fn is_there(_: System, db: &mut Reading<'_>, told: &Told) -> Result<bool> {
    let same = changes::table.find(told.sequence).filter(changes::subject.eq(told.change.subject()));
    Ok(same.count().get_result::<i64>(db.connection)? > 0)
}

/// The number of the newest change of the same thing and when it was made; none if there has been none.
pub fn newest(db: &mut Reading<'_>, change: &Change) -> Result<Option<(i64, Timestamp)>> {
    let same = changes::table.filter(changes::kind.eq(change.kind())).filter(changes::subject.eq(change.subject()));
    let newest = same.order(changes::sequence.desc()).select((changes::sequence, changes::at));
    let newest: Option<(i64, i64)> = optional(newest.first(db.connection))?;
    newest.map(|(sequence, at)| Ok((sequence, ROW.timestamp(at)?))).transpose()
}

/// Forgets what was told before then, but never the newest: numbers go on from it.
pub fn forget(_: System, db: &mut Writing<'_>, before: Timestamp) -> Result<usize> {
    let newest: Option<i64> = changes::table.select(diesel::dsl::max(changes::sequence)).first(db.connection())?;
    let Some(newest) = newest else { return Ok(0) };
    let old = changes::table.filter(changes::at.lt(micros(before))).filter(changes::sequence.lt(newest));
    Ok(diesel::delete(old).execute(db.connection())?)
}

/// Lets the feed go on above what it holds, if the database was restored into a cluster whose numbers are lower.
pub fn rebase(_: System, db: &mut Writing<'_>) -> Result<()> {
    db.connection().rebase_feed()
}

impl LookRow {
    fn told(self) -> Option<Result<Told>> {
        let (sequence, kind, subject, at) = (self.sequence?, self.kind?, self.subject?, self.at?);
        let parse = || {
            let change = ROW.parse(|kind| Change::parse(kind, &subject, self.region.as_deref()), &kind)?;
            Ok(Told { sequence, change, at: ROW.timestamp(at)? })
        };
        Some(parse())
    }
}
