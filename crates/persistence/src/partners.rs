//! Rows of `partners`.

use std::collections::BTreeSet;

use authz::{Action, OnPartner, Permit, Reach};
use chrono::TimeDelta;
use diesel::prelude::*;
use domain::Invalid;
use domain::guardrails::Guardrails;
use domain::id::PartnerId;
use domain::partner::{EmergencyStop, Partner, PartnerPath, StoppedBy};
use domain::text::{KeyModelName, Name, Reason, RegionCode};

use crate::Page;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::partners;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("partners");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = partners, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct PartnerRow {
    id: String,
    path: String,
    parent_id: Option<String>,
    name: String,
    created_at: i64,
    suspended_at: Option<i64>,
    version: i64,
    max_ttl_seconds: Option<i64>,
    require_expiry: bool,
    require_bucket_scope: bool,
    allowed_regions: Option<String>,
    allowed_key_models: Option<String>,
    max_keys_per_tenant: Option<i64>,
    partners_may_not_see_secrets: bool,
    stopped_at: Option<i64>,
    stopped_by: Option<String>,
    stop_reason: Option<String>,
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

/// By path, the permit's partner and everybody below it.
pub fn all_below(permit: &impl OnPartner, db: &mut Reading<'_>) -> Result<Vec<Partner>> {
    let (from, to) = subtree(permit.path());
    let query = partners::table.filter(partners::path.ge(from)).filter(partners::path.lt(to)).order(partners::path);
    query.load::<PartnerRow>(db.connection)?.into_iter().map(Partner::try_from).collect()
}

/// By path, those on the paths that lead to these, themselves included.
pub fn on_paths_to(_: &Permit<impl Action>, db: &mut Reading<'_>, partners: &[Partner]) -> Result<Vec<Partner>> {
    let ids: BTreeSet<&str> = partners.iter().flat_map(|partner| partner.path.ids()).map(PartnerId::as_str).collect();
    let query = partners::table.filter(partners::id.eq_any(ids)).order(partners::path);
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
            max_ttl_seconds: partner.guardrails.max_ttl.map(|ttl| ttl.num_seconds()),
            require_expiry: partner.guardrails.require_expiry,
            require_bucket_scope: partner.guardrails.require_bucket_scope,
            allowed_regions: partner.guardrails.allowed_regions.as_ref().map(joined),
            allowed_key_models: partner.guardrails.allowed_key_models.as_ref().map(joined),
            max_keys_per_tenant: partner.guardrails.max_keys_per_tenant.map(i64::from),
            partners_may_not_see_secrets: partner.guardrails.partners_may_not_see_secrets,
            stopped_at: partner.stop.as_ref().map(|stop| micros(stop.at)),
            stopped_by: partner.stop.as_ref().and_then(|stop| match &stop.by {
                StoppedBy::Operator => None,
                StoppedBy::Partner(path) => Some(path.to_string()),
            }),
            stop_reason: partner.stop.as_ref().map(|stop| stop.reason.to_string()),
        }
    }
}

fn joined<T: ToString>(names: &BTreeSet<T>) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
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
            stop: stop(&row)?,
            guardrails: guardrails(&row)?,
            version: row.version,
        })
    }
}

fn stop(row: &PartnerRow) -> Result<Option<EmergencyStop>> {
    let (at, reason) = match (row.stopped_at, &row.stop_reason) {
        (None, None) => return Ok(None),
        (Some(at), Some(reason)) => (ROW.timestamp(at)?, ROW.parse(Reason::parse, reason)?),
        (Some(_), None) | (None, Some(_)) => return Err(Error::corrupt("partners", "a stop lacks its reason or time")),
    };
    let by = ROW.parse_if(PartnerPath::parse, row.stopped_by.as_deref())?;
    Ok(Some(EmergencyStop { at, by: by.map_or(StoppedBy::Operator, StoppedBy::Partner), reason }))
}

fn guardrails(row: &PartnerRow) -> Result<Guardrails> {
    Ok(Guardrails {
        max_ttl: row.max_ttl_seconds.map(TimeDelta::seconds),
        require_expiry: row.require_expiry,
        require_bucket_scope: row.require_bucket_scope,
        allowed_regions: row.allowed_regions.as_deref().map(|names| parted(names, RegionCode::parse)).transpose()?,
        allowed_key_models: row
            .allowed_key_models
            .as_deref()
            .map(|names| parted(names, KeyModelName::parse))
            .transpose()?,
        max_keys_per_tenant: row.max_keys_per_tenant.map(|most| ROW.number(most)).transpose()?,
        partners_may_not_see_secrets: row.partners_may_not_see_secrets,
    })
}

fn parted<T: Ord>(names: &str, parse: impl Fn(&str) -> Result<T, Invalid>) -> Result<BTreeSet<T>> {
    names.split_ascii_whitespace().map(|name| ROW.parse(&parse, name)).collect()
}
