//! Rows of `tenants`.

use authz::{Action, OnPartner, OnTenant, Permit, Reach};
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{PartnerId, TenantId};
use domain::partner::PartnerPath;
use domain::tenant::{Tenant, TenantStatus};
use domain::text::{ExternalRef, Name};

use crate::error::{Error, Result};
use crate::partners::subtree;
use crate::rows::{Row, micros};
use crate::schema::tenants;
use crate::transaction::{Reading, Writing, exactly_one, optional};
use crate::{Page, System};

const ROW: Row = Row("tenants");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = tenants, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct TenantRow {
    id: String,
    name: String,
    partner_id: Option<String>,
    partner_path: Option<String>,
    external_ref: Option<String>,
    created_at: i64,
    suspended_at: Option<i64>,
    delete_at: Option<i64>,
    version: i64,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub partner: Option<PartnerId>,
    pub status: Option<TenantStatus>,
    pub external_ref: Option<String>,
}

/// The tenant that the permit is for.
pub fn find(permit: &impl OnTenant, db: &mut Reading<'_>) -> Result<Option<Tenant>> {
    let row: Option<TenantRow> = optional(tenants::table.find(permit.tenant().as_str()).first(db.connection))?;
    row.map(Tenant::try_from).transpose()
}

/// By id, those that the caller can see and that still exist.
pub fn list(
    permit: &Permit<impl Action>,
    db: &mut Reading<'_>,
    now: Timestamp,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Tenant>> {
    let mut query = tenants::table.order(tenants::id).limit(page.limit).into_boxed();
    query = query.filter(tenants::delete_at.is_null().or(tenants::delete_at.gt(micros(now))));
    query = match permit.reach() {
        Reach::Everything => query,
        Reach::Subtree(path) => {
            let (from, to) = subtree(&path);
            query.filter(tenants::partner_path.ge(from)).filter(tenants::partner_path.lt(to))
        }
        Reach::OneTenant(id) => query.filter(tenants::id.eq(id.to_string())),
        Reach::Nothing => return Ok(Vec::new()),
    };
    if let Some(partner) = &filter.partner {
        query = query.filter(tenants::partner_id.eq(partner.to_string()));
    }
    if let Some(reference) = &filter.external_ref {
        query = query.filter(tenants::external_ref.eq(reference));
    }
    query = match filter.status {
        None => query,
        Some(TenantStatus::Deleting) => query.filter(tenants::delete_at.is_not_null()),
        Some(TenantStatus::Suspended) => {
            query.filter(tenants::delete_at.is_null()).filter(tenants::suspended_at.is_not_null())
        }
        Some(TenantStatus::Active) => {
            query.filter(tenants::delete_at.is_null()).filter(tenants::suspended_at.is_null())
        }
    };
    if let Some(after) = &page.after {
        query = query.filter(tenants::id.gt(after));
    }
    query.load::<TenantRow>(db.connection)?.into_iter().map(Tenant::try_from).collect()
}

/// By id, those of a partner and of the partners below it that still exist.
pub fn list_below(permit: &impl OnPartner, db: &mut Reading<'_>, now: Timestamp, page: &Page) -> Result<Vec<Tenant>> {
    let (from, to) = subtree(permit.path());
    let query = tenants::table
        .filter(tenants::delete_at.is_null().or(tenants::delete_at.gt(micros(now))))
        .filter(tenants::partner_path.ge(from))
        .filter(tenants::partner_path.lt(to))
        .filter(tenants::id.gt(page.after.as_deref().unwrap_or_default()))
        .order(tenants::id)
        .limit(page.limit);
    query.load::<TenantRow>(db.connection)?.into_iter().map(Tenant::try_from).collect()
}

pub fn insert(_: &Permit<impl Action>, db: &mut Writing<'_>, tenant: &Tenant) -> Result<()> {
    let row = TenantRow::from(tenant);
    diesel::insert_into(tenants::table).values(&row).execute(db.connection())?;
    Ok(())
}

/// Stores a tenant read before, one version on.
pub fn update(permit: &impl OnTenant, db: &mut Writing<'_>, tenant: Tenant) -> Result<Tenant> {
    let read = tenant.version;
    let tenant = Tenant { version: read + 1, ..tenant };
    let found = tenants::table.find(permit.tenant().as_str()).filter(tenants::version.eq(read));
    exactly_one(diesel::update(found).set(TenantRow::from(&tenant)).execute(db.connection())?)?;
    Ok(tenant)
}

/// Tenants whose deletion is due, and which the purge has not removed yet.
pub fn due_for_purge(_: System, db: &mut Reading<'_>, now: Timestamp, most: i64) -> Result<Vec<Tenant>> {
    let query = tenants::table.filter(tenants::delete_at.le(micros(now))).order(tenants::delete_at).limit(most);
    query.load::<TenantRow>(db.connection)?.into_iter().map(Tenant::try_from).collect()
}

impl From<&Tenant> for TenantRow {
    fn from(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id.to_string(),
            name: tenant.name.to_string(),
            partner_id: tenant.partner.as_ref().map(|path| path.leaf().to_string()),
            partner_path: tenant.partner.as_ref().map(ToString::to_string),
            external_ref: tenant.external_ref.as_ref().map(ToString::to_string),
            created_at: micros(tenant.created_at),
            suspended_at: tenant.suspended_at.map(micros),
            delete_at: tenant.delete_at.map(micros),
            version: tenant.version,
        }
    }
}

impl TryFrom<TenantRow> for Tenant {
    type Error = Error;

    fn try_from(row: TenantRow) -> Result<Self> {
        let partner = ROW.parse_if(PartnerPath::parse, row.partner_path.as_deref())?;
        if partner.as_ref().map(|path| path.leaf().as_str()) != row.partner_id.as_deref() {
            return Err(Error::corrupt("tenants", "the path does not lead to the partner"));
        }
        Ok(Self {
            id: ROW.parse(TenantId::parse, &row.id)?,
            name: ROW.parse(Name::parse, &row.name)?,
            partner,
            external_ref: ROW.parse_if(ExternalRef::parse, row.external_ref.as_deref())?,
            created_at: ROW.timestamp(row.created_at)?,
            suspended_at: ROW.timestamp_if(row.suspended_at)?,
            delete_at: ROW.timestamp_if(row.delete_at)?,
            version: row.version,
        })
    }
}
