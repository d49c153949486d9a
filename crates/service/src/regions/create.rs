use authz::Permit;
use authz::action::CreateRegion;
use domain::audit::{AuditAction, Chain, Target};
use domain::region::Region;
use domain::text::{Endpoint, KeyModelName, Name, RegionCode};
use persistence::regions;

use super::check_key_model;
use crate::context::Context;
use crate::error::{Error, Named, Result};
use crate::service::Service;

pub struct NewRegion {
    pub code: RegionCode,
    pub name: Name,
    pub s3_endpoint: Endpoint,
    pub key_model: KeyModelName,
}

pub fn create(
    service: &Service,
    context: &mut Context,
    permit: &Permit<CreateRegion>,
    new: NewRegion,
) -> Result<Region> {
    let NewRegion { code, name, s3_endpoint, key_model } = new;
    let region = Region { code, name, s3_endpoint, key_model, created_at: context.now, version: 1 };
    let author = context.author_of(permit.caller());
    service.write_once(
        "create region",
        context,
        &author,
        &Chain::Platform,
        |db| {
            check_key_model(db, &region.key_model)?;
            regions::insert(permit, db, &region).taken_means(Error::RegionExists)?;
            let details = [
                ("name", region.name.to_string()),
                ("s3_endpoint", region.s3_endpoint.to_string()),
                ("key_model", region.key_model.to_string()),
            ];
            db.record(AuditAction::RegionCreated, Target::new("region", &region.code), &details)?;
            Ok(region.clone())
        },
        |db, _, _| Ok(regions::find(db, &region.code)?),
    )
}
