use authz::Permit;
use authz::action::ChangeRegion;
use domain::audit::{AuditAction, Chain, Target};
use domain::region::Region;
use domain::text::{Endpoint, KeyModelName, Name, RegionCode};
use persistence::regions;

use super::{check_key_model, find};
use crate::context::Context;
use crate::error::Result;
use crate::service::Service;

/// What is to be different; the rest stays.
pub struct RegionChange {
    pub name: Option<Name>,
    pub s3_endpoint: Option<Endpoint>,
    pub key_model: Option<KeyModelName>,
}

/// Another key model counts for keys made from now on; keys that are there keep working.
pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangeRegion>,
    code: &RegionCode,
    change: &RegionChange,
) -> Result<Region> {
    let author = context.author_of(permit.caller());
    service.database.write("change region", &author, &Chain::Platform, |db| {
        let before = find(db, code)?;
        context.expects(before.version)?;
        if let Some(key_model) = &change.key_model {
            check_key_model(db, key_model)?;
        }
        let region = Region {
            name: change.name.clone().unwrap_or_else(|| before.name.clone()),
            s3_endpoint: change.s3_endpoint.clone().unwrap_or_else(|| before.s3_endpoint.clone()),
            key_model: change.key_model.clone().unwrap_or_else(|| before.key_model.clone()),
            ..before
        };
        let region = regions::update(permit, db, region)?;
        let details = [
            ("name", region.name.to_string()),
            ("s3_endpoint", region.s3_endpoint.to_string()),
            ("key_model", region.key_model.to_string()),
        ];
        db.record(AuditAction::RegionChanged, Target::new("region", code), &details)?;
        Ok(region)
    })
}
