//! What a tenant's keys in one region go by: the region, what the tenant has decided there, and the key model of the two.

use authz::OnTenant;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use domain::key_model::KeyModel;
use domain::region::Region;
use domain::tenant_region::TenantRegion;
use domain::text::RegionCode;

use crate::error::Result;
use crate::key_models::KeyModelRow;
use crate::regions::RegionRow;
use crate::schema::{key_models, regions, tenant_regions};
use crate::tenant_regions::TenantRegionRow;
use crate::transaction::{Reading, optional};

define_sql_function! {
    /// The first that is not null.
    fn coalesce(one: Nullable<Text>, other: Nullable<Text>) -> Nullable<Text>;
}

/// Asked for by nearly everything that is done to a key, so it is one statement.
pub fn find(
    permit: &impl OnTenant,
    db: &mut Reading<'_>,
    code: &RegionCode,
) -> Result<Option<(Region, Option<TenantRegion>, KeyModel)>> {
    let own = tenant_regions::region.eq(regions::code).and(tenant_regions::tenant_id.eq(permit.tenant().to_string()));
    let model = coalesce(tenant_regions::key_model.nullable(), regions::key_model.nullable());
    let query = regions::table
        .left_join(tenant_regions::table.on(own))
        .inner_join(key_models::table.on(key_models::name.nullable().eq(model)))
        .filter(regions::code.eq(code.as_str()))
        .select((regions::all_columns, tenant_regions::all_columns.nullable(), key_models::all_columns));
    let found: Option<(RegionRow, Option<TenantRegionRow>, KeyModelRow)> = optional(query.first(db.connection))?;
    let Some((region, own, model)) = found else { return Ok(None) };
    Ok(Some((region.try_into()?, own.map(TenantRegion::try_from).transpose()?, model.try_into()?)))
}
