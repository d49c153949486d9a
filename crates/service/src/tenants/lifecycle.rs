//! Suspend, resume, delete, restore: four transitions of one row. Everything the tenant has asks for it whenever it is
//! used, so each takes effect with its commit and none touches what the tenant has.

use authz::action::{DeleteTenant, RestoreTenant, ResumeTenant, SuspendTenant};
use authz::{Action, OnTenant, Permit, Tenancy};
use chrono::TimeDelta;
use domain::audit::{AuditAction, Target};
use domain::change::Change;
use domain::tenant::Tenant;
use persistence::tenants;

use crate::context::Context;
use crate::error::Result;
use crate::receipt::{Receipt, Stopped};
use crate::service::{Service, tenant_of};

pub fn suspend(service: &Service, context: &mut Context, permit: &Permit<SuspendTenant>) -> Result<Stopped<Tenant>> {
    let now = context.now;
    let transition = |tenant: Tenant| Ok(tenant.suspend(now)?);
    alter(service, context, permit, "suspend tenant", AuditAction::TenantSuspended, transition)
}

pub fn resume(service: &Service, context: &mut Context, permit: &Permit<ResumeTenant>) -> Result<Stopped<Tenant>> {
    alter(service, context, permit, "resume tenant", AuditAction::TenantResumed, |tenant| Ok(tenant.resume()?))
}

/// Nothing of the tenant works from now on; until `delay` has passed it can be restored.
pub fn delete(
    service: &Service,
    context: &mut Context,
    permit: &Permit<DeleteTenant>,
    delay: TimeDelta,
) -> Result<Stopped<Tenant>> {
    let at = context.now + delay;
    let transition = |tenant: Tenant| Ok(tenant.delete(at)?);
    alter(service, context, permit, "delete tenant", AuditAction::TenantDeleted, transition)
}

pub fn restore(service: &Service, context: &mut Context, permit: &Permit<RestoreTenant>) -> Result<Stopped<Tenant>> {
    alter(service, context, permit, "restore tenant", AuditAction::TenantRestored, |tenant| Ok(tenant.restore()?))
}

fn alter<A: Action<Object = Tenancy>>(
    service: &Service,
    context: &mut Context,
    permit: &Permit<A>,
    name: &'static str,
    action: AuditAction,
    transition: impl Fn(Tenant) -> Result<Tenant>,
) -> Result<Stopped<Tenant>> {
    let author = context.author_of(permit.caller());
    let change = Change::Tenant(permit.tenant().clone());
    let now = context.now;
    service.write_once(
        name,
        context,
        &author,
        &permit.chain(),
        |db| {
            let before = tenant_of(permit, db)?;
            context.expects(before.version)?;
            let after = transition(before.clone())?;
            if after == before {
                db.nothing_to_record();
                return Ok(Stopped { object: before, receipt: Receipt::newest(db, &change, now)? });
            }
            let object = tenants::update(permit, db, after)?;
            let sequence = db.tell(&change)?;
            let until = object.delete_at.map(|at| ("delete_at", at.to_rfc3339()));
            db.record(action, Target::new("tenant", permit.tenant()), until.as_slice())?;
            Ok(Stopped { object, receipt: Receipt::of(sequence, now) })
        },
        |db, _, _| Ok(Some(Stopped { object: tenant_of(permit, db)?, receipt: Receipt::newest(db, &change, now)? })),
    )
}
