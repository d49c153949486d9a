//! Rows of `keys` and `key_buckets`. Their pairs are in [`crate::key_pairs`].

mod list;

pub use list::{Filter, Found, list};

use std::collections::HashMap;

use authz::OnTenant;
use diesel::prelude::*;
use domain::Timestamp;
use domain::actor::{Actor, ActorKind};
use domain::bucket::BucketName;
use domain::id::{InstanceId, KeyId, TenantId};
use domain::instance::StorageInstance;
use domain::key::grants::{BucketNames, Buckets, Permission, Permissions, Prefix, Prefixes};
use domain::key::{Grants, Key, KeyState, Pairs, Terms, Tombstone};
use domain::networks::{self, Networks};
use domain::text::{Description, Label, RegionCode};

use crate::error::{Error, Result};
use crate::key_pairs::{self, NewSecret};
use crate::rows::{Row, micros};
use crate::schema::{key_buckets, keys};
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("keys");

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = keys, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct KeyRow {
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

pub fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &KeyId) -> Result<Option<Key>> {
    let query = keys::table.find(id.as_str()).filter(keys::tenant_id.eq(permit.tenant().as_str()));
    let row: Option<KeyRow> = optional(query.first(db.connection))?;
    row.map(|row| complete(db, row)).transpose()
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
/// By statements that stay prepared, which those about a list of any length do not.
pub(crate) fn complete(db: &mut Reading<'_>, row: KeyRow) -> Result<Key> {
    let pairs = key_pairs::of_key(db, &row.id)?;
    let named: Vec<String> =
        key_buckets::table.filter(key_buckets::key_id.eq(&row.id)).select(key_buckets::name).load(db.connection)?;
    let buckets = named.iter().map(|name| ROW.parse(BucketName::parse, name)).collect::<Result<_>>()?;
    key(row, pairs, buckets)
}

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
