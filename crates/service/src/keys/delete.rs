use authz::Permit;
use authz::action::DeleteKey;
use domain::audit::{AuditAction, Target};
use domain::id::KeyId;
use domain::key::Tombstone;
use persistence::{key_pairs, keys};

use super::{Home, KeyShown, find, tell};
use crate::context::Context;
use crate::error::Result;
use crate::receipt::Stopped;
use crate::service::Service;

/// Gone for good, and its access key ids are never given out again. Answers with the key as it was.
pub fn delete(
    service: &Service,
    context: &mut Context,
    permit: &Permit<DeleteKey>,
    id: &KeyId,
) -> Result<Stopped<KeyShown>> {
    let author = context.author_of(permit.caller());
    service.database.write("delete key", &author, &permit.chain(), |db| {
        let key = find(permit, db, id)?;
        context.expects(key.version)?;
        let home = Home::find(permit, db, &key.region)?;
        let now = db.now();
        let tombstone = key.clone().delete(&home.switches, now)?;
        let access_key_ids = key_pairs::all_ids(permit, db, id)?;
        let shown = KeyShown::of(permit, db, key.clone(), &home.switches, now)?;
        keys::delete(permit, db, &Tombstone { access_key_ids, ..tombstone })?;
        let receipt = tell(db, &key)?;
        let details = [("access_key_id", key.pairs.current().access_key_id.to_string())];
        db.record(AuditAction::KeyDeleted, Target::new("key", id), &details)?;
        Ok(Stopped { object: shown, receipt })
    })
}
