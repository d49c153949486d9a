//! Rows of `key_usage`: when and by what each pair was last used.

use std::collections::HashMap;
use std::net::IpAddr;

use authz::OnTenant;
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{KeyId, TenantId};
use domain::key::AccessKeyId;

use crate::System;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::{key_pairs, key_usage, keys};
use crate::transaction::{Reading, Writing, optional};

const ROW: Row = Row("key_usage");

/// What somebody has heard of a pair: so many uses, the last of them then and from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub access_key_id: AccessKeyId,
    pub at: Timestamp,
    pub gateway: Option<String>,
    pub address: Option<IpAddr>,
    pub agent: Option<String>,
    pub count: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = key_usage, treat_none_as_default_value = false)]
struct UsageRow {
    access_key_id: String,
    key_id: String,
    tenant_id: String,
    last_used_at: i64,
    gateway: Option<String>,
    address: Option<String>,
    agent: Option<String>,
    uses: i64,
}

/// Adds to what is known. What comes late adds its count and changes nothing of the last use; ids that nobody has are
/// passed over.
pub fn add(_: System, db: &mut Writing<'_>, used: &Use) -> Result<()> {
    let at = micros(used.at);
    let (gateway, address) = (used.gateway.clone(), used.address.map(|address| address.to_string()));
    let found = key_usage::table.find(used.access_key_id.as_str());
    let more = key_usage::uses.eq(key_usage::uses + used.count);
    if diesel::update(found).set(more).execute(db.connection())? > 0 {
        let last = (
            key_usage::last_used_at.eq(at),
            key_usage::gateway.eq(gateway),
            key_usage::address.eq(address),
            key_usage::agent.eq(used.agent.clone()),
        );
        diesel::update(found.filter(key_usage::last_used_at.lt(at))).set(last).execute(db.connection())?;
        return Ok(());
    }
    let pair = key_pairs::table.find(used.access_key_id.as_str()).select((key_pairs::key_id, key_pairs::tenant_id));
    let Some((key_id, tenant_id)) = optional(pair.first::<(String, String)>(db.connection()))? else { return Ok(()) };
    let row = UsageRow {
        access_key_id: used.access_key_id.to_string(),
        key_id,
        tenant_id,
        last_used_at: at,
        gateway,
        address,
        agent: used.agent.clone(),
        uses: used.count,
    };
    match diesel::insert_into(key_usage::table).values(row).execute(db.connection()).map_err(Error::from) {
        // Somebody else was first with this pair, or it was deleted at this moment.
        Err(Error::Taken | Error::Referenced) => Err(Error::Retry),
        other => other.map(drop),
    }
}

/// When any pair of each of these keys was last used; nothing of those that never were.
pub fn last_used(permit: &impl OnTenant, db: &mut Reading<'_>, ids: &[&KeyId]) -> Result<HashMap<KeyId, Timestamp>> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let query = key_usage::table
        .filter(key_usage::tenant_id.eq(permit.tenant().as_str()))
        .filter(key_usage::key_id.eq_any(ids))
        .group_by(key_usage::key_id)
        .select((key_usage::key_id, diesel::dsl::max(key_usage::last_used_at).assume_not_null()));
    let found: Vec<(String, i64)> = query.load(db.connection)?;
    found.into_iter().map(|(id, at)| Ok((ROW.parse(KeyId::parse, &id)?, ROW.timestamp(at)?))).collect()
}

/// Of each pair of a key that was ever used.
pub fn of_key(permit: &impl OnTenant, db: &mut Reading<'_>, id: &KeyId) -> Result<Vec<Use>> {
    let query = key_usage::table
        .filter(key_usage::tenant_id.eq(permit.tenant().as_str()))
        .filter(key_usage::key_id.eq(id.as_str()));
    query.load::<UsageRow>(db.connection)?.into_iter().map(Use::try_from).collect()
}

/// Keys with a pair that retires when it is quiet, and that may be quiet by now. Whether it is, its key says.
pub fn perhaps_quiet(_: System, db: &mut Reading<'_>, now: Timestamp, most: i64) -> Result<Vec<(TenantId, KeyId)>> {
    let now = micros(now);
    let quiet = key_pairs::quiet_for_seconds.assume_not_null() * 1_000_000_i64;
    let query = key_pairs::table
        .inner_join(keys::table.on(keys::id.eq(key_pairs::key_id)))
        .left_join(key_usage::table.on(key_usage::access_key_id.eq(key_pairs::access_key_id)))
        .filter(key_pairs::state.eq("retiring"))
        .filter(key_pairs::retiring_until.assume_not_null().gt(now))
        .filter(key_pairs::quiet_for_seconds.is_not_null())
        .filter((key_pairs::retiring_since.assume_not_null() + quiet).le(now))
        .filter(
            key_usage::last_used_at
                .nullable()
                .is_null()
                .or((key_usage::last_used_at.nullable().assume_not_null() + quiet).le(now)),
        )
        .filter(keys::state.ne("revoked"))
        .filter(keys::expires_at.is_null().or(keys::expires_at.gt(now).assume_not_null()))
        .order(key_pairs::access_key_id)
        .limit(most)
        .select((key_pairs::tenant_id, key_pairs::key_id));
    let found: Vec<(String, String)> = query.load(db.connection)?;
    let parsed = found
        .into_iter()
        .map(|(tenant, key)| Ok((ROW.parse(TenantId::parse, &tenant)?, ROW.parse(KeyId::parse, &key)?)));
    parsed.collect()
}

impl TryFrom<UsageRow> for Use {
    type Error = Error;

    fn try_from(row: UsageRow) -> Result<Self> {
        let address = row.address.map(|address| address.parse().map_err(|why| Error::corrupt("key_usage", why)));
        Ok(Self {
            access_key_id: ROW.parse(AccessKeyId::parse, &row.access_key_id)?,
            at: ROW.timestamp(row.last_used_at)?,
            gateway: row.gateway,
            address: address.transpose()?,
            agent: row.agent,
            count: row.uses,
        })
    }
}
