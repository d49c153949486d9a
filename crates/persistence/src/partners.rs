//! Rows of `partners`.

use authz::{Action, OnPartner, Permit, Reach};
use diesel::prelude::*;
use domain::id::PartnerId;
use domain::partner::{Partner, PartnerPath};
use domain::text::Name;

use crate::Page;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::partners;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("partners");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = partners, treat_none_as_null = true)]
pub(crate) struct PartnerRow {
    id: String,
    path: String,
    parent_id: Option<String>,
    name: String,
    created_at: i64,
    suspended_at: Option<i64>,
    version: i64,
}

/// The partner that the permit is for.
pub fn find(permit: &impl OnPartner, db: &mut Reading<'_>) -> Result<Option<Partner>> {
    let row: Option<PartnerRow> = optional(partners::table.find(permit.partner().as_str()).first(db.connection))?;
    row.map(Partner::try_from).transpose()
}

/// By id, those that the caller can see, itself included.
pub fn list(permit: &Permit<impl Action>, db: &mut Reading<'_>, page: &Page) -> Result<Vec<Partner>> {
    let mut query = partners::table.order(partners::id).limit(page.limit).into_boxed();
    query = match permit.reach() {
        Reach::Everything => query,
        Reach::Subtree(path) => {
            let (from, to) = subtree(&path);
            query.filter(partners::path.ge(from)).filter(partners::path.lt(to))
        }
        Reach::OneTenant(_) | Reach::Nothing => return Ok(Vec::new()),
    };
    if let Some(after) = &page.after {
        query = query.filter(partners::id.gt(after));
    }
    query.load::<PartnerRow>(db.connection)?.into_iter().map(Partner::try_from).collect()
}

pub fn insert(_: &Permit<impl Action>, db: &mut Writing<'_>, partner: &Partner) -> Result<()> {
    let row = PartnerRow::from(partner);
    diesel::insert_into(partners::table).values(&row).execute(db.connection())?;
    Ok(())
}

/// Stores a partner read before, one version on.
pub fn update(permit: &impl OnPartner, db: &mut Writing<'_>, partner: Partner) -> Result<Partner> {
    let read = partner.version;
    let partner = Partner { version: read + 1, ..partner };
    let found = partners::table.find(permit.partner().as_str()).filter(partners::version.eq(read));
    exactly_one(diesel::update(found).set(PartnerRow::from(&partner)).execute(db.connection())?)?;
    Ok(partner)
}

/// Fails with [`Error::Referenced`] while it has tenants, partners below it or tokens.
pub fn delete(permit: &impl OnPartner, db: &mut Writing<'_>, partner: &Partner) -> Result<()> {
    let found = partners::table.find(permit.partner().as_str()).filter(partners::version.eq(partner.version));
    exactly_one(diesel::delete(found).execute(db.connection())?)
}

/// The range of paths of a partner and everything below it: `/` is followed by `0` in every collation we use.
pub(crate) fn subtree(path: &PartnerPath) -> (String, String) {
    let from = path.to_string();
    let to = format!("{}0", from.trim_end_matches('/'));
    (from, to)
}

impl From<&Partner> for PartnerRow {
    fn from(partner: &Partner) -> Self {
        Self {
            id: partner.id().to_string(),
            path: partner.path.to_string(),
            parent_id: partner.path.parent().map(ToString::to_string),
            name: partner.name.to_string(),
            created_at: micros(partner.created_at),
            suspended_at: partner.suspended_at.map(micros),
            version: partner.version,
        }
    }
}

impl TryFrom<PartnerRow> for Partner {
    type Error = Error;

    fn try_from(row: PartnerRow) -> Result<Self> {
        let path = ROW.parse(PartnerPath::parse, &row.path)?;
        if path.leaf().as_str() != row.id || path.parent().map(PartnerId::as_str) != row.parent_id.as_deref() {
            return Err(Error::corrupt("partners", "the path does not lead to the partner"));
        }
        Ok(Self {
            path,
            name: ROW.parse(Name::parse, &row.name)?,
            created_at: ROW.timestamp(row.created_at)?,
            suspended_at: ROW.timestamp_if(row.suspended_at)?,
            version: row.version,
        })
    }
}
