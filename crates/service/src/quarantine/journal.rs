//! The journal of this node: a copy of the feed outside the database.

use persistence::changes::{self, Told};
use persistence::journal::{Contents, Journal};
use persistence::{Error as DatabaseError, quarantine};

use super::restored::Restored;
use crate::error::Result;
use crate::service::{Service, system};

/// How much is read at once.
const AT_ONCE: i64 = 10_000;

impl Service {
    /// By which a journal knows its own database, also when that was restored: it is the same as long as its service keys are.
    pub fn database_name(&self) -> &str {
        &self.database_name
    }

    /// Compares what the journal knows with what the database holds, and keeps it from now on.
    ///
    /// What is in the journal was committed. If it is not in the database, that was put back to an earlier state.
    pub fn keep_journal(&self, journal: Journal, contents: &Contents) -> Result<()> {
        let (system, _) = system("journal");
        self.compare(contents)?;
        let head = self.read(|db| Ok(changes::look(system, db, i64::MAX - 1, 1)?))?.complete_to;
        let beginning = self.read(|db| Ok(changes::beginning(system, db)?))?;
        match journal.complete_to() {
            None => journal.begin(&self.database_name, head).map_err(unwritable)?,
            Some(complete_to) if complete_to < beginning => {
                tracing::warn!(
                    "the journal lacks what was changed while this server was away: it is good for backups from now on"
                );
                journal.begin(&self.database_name, head).map_err(unwritable)?;
            }
            Some(_) => {}
        }
        self.catch_up(&journal)?;
        // It is kept once, by whoever starts the service.
        let _ = self.journal.set(journal);
        Ok(())
    }

    /// The same while it is kept: for when the feed has gone back under a running server.
    pub(crate) fn compare_again(&self) -> Result<()> {
        let Some(journal) = self.journal.get() else { return Ok(()) };
        self.compare(&Contents::read(journal.path()).map_err(unwritable)?)
    }

    fn compare(&self, contents: &Contents) -> Result<()> {
        let (system, _) = system("journal");
        let (epoch, newest, beginning) = self.read(|db| {
            Ok((quarantine::epoch(system, db)?, changes::newest_number(system, db)?, changes::beginning(system, db)?))
        })?;
        if let Some(last) = contents.newest().filter(|last| last.sequence > epoch.begins) {
            let is_forgotten = last.sequence <= beginning && last.sequence <= newest;
            if !is_forgotten && !self.read(|db| Ok(changes::is_there(system, db, last)?))? {
                tracing::error!(
                    "the database was put back to an earlier state: the journal knows of change {}, which is not in it",
                    last.sequence
                );
                self.begin_epoch(&Restored {
                    restored_to: newest.min(last.sequence - 1),
                    highest: newest.max(last.sequence),
                    quarantined: Some(
                        "The database was put back to an earlier state, and nobody has said so.".to_owned(),
                    ),
                })?;
            }
        }
        self.hold_back(&contents.changes).map(drop)
    }

    /// Writes down what the journal lacks of the feed.
    fn catch_up(&self, journal: &Journal) -> Result<()> {
        let (system, _) = system("journal");
        while let Some(complete_to) = journal.complete_to() {
            let look = self.read(|db| Ok(changes::look(system, db, complete_to, AT_ONCE)?))?;
            let is_all = i64::try_from(look.told.len()).is_ok_and(|found| found < AT_ONCE);
            let last = look.told.last().map_or(complete_to, |told| told.sequence);
            write_down(journal, &look.told, if is_all { look.complete_to } else { look.complete_to.min(last) })?;
            if is_all {
                break;
            }
        }
        Ok(())
    }

    /// What this node has heard of, and up to where that is all there is.
    pub(crate) fn write_down_changes(&self, told: &[Told], complete_to: i64) -> Result<()> {
        self.journal.get().map_or(Ok(()), |journal| write_down(journal, told, complete_to))
    }

    /// Whether it is in the journal, if there is one.
    pub(crate) fn is_written_down(&self, sequence: i64) -> bool {
        self.journal.get().is_none_or(|journal| journal.has(sequence))
    }
}

/// What this node has just committed. If it cannot be written down, that shows in the receipt, and it is tried again when the
/// feed is followed.
pub(crate) fn write_down_own(journal: &Journal, told: &[Told]) {
    if let Err(error) = journal.append(told) {
        tracing::error!(%error, "a change is not in the journal");
    }
}

fn write_down(journal: &Journal, told: &[Told], complete_to: i64) -> Result<()> {
    journal.append(told).and_then(|()| journal.complete(complete_to)).map_err(unwritable)
}

fn unwritable(error: persistence::journal::JournalError) -> crate::Error {
    DatabaseError::Unwritable(error.to_string()).into()
}
