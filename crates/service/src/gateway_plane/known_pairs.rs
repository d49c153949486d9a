//! The pairs this node remembers. Bounded; what is not in it is read, once however many ask.
//!
//! Each is read in one state of the database, and so is a batch (`known_together.rs`).
//!
//! Whatever is being read while a change arrives is not kept: it may have been read before the change. For a pair of its
//! own the cache itself sees to that, because forgetting takes the reader's place away; for what is wider there is a
//! count of changes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::verify::sigv4::{Scope, ScopeDate, SigningKey};
use chrono::TimeDelta;
use domain::account::Account;
use domain::change::Change;
use domain::id::{KeyId, PartnerId, TenantId};
use domain::key::{AccessKeyId, Grants};
use domain::liveness::{self, Standing};
use domain::text::Label;
use persistence::pair_facts::{self, PairFacts};
use persistence::{DataKey, Place, Reading, SealedSecret, System, changes};
use quick_cache::sync::{Cache, DefaultLifecycle, GuardResult, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, UnitWeighter};
use zeroize::Zeroizing;

use super::lease::Moment;
use super::owners::{Home, Owners};
use crate::error::{Error, Result};
use crate::service::{Service, system};

/// What is known of one access key id. There may be millions: what many have in common is held once.
pub struct KnownPair {
    pub access_key_id: AccessKeyId,
    pub key: KeyId,
    pub home: Arc<Home>,
    pub label: Option<Label>,
    pub grants: Arc<Grants>,
    pub standing: Standing,
    /// Of the pair and the key together: another value, another state.
    pub version: (i64, i64),
    /// The newest change of anything when it was read.
    seen_at: i64,
    /// Set once its tenant, or somebody above, is no longer as it was read.
    pub(super) is_outdated: Arc<AtomicBool>,
    pub(super) secret: Option<(SealedSecret, Arc<DataKey>)>,
    signing_keys: Mutex<SigningKeys>,
}

/// Today's, and one more around midnight: the one that was derived first makes way.
type SigningKeys = [Option<(ScopeDate, SigningKey)>; 2];

/// What memory says of an id.
pub enum Recalled {
    Known(Arc<KnownPair>),
    /// Nobody has it.
    Unknown,
    /// It has to be looked up.
    Nothing,
}

#[derive(Clone)]
pub(super) enum Entry {
    Known(Arc<KnownPair>),
    Unknown { since: Moment, seen_at: i64 },
}

/// For how long nobody's id stays unknown without another look: also when the database cannot be asked, for a gateway
/// may remember what it is told.
const UNKNOWN_FOR: TimeDelta = TimeDelta::seconds(5);

impl Entry {
    fn is_fresh(&self) -> bool {
        match self {
            Self::Known(pair) => !pair.is_outdated.load(Ordering::Acquire),
            Self::Unknown { since, .. } => since.elapsed() < UNKNOWN_FOR,
        }
    }

    /// The newest change of anything when it was read.
    pub(super) fn seen_at(&self) -> i64 {
        match self {
            Self::Known(pair) => pair.seen_at,
            Self::Unknown { seen_at, .. } => *seen_at,
        }
    }

    pub(super) fn pair(self) -> Option<Arc<KnownPair>> {
        match self {
            Self::Known(pair) => Some(pair),
            Self::Unknown { .. } => None,
        }
    }
}

/// A pair as it was read, or that there is none.
pub(super) struct Read {
    pub(super) pair: Option<KnownPair>,
    pub(super) seen_at: i64,
}

pub(super) type FreePlace<'c> =
    PlaceholderGuard<'c, AccessKeyId, Entry, UnitWeighter, DefaultHashBuilder, DefaultLifecycle<AccessKeyId, Entry>>;

pub(super) enum EntryOrPlace<'c> {
    Entry(Entry),
    Place(FreePlace<'c>),
    Neither,
}

pub(crate) struct KnownPairs {
    pairs: Cache<AccessKeyId, Entry>,
    owners: Owners,
}

impl KnownPairs {
    pub(crate) fn new(most: usize) -> Self {
        Self { pairs: Cache::new(most), owners: Owners::default() }
    }

    pub(crate) fn count(&self) -> usize {
        self.pairs.len()
    }

    pub(crate) fn most(&self) -> u64 {
        self.pairs.capacity()
    }

    pub(crate) fn recall(&self, id: &str) -> Recalled {
        match self.entry(id).map(Entry::pair) {
            Some(Some(pair)) => Recalled::Known(pair),
            Some(None) => Recalled::Unknown,
            None => Recalled::Nothing,
        }
    }

    pub(super) fn entry(&self, id: &str) -> Option<Entry> {
        self.pairs.get(id).filter(Entry::is_fresh)
    }

    /// What is remembered of an id, or the place for what the caller will read, or neither if it would have to wait for
    /// longer than it wants.
    pub(super) fn entry_or_place(&self, id: &AccessKeyId, patience: Duration) -> EntryOrPlace<'_> {
        if self.pairs.get(id).is_some_and(|entry| !entry.is_fresh()) {
            self.forget(id);
        }
        match self.pairs.get_value_or_guard(id, Some(patience)) {
            GuardResult::Value(entry) if entry.is_fresh() => EntryOrPlace::Entry(entry),
            GuardResult::Value(_) | GuardResult::Timeout => EntryOrPlace::Neither,
            GuardResult::Guard(place) => EntryOrPlace::Place(place),
        }
    }

    /// Puts what was read into its place, unless something wide has changed since before it was read.
    pub(super) fn keep(
        &self,
        place: Option<FreePlace<'_>>,
        mut read: Read,
        changes_before: u64,
    ) -> Option<Arc<KnownPair>> {
        let Some(pair) = &mut read.pair else {
            let entry = Entry::Unknown { since: Moment::now(), seen_at: read.seen_at };
            let _ = place.map(|place| place.insert(entry));
            return None;
        };
        let may_keep = self.owners.adopt(pair, changes_before);
        let pair = read.pair.map(Arc::new)?;
        if let Some(place) = place.filter(|_| may_keep) {
            // In vain if it was forgotten meanwhile, and rightly so.
            let _ = place.insert(Entry::Known(pair.clone()));
        }
        Some(pair)
    }

    pub(crate) fn forget(&self, id: &AccessKeyId) {
        self.pairs.remove(id);
    }

    pub(crate) fn forget_tenant(&self, id: &TenantId) {
        self.owners.forget_tenant(id);
    }

    pub(crate) fn forget_partner(&self, id: &PartnerId) {
        self.owners.forget_partner(id);
    }

    pub(crate) fn forget_everything(&self) {
        self.owners.forget_all();
        self.pairs.clear();
    }

    pub(super) fn changes(&self) -> u64 {
        self.owners.changes()
    }
}

/// How long a reader waits for another that reads the same.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

impl Service {
    /// What this node remembers of an id. Nothing at all while it may not trust its memory; and what cannot be an id of
    /// anybody is known to be unknown.
    pub fn recall(&self, id: &str) -> Recalled {
        let remembered = if self.plane.lease.holds() { self.plane.pairs.recall(id) } else { Recalled::Nothing };
        let is_nobodys = || could_be_somebodys(id).is_none();
        if matches!(remembered, Recalled::Nothing) && is_nobodys() { Recalled::Unknown } else { remembered }
    }

    /// Whether memory may be believed at this moment: asked after an answer was made from it.
    pub fn may_answer_from_memory(&self) -> bool {
        self.plane.lease.holds()
    }

    /// Looks an id up in the database, and remembers what it finds if it may.
    pub fn look_up(&self, id: &str) -> Result<Option<Arc<KnownPair>>> {
        self.read_or_wait(id).map(|(pair, _)| pair)
    }

    /// The same, and says whether it was read for this caller: of many who ask at once, one reads and the others wait.
    pub fn read_or_wait(&self, id: &str) -> Result<(Option<Arc<KnownPair>>, bool)> {
        let Some(id) = could_be_somebodys(id) else { return Ok((None, false)) };
        let read = || {
            self.read_one_state(|db| {
                let seen_at = self.newest_change(db)?;
                self.read_pair(db, &id, seen_at)
            })
        };
        if !self.plane.lease.holds() {
            return Ok((read()?.pair.map(Arc::new), true));
        }
        let changes_before = self.plane.pairs.changes();
        match self.plane.pairs.entry_or_place(&id, PATIENCE) {
            EntryOrPlace::Entry(entry) => Ok((entry.pair(), false)),
            EntryOrPlace::Place(place) => Ok((self.plane.pairs.keep(Some(place), read()?, changes_before), true)),
            EntryOrPlace::Neither => Ok((read()?.pair.map(Arc::new), true)),
        }
    }

    /// Up to where whatever is read in this state has been told of.
    pub(super) fn newest_change(&self, db: &mut Reading<'_>) -> Result<i64> {
        let (system, _) = system("verify");
        Ok(changes::newest_number(system, db)?)
    }

    pub(super) fn read_pair(&self, db: &mut Reading<'_>, id: &AccessKeyId, seen_at: i64) -> Result<Read> {
        let (system, _) = system("verify");
        let Some(facts) = pair_facts::find(system, db, id)? else { return Ok(Read { pair: None, seen_at }) };
        let secret = match &facts.sealed {
            None => None,
            Some(sealed) => Some((sealed.clone(), self.data_key(system, db, &facts, sealed)?)),
        };
        Ok(Read { pair: Some(KnownPair::of(facts, secret, seen_at)), seen_at })
    }

    fn data_key(
        &self,
        system: System,
        db: &mut Reading<'_>,
        facts: &PairFacts,
        sealed: &SealedSecret,
    ) -> Result<Arc<DataKey>> {
        match self.plane.pairs.owners.data_key(&facts.tenant.id, sealed.by()) {
            Some(data_key) => Ok(data_key),
            None => Ok(Arc::new(pair_facts::data_key(system, db, &self.ring(), &facts.tenant.id, sealed)?)),
        }
    }
}

/// What is no id, or a misprint of one, is nobody's.
pub(super) fn could_be_somebodys(id: &str) -> Option<AccessKeyId> {
    AccessKeyId::parse(id).ok().filter(|id| !id.is_misprint())
}

impl KnownPair {
    fn of(facts: PairFacts, secret: Option<(SealedSecret, Arc<DataKey>)>, seen_at: i64) -> Self {
        let owner = liveness::tenant(&facts.tenant, &facts.partners);
        let owner = liveness::unless_held_back(facts.is_held_back, owner);
        let standing = Standing::of(&facts.key, &facts.pair, owner, facts.service);
        let home = Home {
            tenant: facts.tenant.id,
            partner: facts.tenant.partner,
            namespace: facts.instance.namespace().to_owned(),
            account: Account::of(facts.instance.namespace()),
            instance: facts.instance.id,
            region: facts.key.region,
            gateway_secrets: facts.gateway_secrets,
        };
        Self {
            standing,
            version: (facts.key.version, facts.pair.version),
            access_key_id: facts.pair.access_key_id,
            key: facts.key.id,
            home: Arc::new(home),
            label: facts.key.terms.label,
            grants: Arc::new(facts.key.terms.grants),
            seen_at,
            is_outdated: Arc::default(),
            secret,
            signing_keys: Mutex::default(),
        }
    }

    /// Whether this change may have made it untrue.
    pub(super) fn is_touched_by(&self, change: &Change) -> bool {
        match change {
            Change::Key(id, _) => *id == self.access_key_id,
            Change::Tenant(id) => *id == self.home.tenant,
            Change::Partner(id) => self.home.is_below(id),
            Change::Gateway(_) | Change::Token(_) => false,
        }
    }

    /// The key for a scope in this pair's own region; none when its secret is gone.
    pub(super) fn signing_key(&self, scope: &Scope<'_>) -> Result<Option<SigningKey>> {
        let mut known = self.signing_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = known.iter().flatten().find(|(date, _)| *date == scope.date()) {
            return Ok(Some(key.clone()));
        }
        let Some(secret) = self.secret()? else { return Ok(None) };
        let key = SigningKey::derive(&secret, scope);
        known.rotate_right(1);
        if let Some(newest) = known.first_mut() {
            *newest = Some((scope.date(), key.clone()));
        }
        Ok(Some(key))
    }

    pub(super) fn secret(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let Some((sealed, data_key)) = &self.secret else { return Ok(None) };
        let place = Place::S3Secret {
            tenant: self.home.tenant.as_str(),
            key: self.key.as_str(),
            access_key_id: self.access_key_id.as_str(),
            version: self.version.1,
        };
        data_key.open(place, sealed).map(Some).map_err(Error::from)
    }
}
