//! Who used which pair: counted in memory, written down in batches.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use authz::Permit;
use authz::action::ReportUsage;
use domain::Timestamp;
use domain::id::KeyId;
use domain::key::AccessKeyId;
use persistence::key_usage::Use;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

const SHARDS: usize = 64;
/// How much is written in one transaction.
const AT_ONCE: usize = 1000;
/// Up to so many pairs, a round writes down all that is noted.
const AT_EASE: usize = 10_000;
/// Of more, a pair that is in use all the time is written once in so many rounds: a row costs the same for one use and for
/// a thousand. At one round every five seconds this stays well below the shortest silence that retires a pair.
const TURNS: usize = 6;
/// How many shards a turn has.
const TURN: usize = SHARDS.div_ceil(TURNS);

pub(crate) struct Usage {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    /// The shard that has waited longest for a round.
    next: AtomicUsize,
}

type Shard = HashMap<AccessKeyId, Noted>;

/// Uses of a pair that are not written down yet.
struct Noted {
    key: KeyId,
    at: Timestamp,
    gateway: Option<Box<str>>,
    address: Option<IpAddr>,
    agent: Option<Box<str>>,
    count: i64,
}

impl Default for Usage {
    fn default() -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { hasher: RandomState::new(), shards, next: AtomicUsize::new(0) }
    }
}

/// Uses of a pair, as they are heard of: most are added to what is noted, and nothing of them is kept.
pub(super) struct Heard<'a> {
    pub(super) access_key_id: &'a AccessKeyId,
    pub(super) key: &'a KeyId,
    pub(super) at: Timestamp,
    pub(super) gateway: Option<&'a str>,
    pub(super) address: Option<IpAddr>,
    pub(super) agent: Option<&'a str>,
    pub(super) count: i64,
}

impl<'a> Heard<'a> {
    fn of(key: &'a KeyId, used: &'a Use) -> Self {
        Self {
            access_key_id: &used.access_key_id,
            key,
            at: used.at,
            gateway: used.gateway.as_deref(),
            address: used.address,
            agent: used.agent.as_deref(),
            count: used.count,
        }
    }
}

impl From<&Heard<'_>> for Noted {
    fn from(heard: &Heard<'_>) -> Self {
        Self {
            key: heard.key.clone(),
            at: heard.at,
            gateway: heard.gateway.map(Box::from),
            address: heard.address,
            agent: heard.agent.map(Box::from),
            count: heard.count,
        }
    }
}

impl Noted {
    fn add(&mut self, heard: &Heard<'_>) {
        self.count = self.count.saturating_add(heard.count);
        if heard.at >= self.at {
            self.at = heard.at;
            self.address = heard.address;
            replace(&mut self.gateway, heard.gateway);
            replace(&mut self.agent, heard.agent);
        }
    }

    fn of(self, access_key_id: AccessKeyId) -> (KeyId, Use) {
        let used = Use {
            access_key_id,
            at: self.at,
            gateway: self.gateway.map(String::from),
            address: self.address,
            agent: self.agent.map(String::from),
            count: self.count,
        };
        (self.key, used)
    }
}

fn replace(noted: &mut Option<Box<str>>, heard: Option<&str>) {
    if noted.as_deref() != heard {
        *noted = heard.map(Box::from);
    }
}

/// What a gateway says of a pair that it verified by itself.
pub struct Reported {
    pub access_key_id: AccessKeyId,
    pub last_used_at: Timestamp,
    pub count: i64,
    pub address: Option<IpAddr>,
    pub agent: Option<String>,
}

impl Usage {
    pub(super) fn note(&self, heard: &Heard<'_>) {
        let shard = self.hasher.hash_one(heard.access_key_id) as usize % SHARDS;
        let Some(shard) = self.shards.get(shard) else { return };
        let mut shard = lock(shard);
        match shard.get_mut(heard.access_key_id) {
            None => drop(shard.insert(heard.access_key_id.clone(), heard.into())),
            Some(noted) => noted.add(heard),
        }
    }

    /// Of how many pairs something is not written down yet.
    pub(crate) fn unwritten(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// How many shards a round has to write down.
    fn turn(&self) -> usize {
        if self.unwritten() <= AT_EASE { SHARDS } else { TURN }
    }

    /// All that is noted in so many shards, those that have waited longest, in the order of the keys: what is next to each other
    /// in the database is written together.
    fn take(&self, shards: usize) -> impl Iterator<Item = (KeyId, Use)> {
        let first = self.next.load(Ordering::Relaxed);
        let take = |shard| std::mem::take(&mut *lock(shard)).into_iter().map(|(id, noted)| noted.of(id));
        let mut taken: Vec<_> = self.shards.iter().cycle().skip(first).take(shards).flat_map(take).collect();
        taken.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        taken.into_iter()
    }

    /// So many shards are written down, and the next ones have waited longest.
    fn go_on(&self, shards: usize) {
        self.next.store((self.next.load(Ordering::Relaxed) + shards) % SHARDS, Ordering::Relaxed);
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    /// Takes note of what a gateway has counted itself. Of pairs that are not its to know of nothing is noted, and it is
    /// not told which.
    pub fn report_usage(&self, context: &Context, permit: &Permit<ReportUsage>, items: Vec<Reported>) -> Result<()> {
        let asker = permit.asker().ok_or(Error::Forbidden)?;
        for item in items {
            let Some(pair) = self.look_up(item.access_key_id.as_str())? else { continue };
            if !asker.gateway.binding.contains(&pair.home.region) {
                continue;
            }
            self.plane.usage.note(&Heard {
                access_key_id: &item.access_key_id,
                key: &pair.key,
                // A gateway whose clock is ahead does not use keys in the future.
                at: item.last_used_at.min(context.now),
                gateway: Some(asker.gateway.name.as_str()),
                address: item.address,
                agent: item.agent.as_deref(),
                // What one gateway says once is bounded, so that no sum overflows.
                count: item.count.min(1_000_000_000),
            });
        }
        Ok(())
    }

    /// Writes down what has been counted, of very many pairs some at each call. What cannot be written now is kept for the
    /// next time.
    pub fn write_down_some_usage(&self) -> Result<()> {
        self.write_down_shards(self.plane.usage.turn())
    }

    /// Writes down all that has been counted, by and by: there may be a million pairs.
    pub fn write_down_usage(&self) -> Result<()> {
        (0..TURNS).try_for_each(|_| self.write_down_shards(TURN))
    }

    fn write_down_shards(&self, shards: usize) -> Result<()> {
        let mut noted = self.plane.usage.take(shards);
        loop {
            let (keys, batch): (Vec<KeyId>, Vec<Use>) = noted.by_ref().take(AT_ONCE).unzip();
            if batch.is_empty() {
                self.plane.usage.go_on(shards);
                return Ok(());
            }
            if let Err(error) = self.record_usage(&batch) {
                let unwritten = keys.into_iter().zip(batch).chain(noted);
                unwritten.for_each(|(key, used)| self.plane.usage.note(&Heard::of(&key, &used)));
                return Err(error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_pairs_are_written_in_one_round() {
        let usage = noted(AT_EASE);
        assert_eq!(round(&usage).len(), AT_EASE);
        assert_eq!(usage.unwritten(), 0);
    }

    #[test]
    fn a_round_is_in_the_order_of_the_keys() {
        let usage = noted(AT_EASE);
        let keys: Vec<KeyId> = round(&usage).into_iter().map(|(key, _)| key).collect();
        assert!(keys.is_sorted());
        let pairs: Vec<KeyId> = (0..AT_EASE).map(key_of).collect();
        assert!(!pairs.is_sorted(), "the pairs are in no order of theirs");
    }

    #[test]
    fn of_very_many_pairs_each_is_written_once_in_so_many_rounds() {
        let usage = noted(3 * AT_EASE);
        let mut written = HashMap::new();
        for number in 0..TURNS {
            // One that is in use all the time, beside those that were used once.
            note(&usage, 0);
            let turn = round(&usage);
            assert!(turn.len() < AT_EASE, "{} in round {number}", turn.len());
            for (_, used) in turn {
                *written.entry(used.access_key_id).or_insert(0) += used.count;
            }
        }
        assert_eq!(usage.unwritten(), 0);
        assert_eq!(written.len(), 3 * AT_EASE);
        assert_eq!(written.remove(&id(0)), Some(1 + TURNS as i64));
        assert!(written.values().all(|count| *count == 1));
    }

    fn noted(pairs: usize) -> Usage {
        let usage = Usage::default();
        (0..pairs).for_each(|number| note(&usage, number));
        usage
    }

    fn note(usage: &Usage, number: usize) {
        usage.note(&Heard {
            access_key_id: &id(number),
            key: &key_of(number),
            at: Timestamp::UNIX_EPOCH,
            gateway: None,
            address: None,
            agent: None,
            count: 1,
        });
    }

    fn round(usage: &Usage) -> Vec<(KeyId, Use)> {
        let shards = usage.turn();
        let taken = usage.take(shards).collect();
        usage.go_on(shards);
        taken
    }

    fn id(number: usize) -> AccessKeyId {
        AccessKeyId::parse(&format!("IMPORTEDFROMNOWHERE{number:05}")).unwrap()
    }

    fn key_of(number: usize) -> KeyId {
        KeyId::parse(&format!("key_{:026}", number * 7919 % 100_003)).unwrap()
    }
}
