use authz::Permit;
use authz::action::DeleteKeyModel;
use domain::audit::{AuditAction, Chain, Target};
use domain::text::KeyModelName;
use persistence::key_models;

use super::find_own;
use crate::context::Context;
use crate::error::{Error, Named, Result};
use crate::service::Service;

/// Only a model that no region and no tenant uses.
pub fn delete(
    service: &Service,
    context: &mut Context,
    permit: &Permit<DeleteKeyModel>,
    name: &KeyModelName,
) -> Result<()> {
    let author = context.author_of(permit.caller());
    service.database.write("delete key model", &author, &Chain::Platform, |db| {
        let model = find_own(db, name)?;
        context.expects(model.version)?;
        key_models::delete(permit, db, &model).referenced_means(Error::KeyModelInUse)?;
        Ok(db.record(AuditAction::KeyModelDeleted, Target::new("key_model", name), &[])?)
    })
}
