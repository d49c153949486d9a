use authz::Permit;
use authz::action::ChangeInstance;
use domain::audit::{AuditAction, Target};
use domain::id::InstanceId;
use domain::instance::StorageInstance;
use domain::text::{Description, Name};
use persistence::instances;

use super::find;
use crate::context::Context;
use crate::error::Result;
use crate::service::{Service, tenant_of};

/// What is to be different; the rest stays.
pub struct InstanceChange {
    pub name: Option<Name>,
    /// `Some(None)` takes it away.
    pub description: Option<Option<Description>>,
}

pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangeInstance>,
    id: &InstanceId,
    change: &InstanceChange,
) -> Result<StorageInstance> {
    let author = context.author_of(permit.caller());
    service.database.write("change instance", &author, &permit.chain(), |db| {
        tenant_of(permit, db)?.unless_being_deleted()?;
        let before = find(permit, db, id)?;
        context.expects(before.version)?;
        let instance = StorageInstance {
            name: change.name.clone().unwrap_or_else(|| before.name.clone()),
            description: change.description.clone().unwrap_or_else(|| before.description.clone()),
            ..before
        };
        let instance = instances::update(permit, db, instance)?;
        let details = [("name", instance.name.to_string())];
        db.record(AuditAction::InstanceChanged, Target::new("instance", id), &details)?;
        Ok(instance)
    })
}
