//! Rows of `gateways`.

use authz::{Action, OneGateway, Permit, Platform};
use diesel::prelude::*;
use domain::gateway::{Binding, Capabilities, Capability, Gateway};
use domain::id::GatewayId;
use domain::text::{Name, RegionCode};

use crate::Page;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::gateways;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("gateways");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = gateways, treat_none_as_default_value = false)]
pub(crate) struct GatewayRow {
    id: String,
    name: String,
    regions: String,
    capabilities: String,
    created_at: i64,
    version: i64,
}

pub fn find(permit: &Permit<impl Action<Object = OneGateway>>, db: &mut Reading<'_>) -> Result<Option<Gateway>> {
    find_by_id(db, permit.gateway())
}

/// Before there is a permit: for whoever holds one of its tokens, or asks for one.
pub(crate) fn find_by_id(db: &mut Reading<'_>, id: &GatewayId) -> Result<Option<Gateway>> {
    let row: Option<GatewayRow> = optional(gateways::table.find(id.as_str()).first(db.connection))?;
    row.map(Gateway::try_from).transpose()
}

/// By id.
pub fn list(_: &Permit<impl Action<Object = Platform>>, db: &mut Reading<'_>, page: &Page) -> Result<Vec<Gateway>> {
    let mut query = gateways::table.order(gateways::id).limit(page.limit).into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(gateways::id.gt(after));
    }
    query.load::<GatewayRow>(db.connection)?.into_iter().map(Gateway::try_from).collect()
}

pub fn insert(_: &Permit<impl Action<Object = Platform>>, db: &mut Writing<'_>, gateway: &Gateway) -> Result<()> {
    diesel::insert_into(gateways::table).values(&GatewayRow::from(gateway)).execute(db.connection())?;
    Ok(())
}

/// What a retried request has made.
pub fn find_made(
    _: &Permit<impl Action<Object = Platform>>,
    db: &mut Reading<'_>,
    id: &GatewayId,
) -> Result<Option<Gateway>> {
    find_by_id(db, id)
}

/// Stores a gateway read before, one version on.
pub fn update(
    permit: &Permit<impl Action<Object = OneGateway>>,
    db: &mut Writing<'_>,
    gateway: Gateway,
) -> Result<Gateway> {
    let read = gateway.version;
    let gateway = Gateway { version: read + 1, ..gateway };
    let found = gateways::table.find(permit.gateway().as_str()).filter(gateways::version.eq(read));
    exactly_one(diesel::update(found).set(GatewayRow::from(&gateway)).execute(db.connection())?)?;
    Ok(gateway)
}

pub fn delete(
    permit: &Permit<impl Action<Object = OneGateway>>,
    db: &mut Writing<'_>,
    gateway: &Gateway,
) -> Result<()> {
    let found = gateways::table.find(permit.gateway().as_str()).filter(gateways::version.eq(gateway.version));
    exactly_one(diesel::delete(found).execute(db.connection())?)
}

impl From<&Gateway> for GatewayRow {
    fn from(gateway: &Gateway) -> Self {
        let regions: Vec<&str> = gateway.binding.regions().iter().map(RegionCode::as_str).collect();
        let capabilities: Vec<&str> = gateway.capabilities.iter().map(Capability::as_str).collect();
        Self {
            id: gateway.id.to_string(),
            name: gateway.name.to_string(),
            regions: regions.join(" "),
            capabilities: capabilities.join(" "),
            created_at: micros(gateway.created_at),
            version: gateway.version,
        }
    }
}

impl TryFrom<GatewayRow> for Gateway {
    type Error = Error;

    fn try_from(row: GatewayRow) -> Result<Self> {
        let regions =
            row.regions.split(' ').map(|code| ROW.parse(RegionCode::parse, code)).collect::<Result<Vec<_>>>()?;
        let capabilities =
            row.capabilities.split(' ').map(|text| ROW.parse(Capability::parse, text)).collect::<Result<Vec<_>>>()?;
        let corrupt = |invalid| Error::corrupt("gateways", invalid);
        Ok(Self {
            id: ROW.parse(GatewayId::parse, &row.id)?,
            name: ROW.parse(Name::parse, &row.name)?,
            binding: Binding::new(regions).map_err(corrupt)?,
            capabilities: Capabilities::new(capabilities).map_err(corrupt)?,
            created_at: ROW.timestamp(row.created_at)?,
            version: row.version,
        })
    }
}
