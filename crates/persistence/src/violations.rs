//! Who below a partner would break a guardrail: counted by the database, with the first of them by name.

use authz::OnPartner;
use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use domain::Timestamp;
use domain::guardrails::{Guardrail, Guardrails};
use domain::id::{KeyId, TenantId};
use domain::text::RegionCode;

use crate::dialect::AnyConnection;
use crate::error::Result;
use crate::partners::subtree;
use crate::rows::{Row, micros};
use crate::schema::{keys, regions, tenant_regions, tenants};
use crate::transaction::Reading;

const ROW: Row = Row("keys");

type Db = <AnyConnection as Connection>::Backend;

/// What one guardrail would forbid of what there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    pub tenants: i64,
    pub keys: i64,
    pub first: Vec<Violator>,
}

/// A key, a tenant's region, or a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violator {
    pub tenant: TenantId,
    pub key: Option<KeyId>,
    pub region: Option<RegionCode>,
}

/// The tenants below that are there.
macro_rules! tenants_below {
    ($range:expr, $now:expr) => {
        tenants::table
            .filter(tenants::partner_path.ge($range.0.clone()))
            .filter(tenants::partner_path.lt($range.1.clone()))
            .filter(tenants::delete_at.is_null().or(tenants::delete_at.assume_not_null().gt($now)))
            .select(tenants::id)
    };
}

/// Their keys that are not over.
macro_rules! keys_below {
    ($range:expr, $now:expr) => {
        keys::table
            .filter(keys::tenant_id.eq_any(tenants_below!($range, $now)))
            .filter(keys::state.ne("revoked"))
            .filter(keys::expires_at.is_null().or(keys::expires_at.assume_not_null().gt($now)))
    };
}

/// At most so many are named.
pub fn of(
    permit: &impl OnPartner,
    db: &mut Reading<'_>,
    now: Timestamp,
    rules: &Guardrails,
    guardrail: Guardrail,
    most: i64,
) -> Result<Violations> {
    let search = Search { range: subtree(permit.path()), now: micros(now), most };
    match guardrail {
        Guardrail::MaxTtl | Guardrail::RequireExpiry | Guardrail::RequireBucketScope => {
            search.of_keys(db, rules, guardrail)
        }
        Guardrail::AllowedRegions => search.of_regions(db, rules),
        Guardrail::AllowedKeyModels => search.of_key_models(db, rules),
        Guardrail::MaxKeysPerTenant => search.of_numbers(db, rules),
        // About what is made, not about what is there.
        Guardrail::PartnersMayNotSeeSecrets => Ok(Violations::default()),
    }
}

struct Search {
    range: (String, String),
    now: i64,
    most: i64,
}

impl Search {
    fn of_keys(&self, db: &mut Reading<'_>, rules: &Guardrails, guardrail: Guardrail) -> Result<Violations> {
        let breaking = || {
            let all = keys_below!(self.range, self.now).into_boxed::<Db>();
            match (guardrail, rules.max_ttl) {
                (Guardrail::MaxTtl, Some(ttl)) => {
                    let latest = keys::created_at + ttl.num_microseconds().unwrap_or(i64::MAX);
                    let is_late = keys::expires_at.assume_not_null().gt(latest);
                    Some(all.filter(keys::expires_at.is_null().or(is_late)))
                }
                (Guardrail::RequireExpiry, _) if rules.require_expiry => Some(all.filter(keys::expires_at.is_null())),
                (Guardrail::RequireBucketScope, _) if rules.require_bucket_scope => {
                    Some(all.filter(keys::all_buckets.eq(true)))
                }
                _ => None,
            }
        };
        let (Some(counted), Some(named)) = (breaking(), breaking()) else { return Ok(Violations::default()) };
        let (tenants, keys) = counted
            .select((count(keys::tenant_id).aggregate_distinct(), count_star()))
            .first::<(i64, i64)>(db.connection)?;
        let named = named.order((keys::tenant_id, keys::id)).limit(self.most).select((keys::tenant_id, keys::id));
        let named: Vec<(String, String)> = named.load(db.connection)?;
        let first = named.into_iter().map(|(tenant, key)| violator(&tenant, Some(&key), None));
        Ok(Violations { tenants, keys, first: first.collect::<Result<_>>()? })
    }

    /// A tenant that has a region, whether it has made keys there or not.
    fn of_regions(&self, db: &mut Reading<'_>, rules: &Guardrails) -> Result<Violations> {
        let Some(allowed) = &rules.allowed_regions else { return Ok(Violations::default()) };
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let having = || {
            tenant_regions::table
                .filter(tenant_regions::tenant_id.eq_any(tenants_below!(self.range, self.now)))
                .filter(tenant_regions::available.eq(true))
                .filter(tenant_regions::region.ne_all(allowed.clone()))
        };
        let tenants = having().select(count(tenant_regions::tenant_id).aggregate_distinct()).first(db.connection)?;
        let keys = keys_below!(self.range, self.now).filter(keys::region.ne_all(allowed.clone()));
        let keys = keys.count().get_result(db.connection)?;
        let named = having().order((tenant_regions::tenant_id, tenant_regions::region)).limit(self.most);
        let named = named.select((tenant_regions::tenant_id, tenant_regions::region));
        Ok(Violations { tenants, keys, first: places(named.load(db.connection)?)? })
    }

    fn of_key_models(&self, db: &mut Reading<'_>, rules: &Guardrails) -> Result<Violations> {
        let Some(allowed) = &rules.allowed_key_models else { return Ok(Violations::default()) };
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let is_other = || {
            let own = tenant_regions::key_model;
            let own_is = own.is_not_null().and(own.assume_not_null().ne_all(allowed.clone()));
            own_is.or(own.is_null().and(regions::key_model.ne_all(allowed.clone())))
        };
        let having = || {
            tenant_regions::table
                .inner_join(regions::table.on(regions::code.eq(tenant_regions::region)))
                .filter(tenant_regions::tenant_id.eq_any(tenants_below!(self.range, self.now)))
                .filter(tenant_regions::available.eq(true))
                .filter(is_other())
        };
        let tenants = having().select(count(tenant_regions::tenant_id).aggregate_distinct()).first(db.connection)?;
        let there = keys::table
            .inner_join(
                tenant_regions::table
                    .on(tenant_regions::tenant_id.eq(keys::tenant_id).and(tenant_regions::region.eq(keys::region))),
            )
            .inner_join(regions::table.on(regions::code.eq(keys::region)))
            .filter(keys::tenant_id.eq_any(tenants_below!(self.range, self.now)))
            .filter(keys::state.ne("revoked"))
            .filter(keys::expires_at.is_null().or(keys::expires_at.assume_not_null().gt(self.now)))
            .filter(is_other());
        let keys = there.count().get_result(db.connection)?;
        let named = having().order((tenant_regions::tenant_id, tenant_regions::region)).limit(self.most);
        let named = named.select((tenant_regions::tenant_id, tenant_regions::region));
        Ok(Violations { tenants, keys, first: places(named.load(db.connection)?)? })
    }

    /// Tenants with too many keys, and by how many these are too many.
    fn of_numbers(&self, db: &mut Reading<'_>, rules: &Guardrails) -> Result<Violations> {
        let Some(allowed) = rules.max_keys_per_tenant.map(i64::from) else { return Ok(Violations::default()) };
        let counted: Vec<(String, i64)> = keys_below!(self.range, self.now)
            .group_by(keys::tenant_id)
            .having(count_star().gt(allowed))
            .order(keys::tenant_id)
            .select((keys::tenant_id, count_star()))
            .load(db.connection)?;
        let most = usize::try_from(self.most).unwrap_or(0);
        let first = counted.iter().take(most).map(|(tenant, _)| violator(tenant, None, None)).collect::<Result<_>>()?;
        let tenants = i64::try_from(counted.len()).unwrap_or(i64::MAX);
        Ok(Violations { tenants, keys: counted.iter().map(|(_, count)| count - allowed).sum(), first })
    }
}

fn places(rows: Vec<(String, String)>) -> Result<Vec<Violator>> {
    rows.into_iter().map(|(tenant, region)| violator(&tenant, None, Some(&region))).collect()
}

fn violator(tenant: &str, key: Option<&str>, region: Option<&str>) -> Result<Violator> {
    Ok(Violator {
        tenant: ROW.parse(TenantId::parse, tenant)?,
        key: ROW.parse_if(KeyId::parse, key)?,
        region: ROW.parse_if(RegionCode::parse, region)?,
    })
}
