//! Suspending a partner stops everything below it; resuming brings back exactly what was there. Both are one row: what
//! stands below is not touched, it asks for everybody above whenever it is used.

use authz::action::{ResumePartner, SuspendPartner};
use authz::{Action, OnPartner, Partnership, Permit};
use domain::Timestamp;
use domain::audit::{AuditAction, Target};
use domain::change::Change;
use domain::partner::Partner;
use persistence::partners;

use crate::context::Context;
use crate::error::Result;
use crate::receipt::{Receipt, Stopped};
use crate::service::{Service, partner_of};

pub fn suspend(service: &Service, context: &mut Context, permit: &Permit<SuspendPartner>) -> Result<Stopped<Partner>> {
    alter(service, context, permit, "suspend partner", AuditAction::PartnerSuspended, Partner::suspend)
}

pub fn resume(service: &Service, context: &mut Context, permit: &Permit<ResumePartner>) -> Result<Stopped<Partner>> {
    alter(service, context, permit, "resume partner", AuditAction::PartnerResumed, |partner, _| partner.resume())
}

fn alter<A: Action<Object = Partnership>>(
    service: &Service,
    context: &mut Context,
    permit: &Permit<A>,
    name: &'static str,
    action: AuditAction,
    transition: impl Fn(Partner, Timestamp) -> Partner,
) -> Result<Stopped<Partner>> {
    let author = context.author_of(permit.caller());
    let change = Change::Partner(permit.partner().clone());
    let now = context.now;
    service.write_once(
        name,
        context,
        &author,
        &permit.chain(),
        |db| {
            let before = partner_of(permit, db)?;
            context.expects(before.version)?;
            let after = transition(before.clone(), now);
            if after == before {
                db.nothing_to_record();
                return Ok(Stopped { object: before, receipt: Receipt::newest(db, &change, now)? });
            }
            let object = partners::update(permit, db, after)?;
            let sequence = db.tell(&change)?;
            db.record(action, Target::new("partner", permit.partner()), &[])?;
            Ok(Stopped { object, receipt: Receipt::of(sequence, now) })
        },
        |db, _, _| Ok(Some(Stopped { object: partner_of(permit, db)?, receipt: Receipt::newest(db, &change, now)? })),
    )
}
