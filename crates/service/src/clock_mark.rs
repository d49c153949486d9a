//! The time that was reached, kept in the database: read at the start, and written down with each lease.

use std::mem::discriminant;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::audit::{AuditAction, Chain, Target};
use domain::floor::{LEEWAY, SETTLING};
use persistence::clock::{self, Mark};
use persistence::{Database, System, Writing};

use crate::clock::{Agreement, Clock};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::{Service, system};

const SYSTEM: System = System::as_part("clock");
/// A mark is written when it is behind by so much.
const STEP: TimeDelta = TimeDelta::seconds(1);

/// Lets time go on from where it was when it was last written down; in a new database it begins by the machine's clock.
pub(crate) fn take_up(database: &Database, clock: &Clock) -> Result<()> {
    match database.read(|db| clock::find(SYSTEM, db))? {
        Some(mark) => clock.begin_at(mark.reached_at, mark.resets),
        None => clock.begin_at(clock.now(), 0),
    }
    Ok(())
}

/// Makes the mark of a database that has none.
pub(crate) fn make(database: &Database, context: &mut Context) -> Result<()> {
    if database.read(|db| clock::find(SYSTEM, db))?.is_some() {
        return Ok(());
    }
    let author = context.author(SYSTEM.actor());
    match database.keep_books("begin the clock", &author, |db| clock::begin(SYSTEM, db, db.now())) {
        // Another replica was faster.
        Err(persistence::Error::Taken) => Ok(()),
        other => Ok(other?),
    }
}

/// What an operator's word has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Takes the machine's clock for right, though a later time was reached; none where that is not so. What has expired in between
/// has not expired yet.
pub fn reset(service: &Service) -> Result<Option<Reset>> {
    let (system, actor) = system("clock");
    let author = service.own_context()?.author(actor);
    let to = service.clock.shown();
    service.database.write("reset the clock", &author, &Chain::Platform, |db| {
        let mark = clock::find(system, db)?.filter(|mark| mark.reached_at - to >= STEP);
        let Some(mark) = mark else {
            db.nothing_to_record();
            return Ok::<_, Error>(None);
        };
        clock::reset(system, db, to)?;
        let from = mark.reached_at;
        let details = [("from", from.to_rfc3339()), ("to", to.to_rfc3339())];
        db.record(AuditAction::ClockReset, Target::new("platform", "platform"), &details)?;
        Ok(Some(Reset { from, to }))
    })
}

impl Service {
    /// In the transaction of a lease. Says what was there before.
    pub(crate) fn write_down_time(&self, db: &mut Writing<'_>) -> Result<Option<Mark>> {
        let mark = clock::find(SYSTEM, db)?;
        let reached_at = self.clock.reached();
        if let Some(Mark { reached_at: before, resets }) = mark
            && resets == self.clock.resets()
            && reached_at - before >= STEP
        {
            clock::raise(SYSTEM, db, Mark { reached_at, resets })?;
        }
        Ok(mark)
    }

    /// Goes on from where an operator has set the time, or where a restore has taken it.
    pub(crate) fn heed_reset(&self, mark: Option<Mark>) {
        if let Some(mark) = mark
            && mark.resets != self.clock.resets()
        {
            self.clock.begin_at(mark.reached_at, mark.resets);
            tracing::warn!(to = %mark.reached_at, "an operator has reset the clock");
        }
    }

    /// What is the matter with the machine's clock is said once, and that it is over.
    pub(crate) fn watch_clock(&self, before: &mut Agreement) {
        let agreement = self.clock.agreement();
        if discriminant(&agreement) == discriminant(before) {
            return;
        }
        match agreement {
            Agreement::Right => tracing::info!("this machine's clock is believed"),
            Agreement::Behind(by) => tracing::error!(
                by_seconds = by.num_seconds(),
                "this machine's clock is behind the time that was reached, so time goes on from there: set the clock right, or, if it is \
                 right and was ahead before, run `keyreeve clock reset`"
            ),
            Agreement::Ahead(by) => tracing::warn!(
                by_seconds = by.num_seconds(),
                "this machine's clock is ahead of the time that was reached, by more than {} minutes: what expires by it is refused from now \
                 on, and in {} minutes it is believed for good. That is as it should be if nothing ran here for so long; otherwise set it right",
                LEEWAY.num_minutes(),
                SETTLING.num_minutes()
            ),
        }
        *before = agreement;
    }
}
