//! Rows of `key_pairs`, each with its sealed secret, and the access key ids that are spent for ever.

use std::collections::HashMap;

use authz::OnTenant;
use chrono::TimeDelta;
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{KeyId, TenantId};
use domain::key::pair::Retirement;
use domain::key::{AccessKeyId, Key, Pair, PairState, Pairs, Tombstone};

use crate::claims;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::{key_pairs, spent_access_key_ids};
use crate::sealed::SealedSecret;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("key_pairs");

#[derive(Queryable, Selectable)]
#[diesel(table_name = key_pairs)]
pub(crate) struct PairRow {
    access_key_id: String,
    key_id: String,
    version: i64,
    since: i64,
    state: String,
    retiring_since: Option<i64>,
    retiring_until: Option<i64>,
    quiet_for_seconds: Option<i64>,
    ended_at: Option<i64>,
}

#[derive(Insertable)]
#[diesel(table_name = key_pairs, treat_none_as_default_value = false)]
struct NewPairRow {
    access_key_id: String,
    key_id: String,
    tenant_id: String,
    version: i64,
    since: i64,
    sealed_by: Option<i64>,
    sealed: Option<Vec<u8>>,
    made_by: String,
    #[diesel(embed)]
    state: StateColumns,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = key_pairs, treat_none_as_null = true, treat_none_as_default_value = false)]
struct StateColumns {
    state: &'static str,
    retiring_since: Option<i64>,
    retiring_until: Option<i64>,
    quiet_for_seconds: Option<i64>,
    ended_at: Option<i64>,
}

/// A secret as it is stored, and who had it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecret {
    pub sealed: SealedSecret,
    pub made_by: String,
}

/// What a claim or a retry needs to know of the pair whose secret it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// None once the pair has ended.
    pub sealed: Option<SealedSecret>,
    pub made_by: String,
}

/// The pairs of one key that have not ended.
pub(crate) fn of_key(db: &mut Reading<'_>, key: &str) -> Result<Pairs> {
    let rows: Vec<PairRow> = key_pairs::table
        .filter(key_pairs::key_id.eq(key))
        .filter(key_pairs::state.ne("ended"))
        .order(key_pairs::version)
        .select(PairRow::as_select())
        .load(db.connection)?;
    let pairs = rows.into_iter().map(Pair::try_from).collect::<Result<Vec<_>>>()?;
    ROW.parse(|_| Pairs::load(pairs.clone()), "")
}

/// The same of each of these keys.
pub(crate) fn of_keys(db: &mut Reading<'_>, keys: &[&str]) -> Result<HashMap<String, Pairs>> {
    let rows: Vec<PairRow> = key_pairs::table
        .filter(key_pairs::key_id.eq_any(keys))
        .filter(key_pairs::state.ne("ended"))
        .order((key_pairs::key_id, key_pairs::version))
        .select(PairRow::as_select())
        .load(db.connection)?;
    let mut pairs: HashMap<String, Vec<Pair>> = HashMap::new();
    for row in rows {
        pairs.entry(row.key_id.clone()).or_default().push(Pair::try_from(row)?);
    }
    let loaded =
        pairs.into_iter().map(|(key, pairs)| ROW.parse(|_| Pairs::load(pairs.clone()), "").map(|pairs| (key, pairs)));
    loaded.collect()
}

/// Fails with [`Error::Taken`] if anybody has or had this access key id.
pub(crate) fn insert_first(db: &mut Writing<'_>, key: &Key, secret: NewSecret) -> Result<()> {
    insert(db, key, key.pairs.current(), secret)
}

/// Stores what has become of a key's pairs. The secret is that of a pair made since the key was read.
pub(crate) fn update(db: &mut Writing<'_>, key: &Key, mut secret: Option<NewSecret>) -> Result<()> {
    for pair in key.pairs.iter() {
        let found = key_pairs::table.find(pair.access_key_id.as_str()).filter(key_pairs::key_id.eq(key.id.as_str()));
        let changed = diesel::update(found).set(StateColumns::from(pair.state)).execute(db.connection())?;
        if changed == 0 {
            let secret = secret.take().ok_or_else(|| Error::corrupt("key_pairs", "a pair is missing"))?;
            insert(db, key, pair, secret)?;
        } else if matches!(pair.state, PairState::Ended(_)) {
            wipe(db, &pair.access_key_id)?;
        }
    }
    Ok(())
}

fn insert(db: &mut Writing<'_>, key: &Key, pair: &Pair, secret: NewSecret) -> Result<()> {
    let row = NewPairRow {
        access_key_id: pair.access_key_id.to_string(),
        key_id: key.id.to_string(),
        tenant_id: key.tenant.to_string(),
        version: pair.version,
        since: micros(pair.since),
        sealed_by: Some(secret.sealed.by),
        sealed: Some(secret.sealed.bytes),
        made_by: secret.made_by,
        state: StateColumns::from(pair.state),
    };
    diesel::insert_into(key_pairs::table).values(row).execute(db.connection())?;
    // Only now: whoever was just deleting a key with this id has finished, and has spent it.
    let spent = spent_access_key_ids::table.find(pair.access_key_id.as_str()).count();
    if spent.get_result::<i64>(db.connection())? > 0 { Err(Error::Taken) } else { Ok(()) }
}

/// What ended needs no secret any more.
fn wipe(db: &mut Writing<'_>, access_key_id: &AccessKeyId) -> Result<()> {
    let nothing = (key_pairs::sealed.eq(None::<Vec<u8>>), key_pairs::sealed_by.eq(None::<i64>));
    diesel::update(key_pairs::table.find(access_key_id.as_str())).set(nothing).execute(db.connection())?;
    claims::wipe(db, access_key_id)
}

/// Whose an access key id is, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    Key(KeyId),
    /// The key was deleted then.
    Nobody {
        since: Timestamp,
    },
}

/// Within the permit's tenant only.
pub fn holder(permit: &impl OnTenant, db: &mut Reading<'_>, id: &AccessKeyId) -> Result<Option<Holder>> {
    let tenant = permit.tenant().as_str();
    let query = key_pairs::table.find(id.as_str()).filter(key_pairs::tenant_id.eq(tenant)).select(key_pairs::key_id);
    if let Some(key) = optional(query.first::<String>(db.connection))? {
        return Ok(Some(Holder::Key(ROW.parse(KeyId::parse, &key)?)));
    }
    let spent = spent_access_key_ids::table.find(id.as_str()).filter(spent_access_key_ids::tenant_id.eq(tenant));
    let since = optional(spent.select(spent_access_key_ids::spent_at).first::<i64>(db.connection))?;
    since.map(|since| Ok(Holder::Nobody { since: ROW.timestamp(since)? })).transpose()
}

/// One pair of a key, ended or not.
pub fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &AccessKeyId) -> Result<Option<Pair>> {
    let query = key_pairs::table.find(id.as_str()).filter(key_pairs::tenant_id.eq(permit.tenant().as_str()));
    let row = optional(query.select(PairRow::as_select()).first(db.connection))?;
    row.map(Pair::try_from).transpose()
}

pub fn secret(permit: &impl OnTenant, db: &mut Reading<'_>, id: &AccessKeyId) -> Result<Option<StoredSecret>> {
    let query = key_pairs::table.find(id.as_str()).filter(key_pairs::tenant_id.eq(permit.tenant().as_str())).select((
        key_pairs::sealed_by,
        key_pairs::sealed,
        key_pairs::made_by,
    ));
    let found: Option<(Option<i64>, Option<Vec<u8>>, String)> = optional(query.first(db.connection))?;
    Ok(found.map(|(by, bytes, made_by)| {
        let sealed = by.zip(bytes).map(|(by, bytes)| SealedSecret::new(by, bytes));
        StoredSecret { sealed, made_by }
    }))
}

/// Every access key id that a key ever had, for its tombstone.
pub fn all_ids(permit: &impl OnTenant, db: &mut Reading<'_>, key: &KeyId) -> Result<Vec<AccessKeyId>> {
    let query = key_pairs::table
        .filter(key_pairs::key_id.eq(key.as_str()))
        .filter(key_pairs::tenant_id.eq(permit.tenant().as_str()))
        .select(key_pairs::access_key_id);
    query.load::<String>(db.connection)?.iter().map(|id| ROW.parse(AccessKeyId::parse, id)).collect()
}

/// Remembers the ids of a key that is going, so that nobody gets them again.
pub(crate) fn spend(db: &mut Writing<'_>, tombstone: &Tombstone) -> Result<()> {
    for id in &tombstone.access_key_ids {
        let row = (
            spent_access_key_ids::access_key_id.eq(id.as_str()),
            spent_access_key_ids::tenant_id.eq(tombstone.tenant.as_str()),
            spent_access_key_ids::key_id.eq(tombstone.id.as_str()),
            spent_access_key_ids::spent_at.eq(micros(tombstone.deleted_at)),
        );
        diesel::insert_into(spent_access_key_ids::table).values(row).execute(db.connection())?;
    }
    Ok(())
}

/// Spends every id of a tenant that is being removed.
pub(crate) fn spend_all_of(db: &mut Writing<'_>, tenant: &TenantId) -> Result<()> {
    let now = micros(db.now());
    let ids: Vec<(String, String)> = key_pairs::table
        .filter(key_pairs::tenant_id.eq(tenant.as_str()))
        .select((key_pairs::access_key_id, key_pairs::key_id))
        .load(db.connection())?;
    for (id, key) in ids {
        let row = (
            spent_access_key_ids::access_key_id.eq(id),
            spent_access_key_ids::tenant_id.eq(tenant.as_str()),
            spent_access_key_ids::key_id.eq(key),
            spent_access_key_ids::spent_at.eq(now),
        );
        exactly_one(diesel::insert_into(spent_access_key_ids::table).values(row).execute(db.connection())?)?;
    }
    Ok(())
}

impl From<PairState> for StateColumns {
    fn from(state: PairState) -> Self {
        let none = Self {
            state: "current",
            retiring_since: None,
            retiring_until: None,
            quiet_for_seconds: None,
            ended_at: None,
        };
        match state {
            PairState::Current => none,
            PairState::Retiring(retirement) => Self {
                state: "retiring",
                retiring_since: Some(micros(retirement.since)),
                retiring_until: Some(micros(retirement.until)),
                quiet_for_seconds: retirement.quiet_for.map(|quiet| quiet.num_seconds()),
                ..none
            },
            PairState::Ended(at) => Self { state: "ended", ended_at: Some(micros(at)), ..none },
        }
    }
}

impl TryFrom<PairRow> for Pair {
    type Error = Error;

    fn try_from(row: PairRow) -> Result<Self> {
        let lacks = || Error::corrupt("key_pairs", "a state lacks its times");
        let state = match row.state.as_str() {
            "current" => PairState::Current,
            "retiring" => PairState::Retiring(Retirement {
                since: ROW.timestamp(row.retiring_since.ok_or_else(lacks)?)?,
                until: ROW.timestamp(row.retiring_until.ok_or_else(lacks)?)?,
                quiet_for: row.quiet_for_seconds.map(TimeDelta::seconds),
            }),
            "ended" => PairState::Ended(ROW.timestamp(row.ended_at.ok_or_else(lacks)?)?),
            other => return Err(Error::corrupt("key_pairs", other)),
        };
        Ok(Self {
            access_key_id: ROW.parse(AccessKeyId::parse, &row.access_key_id)?,
            version: row.version,
            since: ROW.timestamp(row.since)?,
            state,
        })
    }
}
