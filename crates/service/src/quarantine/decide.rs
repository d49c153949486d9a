//! What an operator decides after a restore.

use authz::Permit;
use authz::action::{DecideHeldBack, LiftQuarantine, ListHeldBack, ReadQuarantine};
use domain::audit::{AuditAction, Chain, Target};
use domain::held_back::{Decision, HeldBack};
use persistence::Writing;
use persistence::quarantine::{self as rows, Epoch};

use crate::context::Context;
use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::service::Service;

/// How it stands after the last restore.
#[derive(Debug)]
pub struct Quarantine {
    pub epoch: Epoch,
    /// How much is held back and undecided.
    pub undecided: i64,
}

/// About what somebody decides.
#[derive(Debug, Clone)]
pub enum Which {
    These(Vec<String>),
    /// Whatever nobody has decided about.
    Undecided,
}

/// In one transaction.
const AT_ONCE: i64 = 500;

pub fn read(service: &Service, permit: &Permit<ReadQuarantine>) -> Result<Quarantine> {
    service.read(|db| Ok(Quarantine { epoch: rows::read(permit, db)?, undecided: rows::undecided(permit, db)? }))
}

/// Requests are verified again. What is held back stays so.
pub fn lift(service: &Service, context: &mut Context, permit: &Permit<LiftQuarantine>) -> Result<()> {
    let author = context.author_of(permit.caller());
    service.database.write("lift quarantine", &author, &Chain::Platform, |db| -> Result<()> {
        let epoch = rows::epoch(persistence::System::as_part("quarantine"), db)?;
        if epoch.quarantined.is_none() {
            db.nothing_to_record();
            return Ok(());
        }
        rows::lift(permit, db)?;
        Ok(db.record(AuditAction::QuarantineLifted, Target::new("database", epoch.number()), &[])?)
    })?;
    // Here it holds at once; others hear of it from the feed.
    service.plane.pairs.forget_everything();
    service.plane.set_quarantined(false);
    service.database.bell().ring();
    Ok(())
}

pub fn held_back(service: &Service, permit: &Permit<ListHeldBack>, listing: &Listing) -> Result<Paged<HeldBack>> {
    let fetch = |page: &_| service.read(|db| Ok(rows::list(permit, db, page)?));
    service.page(listing, fetch, |held| held.change.subject().to_owned())
}

/// Says how many it was about.
pub fn decide(
    service: &Service,
    context: &mut Context,
    permit: &Permit<DecideHeldBack>,
    which: &Which,
    decision: Decision,
) -> Result<usize> {
    let mut decided = 0;
    loop {
        let author = context.author_of(permit.caller());
        let some =
            service.database.write("decide about held back", &author, &Chain::Platform, |db| -> Result<usize> {
                let found = match which {
                    Which::Undecided => rows::first_undecided(permit, db, AT_ONCE)?,
                    Which::These(subjects) => {
                        let found = subjects.iter().map(|subject| rows::find_held_back(permit, db, subject));
                        found.collect::<std::result::Result<Option<Vec<_>>, _>>()?.ok_or(Error::NotFound)?
                    }
                };
                db.nothing_to_record();
                let new: Vec<&HeldBack> = found.iter().filter(|held| held.decision != Some(decision)).collect();
                for held in &new {
                    decide_one(permit, db, held, decision)?;
                }
                Ok(new.len())
            })?;
        decided += some;
        if some == 0 || matches!(which, Which::These(_)) {
            return Ok(decided);
        }
    }
}

fn decide_one(
    permit: &Permit<DecideHeldBack>,
    db: &mut Writing<'_>,
    held: &HeldBack,
    decision: Decision,
) -> Result<()> {
    rows::decide(permit, db, held.change.subject(), decision)?;
    db.tell(&held.change)?;
    let action = match decision {
        Decision::Released => AuditAction::HeldBackReleased,
        Decision::Confirmed => AuditAction::HeldBackConfirmed,
    };
    Ok(db.record(action, Target::new(held.change.kind(), held.change.subject()), &[])?)
}
