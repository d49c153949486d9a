//! Rows of `regions`.

use authz::{Action, Permit, Platform};
use diesel::prelude::*;
use domain::region::Region;
use domain::text::{Endpoint, KeyModelName, Name, RegionCode};

use crate::Page;
use crate::error::Result;
use crate::rows::{Row, micros};
use crate::schema::regions;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("regions");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = regions, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct RegionRow {
    code: String,
    name: String,
    s3_endpoint: String,
    key_model: String,
    created_at: i64,
    version: i64,
}

pub fn find(db: &mut Reading<'_>, code: &RegionCode) -> Result<Option<Region>> {
    let row: Option<RegionRow> = optional(regions::table.find(code.as_str()).first(db.connection))?;
    row.map(Region::try_from).transpose()
}

/// By code.
pub fn list(db: &mut Reading<'_>, page: &Page) -> Result<Vec<Region>> {
    let mut query = regions::table.order(regions::code).limit(page.limit).into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(regions::code.gt(after));
    }
    query.load::<RegionRow>(db.connection)?.into_iter().map(Region::try_from).collect()
}

pub fn insert(_: &Permit<impl Action<Object = Platform>>, db: &mut Writing<'_>, region: &Region) -> Result<()> {
    let row = RegionRow::from(region);
    diesel::insert_into(regions::table).values(&row).execute(db.connection())?;
    Ok(())
}

/// Stores a region read before, one version on.
pub fn update(_: &Permit<impl Action<Object = Platform>>, db: &mut Writing<'_>, region: Region) -> Result<Region> {
    let read = region.version;
    let region = Region { version: read + 1, ..region };
    let found = regions::table.find(region.code.as_str()).filter(regions::version.eq(read));
    exactly_one(diesel::update(found).set(RegionRow::from(&region)).execute(db.connection())?)?;
    Ok(region)
}

pub fn delete(_: &Permit<impl Action<Object = Platform>>, db: &mut Writing<'_>, region: &Region) -> Result<()> {
    let found = regions::table.find(region.code.as_str()).filter(regions::version.eq(region.version));
    exactly_one(diesel::delete(found).execute(db.connection())?)
}

impl From<&Region> for RegionRow {
    fn from(region: &Region) -> Self {
        Self {
            code: region.code.to_string(),
            name: region.name.to_string(),
            s3_endpoint: region.s3_endpoint.to_string(),
            key_model: region.key_model.to_string(),
            created_at: micros(region.created_at),
            version: region.version,
        }
    }
}

impl TryFrom<RegionRow> for Region {
    type Error = crate::Error;

    fn try_from(row: RegionRow) -> Result<Self> {
        Ok(Self {
            code: ROW.parse(RegionCode::parse, &row.code)?,
            name: ROW.parse(Name::parse, &row.name)?,
            s3_endpoint: ROW.parse(Endpoint::parse, &row.s3_endpoint)?,
            key_model: ROW.parse(KeyModelName::parse, &row.key_model)?,
            created_at: ROW.timestamp(row.created_at)?,
            version: row.version,
        })
    }
}
