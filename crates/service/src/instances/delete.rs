use authz::action::DeleteInstance;
use authz::{OnTenant, Permit};
use domain::audit::{AuditAction, Target};
use domain::change::Change;
use domain::id::InstanceId;
use domain::instance::StorageInstance;
use domain::key::Tombstone;
use persistence::{instances, key_pairs, keys};

use super::find;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::keys::Home;
use crate::receipt::{Receipt, Stopped};
use crate::service::{Service, tenant_of};

/// Its keys go with it.
pub fn delete(
    service: &Service,
    context: &mut Context,
    permit: &Permit<DeleteInstance>,
    id: &InstanceId,
) -> Result<Stopped<StorageInstance>> {
    let author = context.author_of(permit.caller());
    service.database.write("delete instance", &author, &permit.chain(), |db| {
        tenant_of(permit, db)?.unless_being_deleted()?;
        let instance = find(permit, db, id)?;
        context.expects(instance.version)?;
        let keys_in = keys::ids_in(permit, db, id)?;
        let home = Home::find(permit, db, &instance.region)?;
        let instance = instance.delete(keys_in.len(), &home.switches)?;
        let now = db.now();
        for key_id in &keys_in {
            let key = keys::find(permit, db, key_id)?.ok_or(Error::NotFound)?;
            let access_key_ids = key_pairs::all_ids(permit, db, key_id)?;
            keys::delete(permit, db, &Tombstone { access_key_ids, ..key.bury(now) })?;
            db.record(AuditAction::KeyDeleted, Target::new("key", key_id), &[("with", id.to_string())])?;
        }
        instances::delete(permit, db, &instance)?;
        // However many keys there were: one change that is wide enough for all of them.
        let sequence = db.tell(&Change::Tenant(permit.tenant().clone()))?;
        let details = [("name", instance.name.to_string()), ("keys", keys_in.len().to_string())];
        db.record(AuditAction::InstanceDeleted, Target::new("instance", id), &details)?;
        Ok(Stopped { object: instance, receipt: Receipt::of(sequence, now) })
    })
}
