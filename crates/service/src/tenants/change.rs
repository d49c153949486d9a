use authz::action::ChangeTenant;
use authz::{OnTenant, Permit};
use domain::audit::{AuditAction, Target};
use domain::tenant::Tenant;
use domain::text::{ExternalRef, Name};
use persistence::tenants;

use crate::context::Context;
use crate::error::Result;
use crate::service::{Service, tenant_of};

/// What is to be different; the rest stays.
pub struct TenantChange {
    pub name: Option<Name>,
    /// `Some(None)` takes it away.
    pub external_ref: Option<Option<ExternalRef>>,
}

pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangeTenant>,
    change: &TenantChange,
) -> Result<Tenant> {
    let author = context.author_of(permit.caller());
    service.database.write("change tenant", &author, &permit.chain(), |db| {
        let before = tenant_of(permit, db)?;
        context.expects(before.version)?;
        let before = before.unless_being_deleted()?;
        let tenant = Tenant {
            name: change.name.clone().unwrap_or_else(|| before.name.clone()),
            external_ref: change.external_ref.clone().unwrap_or_else(|| before.external_ref.clone()),
            ..before
        };
        let tenant = tenants::update(permit, db, tenant)?;
        let details = [
            ("name", tenant.name.to_string()),
            ("external_ref", tenant.external_ref.as_ref().map(ToString::to_string).unwrap_or_default()),
        ];
        db.record(AuditAction::TenantChanged, Target::new("tenant", permit.tenant()), &details)?;
        Ok(tenant)
    })
}
