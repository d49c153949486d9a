//! Suspending a partner stops everything below it; resuming brings back exactly what was there. Both are one row: what
//! stands below is not touched, it asks for everybody above whenever it is used.

use authz::action::{ResumePartner, SuspendPartner};
use authz::{Action, Caller, OnPartner, Partnership, Permit};
use domain::Timestamp;
use domain::audit::{AuditAction, Target};
use domain::change::Change;
use domain::partner::Partner;
use persistence::{Reading, partners};

use super::PartnerShown;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::receipt::{Receipt, Stopped};
use crate::service::{Service, partner_of};

pub fn suspend(
    service: &Service,
    context: &mut Context,
    permit: &Permit<SuspendPartner>,
) -> Result<Stopped<PartnerShown>> {
    let transition = |partner: Partner, now| Ok(partner.suspend(now));
    alter(service, context, permit, "suspend partner", AuditAction::PartnerSuspended, &[], transition)
}

/// What was stopped in an emergency is not resumed on the way: only an operator lifts that as well.
pub fn resume(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ResumePartner>,
) -> Result<Stopped<PartnerShown>> {
    let is_operator = matches!(permit.caller(), Caller::Operator(_));
    let transition = |partner: Partner, _| match (&partner.stop, is_operator) {
        (Some(_), false) => Err(Error::EmergencyStopped),
        (Some(_), true) | (None, _) => Ok(Partner { stop: None, ..partner.resume() }),
    };
    alter(service, context, permit, "resume partner", AuditAction::PartnerResumed, &[], transition)
}

pub(super) fn alter<A: Action<Object = Partnership>>(
    service: &Service,
    context: &mut Context,
    permit: &Permit<A>,
    name: &'static str,
    action: AuditAction,
    details: &[(&str, String)],
    transition: impl Fn(Partner, Timestamp) -> Result<Partner>,
) -> Result<Stopped<PartnerShown>> {
    let author = context.author_of(permit.caller());
    let change = Change::Partner(permit.partner().clone());
    let now = context.now;
    let shown = |db: &mut Reading<'_>, partner| PartnerShown::of(db, partner);
    service.write_once(
        name,
        context,
        &author,
        &permit.chain(),
        |db| {
            let before = partner_of(permit, db)?;
            context.expects(before.version)?;
            let after = transition(before.clone(), now)?;
            if after == before {
                db.nothing_to_record();
                return Ok(Stopped { object: shown(db, before)?, receipt: Receipt::newest(db, &change, now)? });
            }
            let partner = partners::update(permit, db, after)?;
            let sequence = db.tell(&change)?;
            db.record(action, Target::new("partner", permit.partner()), details)?;
            Ok(Stopped { object: shown(db, partner)?, receipt: Receipt::of(sequence, now) })
        },
        |db, _, _| {
            let partner = partner_of(permit, db)?;
            Ok(Some(Stopped { object: shown(db, partner)?, receipt: Receipt::newest(db, &change, now)? }))
        },
    )
}
