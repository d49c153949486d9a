//! The database was put back to an earlier state.

use domain::audit::{AuditAction, Chain, Target};
use domain::epoch;
use persistence::changes::Told;
use persistence::journal::Contents;
use persistence::quarantine::{self, Epoch};
use persistence::{Writing, changes, sessions};

use crate::error::Result;
use crate::service::{Service, system};

/// How much of it is known.
#[derive(Debug, Clone)]
pub struct Restored {
    /// Up to this number the feed is true.
    pub restored_to: i64,
    /// Nobody knows of a higher number.
    pub highest: i64,
    /// Why nothing is verified until an operator has decided; none if all that is lost is known.
    pub quarantined: Option<String>,
}

/// In one transaction: each of them tells of something.
const AT_ONCE: usize = 500;

impl Service {
    /// For whoever has restored the database and says so. Without a journal that knows everything since, nobody knows what
    /// must not come back: then nothing is verified, unless somebody takes that upon themselves. Says how much is held back,
    /// and whether nothing is verified.
    pub fn announce_restore(&self, journals: &[Contents], accepts_without: bool) -> Result<(usize, bool)> {
        let (system, _) = system("restore");
        let restored_to = self.read(|db| Ok(changes::newest_number(system, db)?))?;
        let before = self.read(|db| Ok(quarantine::epoch(system, db)?))?;
        let is_covered = journals.iter().any(|journal| journal.since.is_some_and(|since| since <= restored_to));
        let highest = journals.iter().filter_map(|journal| Some(journal.newest()?.sequence)).max();
        let quarantined = (!is_covered && !accepts_without)
            .then(|| "The database was restored, and no journal says what has changed since its backup.".to_owned());
        let is_quarantined = quarantined.is_some();
        let highest = highest.unwrap_or(0).max(restored_to).max(before.begins);
        self.begin_epoch(&Restored { restored_to, highest, quarantined })?;
        let mut held = 0;
        for journal in journals {
            held += self.hold_back(&journal.changes)?;
        }
        Ok((held, is_quarantined))
    }

    pub(super) fn begin_epoch(&self, restored: &Restored) -> Result<()> {
        let (system, actor) = system("restore");
        let author = self.own_context()?.author(actor);
        self.database.write("begin epoch", &author, &Chain::Platform, |db| -> Result<()> {
            let before = quarantine::epoch(system, db)?;
            if before.begins > restored.highest {
                // Another replica was faster.
                db.nothing_to_record();
                return Ok(());
            }
            let epoch = Epoch {
                begins: epoch::beginning(db.now(), restored.highest),
                restored_to: restored.restored_to,
                restored_at: Some(db.now()),
                quarantined: restored.quarantined.clone(),
            };
            quarantine::begin(system, db, &epoch)?;
            quarantine::forget_held_back(system, db)?;
            sessions::end_everybodys(system, db)?;
            let details = [
                ("epoch", epoch.number().to_string()),
                ("restored_to", epoch.restored_to.to_string()),
                ("quarantined", epoch.quarantined.is_some().to_string()),
            ];
            Ok(db.record(AuditAction::DatabaseRestored, Target::new("database", epoch.number()), &details)?)
        })
    }

    /// Holds back what these changes were about, as far as they were lost. Those who remember any of it are told.
    pub(super) fn hold_back(&self, told: &[Told]) -> Result<usize> {
        let (system, actor) = system("restore");
        let epoch = self.read(|db| Ok(quarantine::epoch(system, db)?))?;
        let lost: Vec<&Told> = told.iter().filter(|told| epoch.has_lost(told.sequence)).collect();
        let mut held = 0;
        for lost in lost.chunks(AT_ONCE) {
            let author = self.own_context()?.author(actor.clone());
            held += self
                .database
                .write("hold back", &author, &Chain::Platform, |db| hold_back(system, db, lost, &epoch))?;
        }
        if held > 0 {
            tracing::warn!(
                held,
                "held back until an operator decides: what has changed since the state that was restored"
            );
        }
        Ok(held)
    }
}

fn hold_back(system: persistence::System, db: &mut Writing<'_>, lost: &[&Told], epoch: &Epoch) -> Result<usize> {
    let mut held = 0;
    for told in lost {
        if quarantine::hold_back(system, db, told)? {
            db.tell(&told.change)?;
            held += 1;
        }
    }
    if held == 0 {
        db.nothing_to_record();
        return Ok(0);
    }
    let details = [("count", held.to_string())];
    db.record(AuditAction::ChangesHeldBack, Target::new("database", epoch.number()), &details)?;
    Ok(held)
}
