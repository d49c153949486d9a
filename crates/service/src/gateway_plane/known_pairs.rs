//! The pairs this node remembers. Bounded; what is not in it is read, once however many ask.
//!
//! Whatever is being read while a change arrives is not kept: it may have been read before the change. For a pair of its
//! own the cache itself sees to that, because forgetting takes the reader's place away; for what is wider there is a
//! count of changes.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::verify::sigv4::{Scope, ScopeDate, SigningKey};
use chrono::TimeDelta;
use domain::id::{InstanceId, KeyId, PartnerId, TenantId};
use domain::key::{AccessKeyId, Grants};
use domain::liveness::{self, Standing};
use domain::partner::PartnerPath;
use domain::tenant_region::GatewaySecrets;
use domain::text::{Label, RegionCode};
use persistence::pair_facts::{self, PairFacts};
use persistence::{DataKey, Place, SealedSecret};
use quick_cache::sync::{Cache, GuardResult};
use zeroize::Zeroizing;

use super::lease::Moment;
use crate::error::{Error, Result};
use crate::service::{Service, system};

/// What is known of one access key id.
pub struct KnownPair {
    pub access_key_id: AccessKeyId,
    pub key: KeyId,
    pub tenant: TenantId,
    pub instance: InstanceId,
    /// What gateways use as the account.
    pub namespace: String,
    pub region: RegionCode,
    pub label: Option<Label>,
    pub grants: Grants,
    pub standing: Standing,
    pub gateway_secrets: GatewaySecrets,
    /// Of the pair and the key together: another value, another state.
    pub version: (i64, i64),
    partner: Option<PartnerPath>,
    /// Set once its tenant, or somebody above, is no longer as it was read.
    is_outdated: Arc<AtomicBool>,
    secret: Option<(SealedSecret, Arc<DataKey>)>,
    /// Of the last days it was used on.
    signing_keys: Mutex<Vec<(ScopeDate, Arc<SigningKey>)>>,
}

/// How many days' signing keys a pair keeps at hand: today's, and one more around midnight.
const DAYS: usize = 2;

/// What memory says of an id.
pub enum Recalled {
    Known(Arc<KnownPair>),
    /// Nobody has it.
    Unknown,
    /// It has to be looked up.
    Nothing,
}

#[derive(Clone)]
enum Entry {
    Known(Arc<KnownPair>),
    Unknown(Moment),
}

/// For how long nobody's id stays unknown without another look: also when the database cannot be asked, for a gateway
/// may remember what it is told.
const UNKNOWN_FOR: TimeDelta = TimeDelta::seconds(5);

impl Entry {
    fn is_fresh(&self) -> bool {
        match self {
            Self::Known(pair) => !pair.is_outdated.load(Ordering::Acquire),
            Self::Unknown(since) => since.elapsed() < UNKNOWN_FOR,
        }
    }

    fn pair(self) -> Option<Arc<KnownPair>> {
        match self {
            Self::Known(pair) => Some(pair),
            Self::Unknown(_) => None,
        }
    }
}

pub(crate) struct KnownPairs {
    pairs: Cache<AccessKeyId, Entry>,
    owners: Mutex<Owners>,
}

/// Whose pairs are remembered, and how often any of them have changed.
#[derive(Default)]
struct Owners {
    changes: u64,
    known: HashMap<TenantId, Owner>,
}

struct Owner {
    partner: Option<PartnerPath>,
    is_outdated: Arc<AtomicBool>,
    data_keys: Vec<(i64, Arc<DataKey>)>,
}

impl KnownPairs {
    pub(crate) fn new(most: usize) -> Self {
        Self { pairs: Cache::new(most), owners: Mutex::default() }
    }

    pub(crate) fn recall(&self, id: &AccessKeyId) -> Recalled {
        match self.pairs.get(id).filter(Entry::is_fresh).map(Entry::pair) {
            Some(Some(pair)) => Recalled::Known(pair),
            Some(None) => Recalled::Unknown,
            None => Recalled::Nothing,
        }
    }

    pub(crate) fn forget(&self, id: &AccessKeyId) {
        self.pairs.remove(id);
    }

    pub(crate) fn forget_tenant(&self, id: &TenantId) {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.changes += 1;
        if let Some(owner) = owners.known.remove(id) {
            owner.is_outdated.store(true, Ordering::Release);
        }
    }

    pub(crate) fn forget_partner(&self, id: &PartnerId) {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.changes += 1;
        owners.known.retain(|_, owner| {
            let is_below = owner.partner.as_ref().is_some_and(|path| path.ids().any(|above| above == id));
            if is_below {
                owner.is_outdated.store(true, Ordering::Release);
            }
            !is_below
        });
    }

    pub(crate) fn forget_everything(&self) {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.changes += 1;
        for (_, owner) in owners.known.drain() {
            owner.is_outdated.store(true, Ordering::Release);
        }
        self.pairs.clear();
    }

    fn changes(&self) -> u64 {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner).changes
    }

    fn data_key(&self, tenant: &TenantId, version: i64) -> Option<Arc<DataKey>> {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = owners.known.get(tenant)?;
        owner.data_keys.iter().find(|(known, _)| *known == version).map(|(_, key)| key.clone())
    }

    /// Puts the pair under its owner's mark, unless something wide has changed since it was read.
    fn adopt(&self, pair: &mut KnownPair, changes_before: u64) -> bool {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if owners.changes != changes_before {
            return false;
        }
        let owner = owners.known.entry(pair.tenant.clone()).or_insert_with(|| Owner {
            partner: pair.partner.clone(),
            is_outdated: Arc::default(),
            data_keys: Vec::new(),
        });
        pair.is_outdated = owner.is_outdated.clone();
        if let Some((sealed, data_key)) = &pair.secret
            && !owner.data_keys.iter().any(|(version, _)| *version == sealed.by())
        {
            owner.data_keys.push((sealed.by(), data_key.clone()));
        }
        true
    }
}

/// How long a reader waits for another that reads the same.
const PATIENCE: Duration = Duration::from_secs(2);

impl Service {
    /// What this node remembers of an id. Nothing at all while it may not trust its memory; and what cannot be an id of
    /// anybody is known to be unknown.
    pub fn recall(&self, id: &str) -> Recalled {
        let Some(id) = could_be_somebodys(id) else { return Recalled::Unknown };
        if !self.plane.lease.holds() {
            return Recalled::Nothing;
        }
        self.plane.pairs.recall(&id)
    }

    /// Whether memory may be believed at this moment: asked after an answer was made from it.
    pub fn may_answer_from_memory(&self) -> bool {
        self.plane.lease.holds()
    }

    /// Looks an id up in the database, and remembers what it finds if it may.
    pub fn look_up(&self, id: &str) -> Result<Option<Arc<KnownPair>>> {
        let Some(id) = could_be_somebodys(id) else { return Ok(None) };
        if !self.plane.lease.holds() {
            return Ok(self.read_pair(&id)?.map(Arc::new));
        }
        match self.plane.pairs.pairs.get(&id) {
            Some(entry) if entry.is_fresh() => return Ok(entry.pair()),
            Some(_) => self.plane.pairs.forget(&id),
            None => {}
        }
        let changes_before = self.plane.pairs.changes();
        match self.plane.pairs.pairs.get_value_or_guard(&id, Some(PATIENCE)) {
            GuardResult::Value(entry) if entry.is_fresh() => Ok(entry.pair()),
            GuardResult::Value(_) | GuardResult::Timeout => Ok(self.read_pair(&id)?.map(Arc::new)),
            GuardResult::Guard(place) => match self.read_pair(&id)? {
                None => {
                    let _ = place.insert(Entry::Unknown(Moment::now()));
                    Ok(None)
                }
                Some(mut pair) => {
                    let may_keep = self.plane.pairs.adopt(&mut pair, changes_before);
                    let pair = Arc::new(pair);
                    if may_keep {
                        // In vain if it was forgotten meanwhile, and rightly so.
                        let _ = place.insert(Entry::Known(pair.clone()));
                    }
                    Ok(Some(pair))
                }
            },
        }
    }

    /// Whether all this can have been true at once, as far as one key goes: the old pair of a reset, remembered, and the new
    /// one, read after it, are of two states of their key. Those are forgotten.
    pub fn is_one_state(&self, known: &[Option<Arc<KnownPair>>]) -> bool {
        let (mut states, mut torn) = (HashMap::new(), HashSet::new());
        for pair in known.iter().flatten() {
            if *states.entry(&pair.key).or_insert(pair.version.0) != pair.version.0 {
                torn.insert(&pair.key);
            }
        }
        for pair in known.iter().flatten().filter(|pair| torn.contains(&pair.key)) {
            self.plane.pairs.forget(&pair.access_key_id);
        }
        torn.is_empty()
    }

    fn read_pair(&self, id: &AccessKeyId) -> Result<Option<KnownPair>> {
        let (system, _) = system("verify");
        self.read(|db| {
            let Some(facts) = pair_facts::find(system, db, id)? else { return Ok(None) };
            let secret = match &facts.sealed {
                None => None,
                Some(sealed) => {
                    let data_key = match self.plane.pairs.data_key(&facts.tenant.id, sealed.by()) {
                        Some(data_key) => data_key,
                        None => Arc::new(pair_facts::data_key(system, db, &self.ring, &facts.tenant.id, sealed)?),
                    };
                    Some((sealed.clone(), data_key))
                }
            };
            Ok(Some(KnownPair::of(facts, secret)))
        })
    }
}

/// What is no id, or a misprint of one, is nobody's.
fn could_be_somebodys(id: &str) -> Option<AccessKeyId> {
    AccessKeyId::parse(id).ok().filter(|id| !id.is_misprint())
}

impl KnownPair {
    fn of(facts: PairFacts, secret: Option<(SealedSecret, Arc<DataKey>)>) -> Self {
        let owner = liveness::tenant(&facts.tenant, &facts.partners);
        let owner = liveness::unless_held_back(facts.is_held_back, owner);
        Self {
            standing: Standing::of(&facts.key, &facts.pair, owner, facts.service),
            gateway_secrets: facts.gateway_secrets,
            version: (facts.key.version, facts.pair.version),
            namespace: facts.instance.namespace().to_owned(),
            access_key_id: facts.pair.access_key_id,
            key: facts.key.id,
            tenant: facts.tenant.id,
            instance: facts.instance.id,
            region: facts.key.region,
            label: facts.key.terms.label,
            grants: facts.key.terms.grants,
            partner: facts.tenant.partner,
            is_outdated: Arc::default(),
            secret,
            signing_keys: Mutex::default(),
        }
    }

    pub fn partner(&self) -> Option<&PartnerPath> {
        self.partner.as_ref()
    }

    /// The key for a scope in this pair's own region; none when its secret is gone.
    pub(super) fn signing_key(&self, scope: &Scope<'_>) -> Result<Option<Arc<SigningKey>>> {
        let mut known = self.signing_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = known.iter().find(|(date, _)| *date == scope.date()) {
            return Ok(Some(key.clone()));
        }
        let Some(secret) = self.secret()? else { return Ok(None) };
        let key = Arc::new(SigningKey::derive(&secret, scope));
        if known.len() >= DAYS {
            known.remove(0);
        }
        known.push((scope.date(), key.clone()));
        Ok(Some(key))
    }

    pub(super) fn secret(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let Some((sealed, data_key)) = &self.secret else { return Ok(None) };
        let place = Place::S3Secret {
            tenant: self.tenant.as_str(),
            key: self.key.as_str(),
            access_key_id: self.access_key_id.as_str(),
            version: self.version.1,
        };
        data_key.open(place, sealed).map(Some).map_err(Error::from)
    }
}
