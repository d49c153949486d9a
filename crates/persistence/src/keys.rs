//! Rows of `keys` and `key_buckets`. Their pairs are in [`crate::key_pairs`].

use std::collections::HashMap;

use authz::OnTenant;
use diesel::prelude::*;
use domain::Timestamp;
use domain::actor::{Actor, ActorKind};
use domain::bucket::BucketName;
use domain::id::{InstanceId, KeyId, TenantId};
use domain::instance::StorageInstance;
use domain::key::grants::{BucketNames, Buckets, Permission, Permissions, Prefix, Prefixes};
use domain::key::{AccessKeyId, Grants, Key, KeyState, KeyStatus, Pairs, Terms, Tombstone};
use domain::networks::{self, Networks};
use domain::text::{Description, Label, RegionCode};

use crate::Page;
use crate::error::{Error, Result};
use crate::key_pairs::{self, NewSecret};
use crate::rows::{Row, micros};
use crate::schema::{key_buckets, keys};
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("keys");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = keys, treat_none_as_null = true)]
struct KeyRow {
    id: String,
    tenant_id: String,
    instance_id: String,
    region: String,
    label: Option<String>,
    description: Option<String>,
    all_buckets: bool,
    prefixes: String,
    permissions: String,
    networks: String,
    state: String,
    state_since: Option<i64>,
    expires_at: Option<i64>,
    access_key_id: String,
    rotated_at: i64,
    created_at: i64,
    created_by_kind: String,
    created_by_id: String,
    version: i64,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub region: Option<RegionCode>,
    pub instance: Option<InstanceId>,
    pub status: Option<KeyStatus>,
    pub label: Option<Label>,
    pub bucket: Option<BucketName>,
    pub access_key_id: Option<AccessKeyId>,
    /// Only those whose current pair was made before this moment.
    pub rotated_before: Option<Timestamp>,
}

pub fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &KeyId) -> Result<Option<Key>> {
    let query = keys::table.find(id.as_str()).filter(keys::tenant_id.eq(permit.tenant().as_str()));
    let row: Option<KeyRow> = optional(query.first(db.connection))?;
    Ok(assemble(db, row.into_iter().collect())?.pop())
}

/// Some of the keys that were looked for, and how far the look went if it was broken off before it had found enough.
#[derive(Debug)]
pub struct Found {
    pub keys: Vec<Key>,
    pub looked_to: Option<String>,
}

/// How many keys one page looks at, whatever the filter lets through.
const MOST_LOOKED_AT: usize = 2000;
const LOOKED_AT_ONCE: i64 = 500;

/// By id. One index, which ends in the id, leads through the keys; the rest of the filter is asked of what it leads to.
/// So a page costs the same wherever it is and however few keys fit.
pub fn list(
    permit: &impl OnTenant,
    db: &mut Reading<'_>,
    now: Timestamp,
    filter: &Filter,
    page: &Page,
) -> Result<Found> {
    let lead = Lead::of(permit, db, micros(now), filter)?;
    let wanted = usize::try_from(page.limit).unwrap_or(0);
    let (mut after, mut rows, mut looked_at) = (page.after.clone(), Vec::new(), 0);
    let looked_to = loop {
        let at_once = if looked_at == 0 { page.limit } else { LOOKED_AT_ONCE };
        let next = lead.follow(permit, db, filter, after.as_deref(), at_once)?;
        let is_end = i64::try_from(next.len()).is_ok_and(|found| found < at_once);
        looked_at += next.len();
        after = next.last().map(|row| row.id.clone()).or(after);
        rows.extend(next.into_iter().filter(|row| fits(row, filter, micros(now))));
        if rows.len() >= wanted {
            rows.truncate(wanted);
            break None;
        }
        if is_end {
            break None;
        }
        if looked_at >= MOST_LOOKED_AT {
            break after;
        }
    };
    Ok(Found { keys: assemble(db, rows)?, looked_to })
}

/// What leads through the keys in the order of their ids.
enum Lead {
    /// An index of `keys`.
    Index,
    /// The index of `key_buckets`.
    Bucket,
    /// So few that all of them are known.
    Few(Vec<String>),
}

impl Lead {
    fn of(permit: &impl OnTenant, db: &mut Reading<'_>, now: i64, filter: &Filter) -> Result<Self> {
        let own = keys::table.filter(keys::tenant_id.eq(permit.tenant().as_str())).select(keys::id);
        let limit = MOST_LOOKED_AT as i64 + 1;
        let few: Option<Vec<String>> = if let Some(id) = &filter.access_key_id {
            Some(own.filter(keys::access_key_id.eq(id.as_str())).load(db.connection)?)
        } else if filter.status == Some(KeyStatus::Expired) {
            let expired = own.filter(keys::expires_at.le(now)).order(keys::expires_at).limit(limit);
            Some(expired.load(db.connection)?)
        } else if let Some(before) = filter.rotated_before {
            let older = own.filter(keys::rotated_at.lt(micros(before))).order(keys::rotated_at).limit(limit);
            Some(older.load(db.connection)?)
        } else {
            None
        };
        match (few.filter(|few| few.len() <= MOST_LOOKED_AT), &filter.bucket) {
            (None, None) => Ok(Self::Index),
            (None, Some(_)) => Ok(Self::Bucket),
            (Some(mut few), None) => {
                few.sort_unstable();
                Ok(Self::Few(few))
            }
            (Some(few), Some(bucket)) => {
                let named = named_by(permit.tenant(), bucket).filter(key_buckets::key_id.eq_any(few));
                Ok(Self::Few(named.order(key_buckets::key_id).load(db.connection)?))
            }
        }
    }

    fn follow(
        &self,
        permit: &impl OnTenant,
        db: &mut Reading<'_>,
        filter: &Filter,
        after: Option<&str>,
        at_once: i64,
    ) -> Result<Vec<KeyRow>> {
        let after = after.unwrap_or_default();
        let own = keys::table.filter(keys::tenant_id.eq(permit.tenant().as_str())).order(keys::id);
        let ids = match (self, &filter.bucket) {
            (Self::Few(few), _) => {
                let next = few.iter().filter(|id| id.as_str() > after).cloned();
                next.take(usize::try_from(at_once).unwrap_or(0)).collect()
            }
            (Self::Bucket, Some(bucket)) => named_by(permit.tenant(), bucket)
                .filter(key_buckets::key_id.gt(after))
                .order(key_buckets::key_id)
                .limit(at_once)
                .load::<String>(db.connection)?,
            (Self::Bucket, None) | (Self::Index, _) => {
                let own = own.filter(keys::id.gt(after)).limit(at_once).into_boxed();
                // One alone, or the database would follow one and look for the others.
                let own = match (&filter.label, &filter.instance, state_of(filter.status), &filter.region) {
                    (Some(label), ..) => own.filter(keys::label.eq(label.as_str())),
                    (None, Some(instance), ..) => own.filter(keys::instance_id.eq(instance.as_str())),
                    (None, None, Some(state), _) => own.filter(keys::state.eq(state)),
                    (None, None, None, Some(region)) => own.filter(keys::region.eq(region.as_str())),
                    (None, None, None, None) => own,
                };
                return Ok(own.load(db.connection)?);
            }
        };
        Ok(own.filter(keys::id.eq_any(ids)).load(db.connection)?)
    }
}

#[diesel::dsl::auto_type]
fn named_by<'a>(permit: &'a TenantId, bucket: &'a BucketName) -> _ {
    let (tenant, name): (&'a str, &'a str) = (permit.as_str(), bucket.as_str());
    key_buckets::table
        .filter(key_buckets::tenant_id.eq(tenant))
        .filter(key_buckets::name.eq(name))
        .select(key_buckets::key_id)
}

/// The state that keys of this status are in.
fn state_of(status: Option<KeyStatus>) -> Option<&'static str> {
    match status {
        Some(KeyStatus::Active) => Some("active"),
        Some(KeyStatus::Disabled) => Some("disabled"),
        Some(KeyStatus::Revoked) => Some("revoked"),
        Some(KeyStatus::Expired) | None => None,
    }
}

fn fits(row: &KeyRow, filter: &Filter, now: i64) -> bool {
    let is_over = row.expires_at.is_some_and(|at| at <= now);
    let has_status = match filter.status {
        None => true,
        Some(KeyStatus::Active) => row.state == "active" && !is_over,
        Some(KeyStatus::Disabled) => row.state == "disabled" && !is_over,
        Some(KeyStatus::Revoked) => row.state == "revoked",
        Some(KeyStatus::Expired) => row.state != "revoked" && is_over,
    };
    has_status
        && filter.region.as_ref().is_none_or(|region| region.as_str() == row.region)
        && filter.instance.as_ref().is_none_or(|instance| instance.as_str() == row.instance_id)
        && filter.label.as_ref().is_none_or(|label| Some(label.as_str()) == row.label.as_deref())
        && filter.access_key_id.as_ref().is_none_or(|id| id.as_str() == row.access_key_id)
        && filter.rotated_before.is_none_or(|before| row.rotated_at < micros(before))
}

/// How many keys of an instance, or of the whole tenant, count towards a bound: see [`Key::counts`].
pub fn count_counting(
    permit: &impl OnTenant,
    db: &mut Reading<'_>,
    now: Timestamp,
    instance: Option<&StorageInstance>,
) -> Result<i64> {
    let mut query = keys::table
        .filter(keys::tenant_id.eq(permit.tenant().as_str()))
        .filter(keys::state.ne("revoked"))
        .filter(keys::expires_at.is_null().or(keys::expires_at.gt(micros(now)).assume_not_null()))
        .into_boxed();
    if let Some(instance) = instance {
        query = query.filter(keys::instance_id.eq(instance.id.as_str()));
    }
    Ok(query.count().get_result(db.connection)?)
}

/// How many keys the tenant has in each of these regions, whatever has become of them.
pub fn count_by_region(
    permit: &impl OnTenant,
    db: &mut Reading<'_>,
    regions: &[RegionCode],
) -> Result<HashMap<String, i64>> {
    let codes: Vec<&str> = regions.iter().map(RegionCode::as_str).collect();
    let query = keys::table
        .filter(keys::tenant_id.eq(permit.tenant().as_str()))
        .filter(keys::region.eq_any(codes))
        .group_by(keys::region)
        .select((keys::region, diesel::dsl::count_star()));
    Ok(query.load::<(String, i64)>(db.connection)?.into_iter().collect())
}

/// The ids of an instance's keys, for when it goes with all of them.
pub fn ids_in(permit: &impl OnTenant, db: &mut Reading<'_>, instance: &InstanceId) -> Result<Vec<KeyId>> {
    let query = keys::table
        .filter(keys::tenant_id.eq(permit.tenant().as_str()))
        .filter(keys::instance_id.eq(instance.as_str()))
        .select(keys::id);
    query.load::<String>(db.connection)?.iter().map(|id| ROW.parse(KeyId::parse, id)).collect()
}

/// Fails with [`Error::Taken`] if anybody has or had the access key id.
pub fn insert(permit: &impl OnTenant, db: &mut Writing<'_>, key: &Key, secret: NewSecret) -> Result<()> {
    debug_assert_eq!(permit.tenant(), &key.tenant);
    let row = KeyRow::try_from(key)?;
    diesel::insert_into(keys::table).values(&row).execute(db.connection())?;
    insert_buckets(db, key)?;
    key_pairs::insert_first(db, key, secret)
}

/// Stores a key read before, one version on. The secret is that of a pair made since.
pub fn update(permit: &impl OnTenant, db: &mut Writing<'_>, key: Key, secret: Option<NewSecret>) -> Result<Key> {
    let read = key.version;
    let key = Key { version: read + 1, ..key };
    let found = keys::table
        .find(key.id.as_str())
        .filter(keys::tenant_id.eq(permit.tenant().as_str()))
        .filter(keys::version.eq(read));
    exactly_one(diesel::update(found).set(KeyRow::try_from(&key)?).execute(db.connection())?)?;
    diesel::delete(key_buckets::table.filter(key_buckets::key_id.eq(key.id.as_str()))).execute(db.connection())?;
    insert_buckets(db, &key)?;
    key_pairs::update(db, &key, secret)?;
    Ok(key)
}

/// Removes a key. Its access key ids are spent.
pub fn delete(permit: &impl OnTenant, db: &mut Writing<'_>, tombstone: &Tombstone) -> Result<()> {
    key_pairs::spend(db, tombstone)?;
    let found = keys::table.find(tombstone.id.as_str()).filter(keys::tenant_id.eq(permit.tenant().as_str()));
    exactly_one(diesel::delete(found).execute(db.connection())?)
}

fn insert_buckets(db: &mut Writing<'_>, key: &Key) -> Result<()> {
    let Buckets::Specific(names) = &key.terms.grants.buckets else { return Ok(()) };
    for name in names.iter() {
        let row = (
            key_buckets::key_id.eq(key.id.as_str()),
            key_buckets::tenant_id.eq(key.tenant.as_str()),
            key_buckets::name.eq(name.as_str()),
        );
        diesel::insert_into(key_buckets::table).values(row).execute(db.connection())?;
    }
    Ok(())
}

/// Two queries for a whole page: the pairs and the buckets of all its keys.
fn assemble(db: &mut Reading<'_>, rows: Vec<KeyRow>) -> Result<Vec<Key>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut pairs = key_pairs::of_keys(db, &ids)?;
    let named: Vec<(String, String)> = key_buckets::table
        .filter(key_buckets::key_id.eq_any(&ids))
        .select((key_buckets::key_id, key_buckets::name))
        .load(db.connection)?;
    let mut buckets: HashMap<String, Vec<BucketName>> = HashMap::new();
    for (key, name) in named {
        buckets.entry(key).or_default().push(ROW.parse(BucketName::parse, &name)?);
    }
    let whole = rows.into_iter().map(|row| {
        let pairs = pairs.remove(&row.id).ok_or_else(|| Error::corrupt("keys", "it has no pair"))?;
        let buckets = buckets.remove(&row.id).unwrap_or_default();
        key(row, pairs, buckets)
    });
    whole.collect()
}

fn key(row: KeyRow, pairs: Pairs, buckets: Vec<BucketName>) -> Result<Key> {
    let corrupt = |why: &dyn ToString| Error::corrupt("keys", why.to_string());
    let buckets = match (row.all_buckets, buckets.is_empty()) {
        (true, true) => Buckets::All,
        (false, false) => Buckets::Specific(BucketNames::new(buckets).map_err(|why| corrupt(&why))?),
        _ => return Err(corrupt(&"its buckets contradict each other")),
    };
    let prefixes: Vec<String> = serde_json::from_str(&row.prefixes).map_err(|why| corrupt(&why))?;
    let prefixes = prefixes.iter().map(|prefix| ROW.parse(Prefix::parse, prefix)).collect::<Result<Vec<_>>>()?;
    let permissions = row.permissions.split_ascii_whitespace().map(|name| ROW.parse(Permission::parse, name));
    let networks = row.networks.split_ascii_whitespace().map(|network| ROW.parse(networks::parse, network));
    let since = || row.state_since.ok_or_else(|| corrupt(&"a state lacks its time")).and_then(|at| ROW.timestamp(at));
    let state = match row.state.as_str() {
        "active" => KeyState::Active,
        "disabled" => KeyState::Disabled(since()?),
        "revoked" => KeyState::Revoked(since()?),
        other => return Err(corrupt(&other)),
    };
    Ok(Key {
        id: ROW.parse(KeyId::parse, &row.id)?,
        tenant: ROW.parse(TenantId::parse, &row.tenant_id)?,
        instance: ROW.parse(InstanceId::parse, &row.instance_id)?,
        region: ROW.parse(RegionCode::parse, &row.region)?,
        terms: Terms {
            label: ROW.parse_if(Label::parse, row.label.as_deref())?,
            description: ROW.parse_if(Description::parse, row.description.as_deref())?,
            grants: Grants {
                buckets,
                prefixes: Prefixes::new(prefixes).map_err(|why| corrupt(&why))?,
                permissions: Permissions::new(permissions.collect::<Result<Vec<_>>>()?).map_err(|why| corrupt(&why))?,
                networks: Networks::new(networks.collect::<Result<Vec<_>>>()?).map_err(|why| corrupt(&why))?,
            },
            expires_at: ROW.timestamp_if(row.expires_at)?,
        },
        state,
        pairs,
        created_at: ROW.timestamp(row.created_at)?,
        created_by: Actor { kind: ROW.parse(ActorKind::parse, &row.created_by_kind)?, id: row.created_by_id },
        version: row.version,
    })
}

impl TryFrom<&Key> for KeyRow {
    type Error = Error;

    fn try_from(key: &Key) -> Result<Self> {
        let Terms { label, description, grants, expires_at } = &key.terms;
        let prefixes: Vec<&str> = grants.prefixes.iter().map(Prefix::as_str).collect();
        let permissions: Vec<&str> = grants.permissions.iter().map(Permission::as_str).collect();
        let networks: Vec<String> = grants.networks.iter().map(ToString::to_string).collect();
        let (state, state_since) = match key.state {
            KeyState::Active => ("active", None),
            KeyState::Disabled(at) => ("disabled", Some(at)),
            KeyState::Revoked(at) => ("revoked", Some(at)),
        };
        let current = key.pairs.current();
        Ok(Self {
            id: key.id.to_string(),
            tenant_id: key.tenant.to_string(),
            instance_id: key.instance.to_string(),
            region: key.region.to_string(),
            label: label.as_ref().map(ToString::to_string),
            description: description.as_ref().map(ToString::to_string),
            all_buckets: grants.buckets == Buckets::All,
            prefixes: serde_json::to_string(&prefixes).map_err(|why| Error::corrupt("keys", why))?,
            permissions: permissions.join(" "),
            networks: networks.join(" "),
            state: state.to_owned(),
            state_since: state_since.map(micros),
            expires_at: expires_at.map(micros),
            access_key_id: current.access_key_id.to_string(),
            rotated_at: micros(current.since),
            created_at: micros(key.created_at),
            created_by_kind: key.created_by.kind.as_str().to_owned(),
            created_by_id: key.created_by.id.clone(),
            version: key.version,
        })
    }
}
