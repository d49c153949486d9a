//! Counts of keys by what is to be said against them. The database counts; no key leaves it.

use std::collections::HashMap;

use authz::{OnPartner, OnTenant};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use domain::Timestamp;
use domain::posture::{LONG_UNUSED, Posture, UNUSED};
use domain::tenant::Tenant;

use crate::error::Result;
use crate::partners::subtree;
use crate::rows::micros;
use crate::transaction::Reading;
use crate::{Page, tenants};

/// One text for both databases. The order of the joins is the way through the indexes: from each tenant to its regions,
/// from there to the model that says how old a pair may be, and only then to the keys, which are read once.
///
/// $1 is now, $2 and $3 the moments since which an unused key has not been used.
const COUNTS: &str = "
    count(*) AS \"keys\",
    count(CASE WHEN keys.state = 'active' THEN 1 END) AS active,
    count(CASE WHEN keys.rotated_at + key_models.rotate_after_days * 86400000000 <= $1 THEN 1 END) AS past_rotation_age,
    count(CASE WHEN keys.created_at <= $2 AND NOT EXISTS (SELECT 1 FROM key_usage WHERE key_usage.key_id = keys.id
        AND key_usage.last_used_at > $2) THEN 1 END) AS unused_45_days,
    count(CASE WHEN keys.created_at <= $3 AND NOT EXISTS (SELECT 1 FROM key_usage WHERE key_usage.key_id = keys.id
        AND key_usage.last_used_at > $3) THEN 1 END) AS unused_90_days,
    count(CASE WHEN keys.all_buckets THEN 1 END) AS all_buckets,
    count(CASE WHEN keys.expires_at IS NULL THEN 1 END) AS without_expiry
    FROM tenants
    CROSS JOIN tenant_regions
    CROSS JOIN regions
    CROSS JOIN key_models
    CROSS JOIN keys
    WHERE tenant_regions.tenant_id = tenants.id AND regions.code = tenant_regions.region
    AND key_models.name = coalesce(tenant_regions.key_model, regions.key_model)
    AND keys.tenant_id = tenants.id AND keys.region = regions.code
    AND keys.state <> 'revoked' AND (keys.expires_at IS NULL OR keys.expires_at > $1)";

const OF_SUBTREE: &str = "AND tenants.partner_path >= $4 AND tenants.partner_path < $5
    AND (tenants.delete_at IS NULL OR tenants.delete_at > $1)";

#[derive(QueryableByName)]
struct CountsRow {
    #[diesel(sql_type = BigInt)]
    keys: i64,
    #[diesel(sql_type = BigInt)]
    active: i64,
    #[diesel(sql_type = BigInt)]
    past_rotation_age: i64,
    #[diesel(sql_type = BigInt)]
    unused_45_days: i64,
    #[diesel(sql_type = BigInt)]
    unused_90_days: i64,
    #[diesel(sql_type = BigInt)]
    all_buckets: i64,
    #[diesel(sql_type = BigInt)]
    without_expiry: i64,
}

#[derive(QueryableByName)]
struct TenantCountsRow {
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(embed)]
    counts: CountsRow,
}

pub fn of_tenant(permit: &impl OnTenant, db: &mut Reading<'_>, now: Timestamp) -> Result<Posture> {
    let query = diesel::sql_query(format!("SELECT {COUNTS} AND tenants.id = $4"))
        .bind::<BigInt, _>(micros(now))
        .bind::<BigInt, _>(micros(now - UNUSED))
        .bind::<BigInt, _>(micros(now - LONG_UNUSED))
        .bind::<Text, _>(permit.tenant().as_str());
    Ok(query.get_result::<CountsRow>(db.connection)?.into())
}

/// Of all tenants of a partner and of the partners below it.
pub fn of_partner(permit: &impl OnPartner, db: &mut Reading<'_>, now: Timestamp) -> Result<Posture> {
    let (from, to) = subtree(permit.path());
    let query = diesel::sql_query(format!("SELECT {COUNTS} {OF_SUBTREE}"))
        .bind::<BigInt, _>(micros(now))
        .bind::<BigInt, _>(micros(now - UNUSED))
        .bind::<BigInt, _>(micros(now - LONG_UNUSED))
        .bind::<Text, _>(from)
        .bind::<Text, _>(to);
    Ok(query.get_result::<CountsRow>(db.connection)?.into())
}

/// Of each of these tenants, by id; those without keys included.
pub fn by_tenant(
    permit: &impl OnPartner,
    db: &mut Reading<'_>,
    now: Timestamp,
    page: &Page,
) -> Result<Vec<(Tenant, Posture)>> {
    let tenants = tenants::list_below(permit, db, now, page)?;
    let (Some(first), Some(last)) = (tenants.first(), tenants.last()) else { return Ok(Vec::new()) };
    let (from, to) = subtree(permit.path());
    let text = format!(
        "SELECT tenants.id AS tenant_id, {COUNTS} {OF_SUBTREE} AND tenants.id >= $6 AND tenants.id <= $7 \
         GROUP BY tenants.id"
    );
    let query = diesel::sql_query(text)
        .bind::<BigInt, _>(micros(now))
        .bind::<BigInt, _>(micros(now - UNUSED))
        .bind::<BigInt, _>(micros(now - LONG_UNUSED))
        .bind::<Text, _>(from)
        .bind::<Text, _>(to)
        .bind::<Text, _>(first.id.as_str())
        .bind::<Text, _>(last.id.as_str());
    let counted = query.load::<TenantCountsRow>(db.connection)?;
    let mut counted: HashMap<String, Posture> =
        counted.into_iter().map(|row| (row.tenant_id, row.counts.into())).collect();
    let postures = tenants.into_iter().map(|tenant| {
        let posture = counted.remove(tenant.id.as_str()).unwrap_or_default();
        (tenant, posture)
    });
    Ok(postures.collect())
}

impl From<CountsRow> for Posture {
    fn from(row: CountsRow) -> Self {
        let CountsRow { keys, active, past_rotation_age, unused_45_days, unused_90_days, all_buckets, without_expiry } =
            row;
        Self { keys, active, past_rotation_age, unused_45_days, unused_90_days, all_buckets, without_expiry }
    }
}
