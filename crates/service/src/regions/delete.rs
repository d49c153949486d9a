use authz::Permit;
use authz::action::DeleteRegion;
use domain::audit::{AuditAction, Chain, Target};
use domain::text::RegionCode;
use persistence::regions;

use super::find;
use crate::context::Context;
use crate::error::{Error, Named, Result};
use crate::service::Service;

/// Only a region that no tenant ever had.
pub fn delete(
    service: &Service,
    context: &mut Context,
    permit: &Permit<DeleteRegion>,
    code: &RegionCode,
) -> Result<()> {
    let author = context.author_of(permit.caller());
    service.database.write("delete region", &author, &Chain::Platform, |db| {
        let region = find(db, code)?;
        context.expects(region.version)?;
        regions::delete(permit, db, &region).referenced_means(Error::RegionInUse)?;
        Ok(db.record(AuditAction::RegionDeleted, Target::new("region", code), &[])?)
    })
}
