//! Rows of `instances`.

use authz::OnTenant;
use diesel::prelude::*;
use domain::id::{InstanceId, TenantId};
use domain::instance::{NamedBy, StorageInstance};
use domain::text::{Description, Name, RegionCode};

use crate::Page;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::instances;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("instances");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = instances, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct InstanceRow {
    id: String,
    tenant_id: String,
    region: String,
    name: String,
    description: Option<String>,
    named_by: String,
    created_at: i64,
    version: i64,
}

pub fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &InstanceId) -> Result<Option<StorageInstance>> {
    let query = instances::table.find(id.as_str()).filter(instances::tenant_id.eq(permit.tenant().as_str()));
    let row: Option<InstanceRow> = optional(query.first(db.connection))?;
    row.map(StorageInstance::try_from).transpose()
}

/// By id; of one region if one is named.
pub fn list(
    permit: &impl OnTenant,
    db: &mut Reading<'_>,
    region: Option<&RegionCode>,
    page: &Page,
) -> Result<Vec<StorageInstance>> {
    let query = instances::table.filter(instances::tenant_id.eq(permit.tenant().as_str()));
    let mut query = query.order(instances::id).limit(page.limit).into_boxed();
    if let Some(region) = region {
        query = query.filter(instances::region.eq(region.as_str()));
    }
    if let Some(after) = &page.after {
        query = query.filter(instances::id.gt(after));
    }
    query.load::<InstanceRow>(db.connection)?.into_iter().map(StorageInstance::try_from).collect()
}

pub fn count_in(permit: &impl OnTenant, db: &mut Reading<'_>, region: &RegionCode) -> Result<i64> {
    let query = instances::table
        .filter(instances::tenant_id.eq(permit.tenant().as_str()))
        .filter(instances::region.eq(region.as_str()));
    Ok(query.count().get_result(db.connection)?)
}

pub fn insert(permit: &impl OnTenant, db: &mut Writing<'_>, instance: &StorageInstance) -> Result<()> {
    debug_assert_eq!(permit.tenant(), &instance.tenant);
    let row = InstanceRow::from(instance);
    diesel::insert_into(instances::table).values(&row).execute(db.connection())?;
    Ok(())
}

/// Stores an instance read before, one version on.
pub fn update(permit: &impl OnTenant, db: &mut Writing<'_>, instance: StorageInstance) -> Result<StorageInstance> {
    let read = instance.version;
    let instance = StorageInstance { version: read + 1, ..instance };
    let found = instances::table
        .find(instance.id.as_str())
        .filter(instances::tenant_id.eq(permit.tenant().as_str()))
        .filter(instances::version.eq(read));
    exactly_one(diesel::update(found).set(InstanceRow::from(&instance)).execute(db.connection())?)?;
    Ok(instance)
}

/// Fails with [`Error::Referenced`] while it has keys.
pub fn delete(permit: &impl OnTenant, db: &mut Writing<'_>, instance: &StorageInstance) -> Result<()> {
    let found = instances::table
        .find(instance.id.as_str())
        .filter(instances::tenant_id.eq(permit.tenant().as_str()))
        .filter(instances::version.eq(instance.version));
    exactly_one(diesel::delete(found).execute(db.connection())?)
}

impl From<&StorageInstance> for InstanceRow {
    fn from(instance: &StorageInstance) -> Self {
        Self {
            id: instance.id.to_string(),
            tenant_id: instance.tenant.to_string(),
            region: instance.region.to_string(),
            name: instance.name.to_string(),
            description: instance.description.as_ref().map(ToString::to_string),
            named_by: instance.named_by.as_str().to_owned(),
            created_at: micros(instance.created_at),
            version: instance.version,
        }
    }
}

impl TryFrom<InstanceRow> for StorageInstance {
    type Error = Error;

    fn try_from(row: InstanceRow) -> Result<Self> {
        Ok(Self {
            id: ROW.parse(InstanceId::parse, &row.id)?,
            tenant: ROW.parse(TenantId::parse, &row.tenant_id)?,
            region: ROW.parse(RegionCode::parse, &row.region)?,
            name: ROW.parse(Name::parse, &row.name)?,
            description: ROW.parse_if(Description::parse, row.description.as_deref())?,
            named_by: ROW.parse(NamedBy::parse, &row.named_by)?,
            created_at: ROW.timestamp(row.created_at)?,
            version: row.version,
        })
    }
}
