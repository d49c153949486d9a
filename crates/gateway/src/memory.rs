//! What a gateway remembers of keys: bounded, only in memory, each miss fetched once however many wait for it.
//!
//! Fetching and forgetting cannot miss each other: a change is first noted as seen and then forgotten about, and an answer
//! is held against what was seen and put into memory under the same lock.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use domain::key::AccessKeyId;
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use verify::sigv4::{S3, Scope, ScopeDate};
use wire::{ChangeEvent, ChangeKind, Changes, IssueSigningKeys, IssuedSigningKeys, WantedSigningKey};

use crate::clock::Moment;
use crate::connection::Connection;
use crate::known_key::{Facts, KnownKey, not_understood};
use crate::lease::Lease;
use crate::metrics::Call;
use crate::seen::{Age, Seen};
use crate::{Clock, Trouble};

pub(crate) struct Memory {
    keys: Cache<Name, Arc<KnownKey>>,
    seen: Mutex<Seen>,
    pub(crate) lease: Lease,
    regions: Vec<String>,
    jitter: RandomState,
    clock: Clock,
}

/// Which signing key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    access_key_id: String,
    date: ScopeDate,
    region: String,
}

/// The same, of a request.
#[derive(Hash)]
struct Asked<'a> {
    access_key_id: &'a str,
    date: ScopeDate,
    region: &'a str,
}

impl Equivalent<Name> for Asked<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        self.access_key_id == name.access_key_id && self.date == name.date && self.region == name.region
    }
}

pub(crate) enum Found {
    Remembered(Arc<KnownKey>),
    Fetched(Arc<KnownKey>),
}

/// For how long answers that are too old are asked for again.
const CATCHING_UP: Duration = Duration::from_secs(1);
/// How many days' keys there can be of one access key: URLs are good for seven, and clocks differ.
const DAYS: std::ops::RangeInclusive<i64> = -9..=2;

impl Memory {
    pub(crate) fn new(most: usize, regions: Vec<String>, clock: Clock) -> Self {
        Self {
            keys: Cache::new(most),
            seen: Mutex::default(),
            lease: Lease::default(),
            regions,
            jitter: RandomState::new(),
            clock,
        }
    }

    pub(crate) async fn find(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        access_key_id: &str,
        scope: &Scope<'_>,
    ) -> Result<Found, Trouble> {
        let asked = Asked { access_key_id, date: scope.date(), region: scope.region() };
        if let Some(known) = self.keys.get(&asked) {
            let now = self.clock.moment();
            if self.may_use(&known, now) {
                if known.wants_refreshing(now) {
                    self.refresh(connection, &asked, &known);
                }
                return Ok(Found::Remembered(known));
            }
            self.keys.remove_if(&asked, |held| Arc::ptr_eq(held, &known));
        }
        let name = asked.name();
        loop {
            match self.keys.get_value_or_guard_async(&name).await {
                Ok(known) if self.may_use(&known, self.clock.moment()) => return Ok(Found::Remembered(known)),
                Ok(known) => {
                    self.keys.remove_if(&name, |held| Arc::ptr_eq(held, &known));
                }
                Err(place) => {
                    let keep = |known: &Arc<KnownKey>| {
                        // In vain if it was forgotten meanwhile.
                        let _ = place.insert(known.clone());
                    };
                    return self.fetch(connection, &name, None, keep).await.map(Found::Fetched);
                }
            }
        }
    }

    pub(crate) fn may_use(&self, known: &KnownKey, now: Moment) -> bool {
        known.may_be_used(now, self.lease.holds(now))
    }

    /// Only what was asked for under a lease of this very process: for no other does a receipt wait.
    fn may_keep(&self, known: &KnownKey, since: Moment) -> bool {
        let is_covered = known.facts().is_none() || self.lease.holds(since);
        is_covered && self.may_use(known, self.clock.moment())
    }

    fn refresh(self: &Arc<Self>, connection: &Arc<Connection>, asked: &Asked<'_>, known: &Arc<KnownKey>) {
        let (memory, connection, known, name) = (self.clone(), connection.clone(), known.clone(), asked.name());
        tokio::spawn(async move {
            let keep = |fresh: &Arc<KnownKey>| memory.keys.insert(name.clone(), fresh.clone());
            if memory.fetch(&connection, &name, known.facts(), keep).await.is_err() {
                tokio::time::sleep(CATCHING_UP).await;
                known.refreshing_failed();
            }
        });
    }

    async fn fetch(
        &self,
        connection: &Connection,
        name: &Name,
        before: Option<&Facts>,
        keep: impl FnOnce(&Arc<KnownKey>),
    ) -> Result<Arc<KnownKey>, Trouble> {
        let body = IssueSigningKeys {
            items: vec![WantedSigningKey {
                access_key_id: name.access_key_id.clone(),
                date: name.date.to_string(),
                region: name.region.clone(),
                service: S3.to_owned(),
                etag: before.and_then(|facts| facts.etag.clone()),
            }],
        };
        let began = self.clock.moment();
        let mut pause = Duration::from_millis(1);
        loop {
            let seen_before = self.lock().before();
            let since = self.clock.moment();
            let answer: IssuedSigningKeys<'_> =
                connection.post(Call::SigningKeys, "/v1/gateway/signing-keys", &body).await?;
            let issued = answer.results.into_iter().next().ok_or_else(|| not_understood("no result"))?;
            let known = Arc::new(KnownKey::read(issued, before, since, self.chance(since))?);
            {
                let seen = self.lock();
                let age = match known.facts() {
                    Some(Facts { allowed, sequence, .. }) => {
                        seen.age_of(seen_before, &name.access_key_id, &allowed.principal.tenant_id, *sequence)
                    }
                    None => seen.age_of_nothing(seen_before),
                };
                match age {
                    Age::Outdated => {}
                    Age::ForOnce => return Ok(known),
                    Age::New => {
                        if self.may_keep(&known, since) {
                            keep(&known);
                        }
                        return Ok(known);
                    }
                }
            }
            if self.clock.moment().saturating_sub(began) > CATCHING_UP {
                return Err(Trouble::Outdated);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Whether an answer about a request is at least as new as what has been seen.
    pub(crate) fn is_new(&self, access_key_id: &str, tenant: &str, sequence: i64) -> bool {
        let seen = self.lock();
        seen.age_of(seen.before(), access_key_id, tenant, sequence) != Age::Outdated
    }

    /// Nothing that was remembered before counts any more.
    pub(crate) fn begin(&self, at: i64) {
        self.lock().begin(at);
        self.keys.clear();
    }

    pub(crate) fn forget_everything(&self) {
        self.lease.end();
        self.begin(0);
    }

    /// First all is noted and then all forgotten, and only then is the lease extended and the next question asked, which
    /// tells Keyreeve that it is so.
    pub(crate) fn apply(&self, changes: &Changes) {
        {
            let mut seen = self.lock();
            // What comes before its turn is told once more in it.
            changes
                .changes
                .iter()
                .filter(|change| change.sequence <= changes.sequence)
                .for_each(|change| seen.note(change));
        }
        for change in &changes.changes {
            self.forget(change);
        }
    }

    /// What is as new as the change knows of it already.
    fn forget(&self, change: &ChangeEvent) {
        let is_older = |known: &KnownKey| known.facts().is_none_or(|facts| facts.sequence < change.sequence);
        match (change.kind, &change.access_key_id, &change.tenant_id) {
            (ChangeKind::Key, Some(access_key_id), _) => {
                let today = self.clock.of_day().date_naive();
                for date in DAYS.filter_map(|days| today.checked_add_signed(TimeDelta::days(days))) {
                    for region in &self.regions {
                        let asked = Asked { access_key_id, date: ScopeDate::new(date), region };
                        self.keys.remove_if(&asked, |known| is_older(known));
                    }
                }
            }
            (ChangeKind::Tenant, _, Some(tenant)) => self.keys.retain(|_, known| {
                // What is dead may be that tenant's.
                let is_elsewhere = known.facts().is_some_and(|facts| facts.allowed.principal.tenant_id != *tenant);
                is_elsewhere || !is_older(known)
            }),
            // Which tenants a partner has is not known here.
            _ => self.keys.retain(|_, known| !is_older(known)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From 0 to 1.
    fn chance(&self, moment: Moment) -> f64 {
        f64::from(u16::try_from(self.jitter.hash_one(moment) & 0xffff).unwrap_or(0)) / f64::from(u16::MAX)
    }
}

impl Asked<'_> {
    fn name(&self) -> Name {
        Name { access_key_id: self.access_key_id.to_owned(), date: self.date, region: self.region.to_owned() }
    }
}

/// What is no id, or a misprint of one, is nobody's, and nobody needs to be asked.
pub(crate) fn could_be_somebodys(access_key_id: &str) -> bool {
    AccessKeyId::parse(access_key_id).is_ok_and(|id| !id.is_misprint())
}
