//! Rows of `tenant_regions`: what a tenant has where. No row means that it has never been decided.

use authz::OnTenant;
use diesel::prelude::*;
use domain::tenant_region::{GatewaySecrets, Service, TenantRegion};
use domain::text::{KeyModelName, RegionCode};

use crate::error::{Error, Result};
use crate::rows::Row;
use crate::schema::tenant_regions;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("tenant_regions");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = tenant_regions, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct TenantRegionRow {
    tenant_id: String,
    region: String,
    available: bool,
    key_model: Option<String>,
    version: i64,
    gateway_secrets: bool,
}

pub fn find(permit: &impl OnTenant, db: &mut Reading<'_>, region: &RegionCode) -> Result<Option<TenantRegion>> {
    let query = tenant_regions::table.find((permit.tenant().as_str(), region.as_str()));
    let row: Option<TenantRegionRow> = optional(query.first(db.connection))?;
    row.map(TenantRegion::try_from).transpose()
}

/// By region; those in the given regions.
pub fn list(permit: &impl OnTenant, db: &mut Reading<'_>, regions: &[RegionCode]) -> Result<Vec<TenantRegion>> {
    let codes: Vec<&str> = regions.iter().map(RegionCode::as_str).collect();
    let query = tenant_regions::table
        .filter(tenant_regions::tenant_id.eq(permit.tenant().as_str()))
        .filter(tenant_regions::region.eq_any(codes))
        .order(tenant_regions::region);
    query.load::<TenantRegionRow>(db.connection)?.into_iter().map(TenantRegion::try_from).collect()
}

pub fn insert(permit: &impl OnTenant, db: &mut Writing<'_>, region: &TenantRegion) -> Result<()> {
    let row = TenantRegionRow::of(permit, region);
    diesel::insert_into(tenant_regions::table).values(&row).execute(db.connection())?;
    Ok(())
}

/// Stores what was read before, one version on.
pub fn update(permit: &impl OnTenant, db: &mut Writing<'_>, region: TenantRegion) -> Result<TenantRegion> {
    let read = region.version;
    let region = TenantRegion { version: read + 1, ..region };
    let found = tenant_regions::table
        .find((permit.tenant().as_str(), region.region.as_str()))
        .filter(tenant_regions::version.eq(read));
    let row = TenantRegionRow::of(permit, &region);
    exactly_one(diesel::update(found).set(row).execute(db.connection())?)?;
    Ok(region)
}

impl TenantRegionRow {
    fn of(permit: &impl OnTenant, region: &TenantRegion) -> Self {
        Self {
            tenant_id: permit.tenant().to_string(),
            region: region.region.to_string(),
            available: region.service == Service::Available,
            key_model: region.key_model.as_ref().map(ToString::to_string),
            version: region.version,
            gateway_secrets: region.gateway_secrets == GatewaySecrets::Allowed,
        }
    }
}

impl TryFrom<TenantRegionRow> for TenantRegion {
    type Error = Error;

    fn try_from(row: TenantRegionRow) -> Result<Self> {
        Ok(Self {
            region: ROW.parse(RegionCode::parse, &row.region)?,
            service: if row.available { Service::Available } else { Service::Unavailable },
            key_model: ROW.parse_if(KeyModelName::parse, row.key_model.as_deref())?,
            gateway_secrets: if row.gateway_secrets { GatewaySecrets::Allowed } else { GatewaySecrets::Forbidden },
            version: row.version,
        })
    }
}
