//! Rows of `key_usage`: when and by what each pair was last used.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use authz::OnTenant;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use domain::Timestamp;
use domain::id::{KeyId, TenantId};
use domain::key::AccessKeyId;
use domain::time::Day;

use crate::dialect::Backend;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::{key_pairs, key_usage, keys};
use crate::transaction::{Reading, Writing};
use crate::{System, key_usage_days};

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

#[derive(Queryable, Selectable)]
#[diesel(table_name = key_usage)]
struct UsageRow {
    access_key_id: String,
    last_used_at: i64,
    gateway: Option<String>,
    address: Option<String>,
    agent: Option<String>,
    uses: i64,
}

/// How many pairs are written by one statement.
const AT_ONCE: usize = 200;

/// Adds to what is known. What comes late adds its count and changes nothing of the last use; ids that nobody has are
/// passed over.
pub fn add(_: System, db: &mut Writing<'_>, uses: &[Use]) -> Result<()> {
    for heard in added_up(uses, db.now().date_naive()).chunks(AT_ONCE) {
        match add_at_once(db, heard) {
            // A pair was deleted at this moment.
            Err(Error::Referenced) => return Err(Error::Retry),
            other => other?,
        }
    }
    Ok(())
}

/// What a batch says of one pair.
struct Heard<'u> {
    last: &'u Use,
    count: i64,
    by_day: BTreeMap<Day, i64>,
}

/// Each pair once. Always in the same order, so that two batches do not wait for each other.
fn added_up(uses: &[Use], today: Day) -> Vec<Heard<'_>> {
    let mut pairs: BTreeMap<&str, Heard<'_>> = BTreeMap::new();
    for used in uses {
        let nothing = || Heard { last: used, count: 0, by_day: BTreeMap::new() };
        let heard = pairs.entry(used.access_key_id.as_str()).or_insert_with(nothing);
        if used.at > heard.last.at {
            heard.last = used;
        }
        heard.count = heard.count.saturating_add(used.count);
        // A gateway whose clock is ahead was used today.
        let of_day = heard.by_day.entry(used.at.date_naive().min(today)).or_default();
        *of_day = of_day.saturating_add(used.count);
    }
    pairs.into_values().collect()
}

fn add_at_once(db: &mut Writing<'_>, heard: &[Heard<'_>]) -> Result<()> {
    let ids: Vec<&str> = heard.iter().map(|heard| heard.last.access_key_id.as_str()).collect();
    let owners: Vec<(String, (String, String))> = key_pairs::table
        .filter(key_pairs::access_key_id.eq_any(ids))
        .select((key_pairs::access_key_id, (key_pairs::key_id, key_pairs::tenant_id)))
        .load(db.connection())?;
    let owners: HashMap<String, (String, String)> = owners.into_iter().collect();
    let owned = heard.iter().filter_map(|heard| Some((heard, owners.get(heard.last.access_key_id.as_str())?)));
    let owned: Vec<_> = owned.collect();
    if owned.is_empty() {
        return Ok(());
    }
    let places = db.connection().places(owned.len(), 8);
    let text = format!("INSERT INTO key_usage {COLUMNS} VALUES {places} {ADDED}");
    let mut query = diesel::sql_query(text).into_boxed::<Backend>();
    for (Heard { last, count, .. }, (key_id, tenant_id)) in &owned {
        query = query
            .bind::<Text, _>(last.access_key_id.as_str())
            .bind::<Text, _>(key_id.as_str())
            .bind::<Text, _>(tenant_id.as_str())
            .bind::<BigInt, _>(micros(last.at))
            .bind::<Nullable<Text>, _>(last.gateway.as_deref())
            .bind::<Nullable<Text>, _>(last.address.map(|address| address.to_string()))
            .bind::<Nullable<Text>, _>(last.agent.as_deref())
            .bind::<BigInt, _>(*count);
    }
    query.execute(db.connection())?;
    let days = owned.iter().flat_map(|(heard, _)| {
        heard.by_day.iter().map(|(day, count)| (heard.last.access_key_id.as_str(), *day, *count))
    });
    key_usage_days::add(db, &days.collect::<Vec<_>>())
}

const COLUMNS: &str = "(access_key_id, key_id, tenant_id, last_used_at, gateway, address, agent, uses)";
const ADDED: &str = "ON CONFLICT (access_key_id) DO UPDATE SET uses = key_usage.uses + excluded.uses,
    gateway = CASE WHEN excluded.last_used_at > key_usage.last_used_at THEN excluded.gateway ELSE key_usage.gateway END,
    address = CASE WHEN excluded.last_used_at > key_usage.last_used_at THEN excluded.address ELSE key_usage.address END,
    agent = CASE WHEN excluded.last_used_at > key_usage.last_used_at THEN excluded.agent ELSE key_usage.agent END,
    last_used_at = CASE WHEN excluded.last_used_at > key_usage.last_used_at THEN excluded.last_used_at
        ELSE key_usage.last_used_at END";

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
        .filter(key_usage::key_id.eq(id.as_str()))
        .select(UsageRow::as_select());
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
