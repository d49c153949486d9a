//! The emergency stop: a suspension with a reason, a preview, and an undo for a day. It is one state of one row, so it
//! costs the same whatever stands below, and undoing it brings back exactly what was.

use authz::action::{EmergencyStopPartner, PreviewEmergencyStop, UndoEmergencyStop};
use authz::{Caller, Permit};
use domain::audit::AuditAction;
use domain::partner::{EmergencyStop, StoppedBy};
use domain::text::Reason;
use persistence::census::{self, Census};

use super::PartnerShown;
use super::suspend::alter;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::receipt::Stopped;
use crate::service::Service;

/// What counts now and would stop.
pub fn preview(service: &Service, context: &Context, permit: &Permit<PreviewEmergencyStop>) -> Result<Census> {
    service.read(|db| Ok(census::below(permit, db, context.now)?))
}

pub fn stop(
    service: &Service,
    context: &mut Context,
    permit: &Permit<EmergencyStopPartner>,
    reason: &Reason,
) -> Result<Stopped<PartnerShown>> {
    let by = level(permit.caller())?;
    let details = [("reason", reason.to_string())];
    alter(service, context, permit, "stop partner", AuditAction::PartnerStopped, &details, |partner, now| {
        Ok(partner.stop(EmergencyStop { at: now, by: by.clone(), reason: reason.clone() }))
    })
}

pub fn undo(
    service: &Service,
    context: &mut Context,
    permit: &Permit<UndoEmergencyStop>,
) -> Result<Stopped<PartnerShown>> {
    let by = level(permit.caller())?;
    alter(service, context, permit, "undo stop", AuditAction::PartnerStopUndone, &[], |partner, now| {
        Ok(partner.undo_stop(&by, now)?)
    })
}

fn level(caller: &Caller) -> Result<StoppedBy> {
    match caller {
        Caller::Operator(_) => Ok(StoppedBy::Operator),
        Caller::Partner(_, path) => Ok(StoppedBy::Partner(path.clone())),
        Caller::Tenant(..) | Caller::User(_) | Caller::Gateway(_) => Err(Error::Forbidden),
    }
}
