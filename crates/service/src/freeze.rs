//! Holding everything as it is, while it is copied elsewhere. What gateways ask is answered meanwhile.

use domain::audit::{AuditAction, Chain, Target};
use persistence::freeze;

pub use persistence::freeze::Freeze;

use crate::error::Result;
use crate::service::{Service, system};

/// None while changes are let through.
pub fn find(service: &Service) -> Result<Option<Freeze>> {
    let (system, _) = system("freeze");
    service.read(|db| Ok(freeze::find(system, db)?))
}

/// Waits for changes under way, and lets no more through; false if that was so.
pub fn freeze(service: &Service) -> Result<bool> {
    let (system, actor) = system("freeze");
    let author = service.own_context()?.author(actor);
    service.database.write_alone("freeze", &author, &Chain::Platform, |db| {
        if freeze::find(system, db)?.is_some() {
            db.nothing_to_record();
            return Ok(false);
        }
        freeze::begin(system, db)?;
        db.record(AuditAction::PlatformFrozen, Target::new("platform", "platform"), &[])?;
        Ok(true)
    })
}

/// Lets changes through again; false if they were.
pub fn thaw(service: &Service) -> Result<bool> {
    let (system, actor) = system("freeze");
    let author = service.own_context()?.author(actor);
    service.database.write_alone("thaw", &author, &Chain::Platform, |db| {
        let Some(before) = freeze::find(system, db)? else {
            db.nothing_to_record();
            return Ok(false);
        };
        freeze::end(system, db)?;
        let details = [("frozen_at", before.since.to_rfc3339()), ("imported", before.by_import.to_string())];
        db.record(AuditAction::PlatformThawed, Target::new("platform", "platform"), &details)?;
        Ok(true)
    })
}
