//! What is known of several ids, all of it true at one moment.
//!
//! What is remembered of an id has survived every change that this node has applied. If it was also read when none of
//! those to come had been made, it is what the feed's state at that number says of it; so all that was read before it
//! goes together. Otherwise the database is asked, in one state of its own: for what is not remembered, and for which
//! changes in between touch what is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use domain::key::AccessKeyId;
use persistence::changes::{self, Told};

use super::known_pairs::{Entry, EntryOrPlace, FreePlace, KnownPair, PATIENCE, could_be_somebodys};
use crate::error::Result;
use crate::service::{Service, system};

/// With how many changes unheard of the memory is still worth comparing.
const UNHEARD: i64 = 1_000;

impl Service {
    /// In the order of the ids. None if memory does not know all of them at one moment.
    pub fn recall_together(&self, ids: &[&str]) -> Option<Vec<Option<Arc<KnownPair>>>> {
        if !self.plane.lease.holds() {
            return None;
        }
        let applied = self.plane.feed.applied();
        let recall = |id: &&str| match self.plane.pairs.entry(id) {
            Some(entry) => Some(entry).filter(|entry| entry.seen_at() <= applied).map(Entry::pair),
            None if could_be_somebodys(id).is_none() => Some(None),
            None => None,
        };
        ids.iter().map(recall).collect()
    }

    /// The same with the database's help: how many were read from it stands beside.
    pub fn look_up_together(&self, ids: &[String]) -> Result<(Vec<Option<Arc<KnownPair>>>, u64)> {
        let asked: Vec<Option<AccessKeyId>> = ids.iter().map(|id| could_be_somebodys(id)).collect();
        let applied = self.plane.feed.applied();
        let changes_before = self.plane.pairs.changes();
        let (remembered, mut places) = self.gather(asked.iter().flatten().collect());
        let (system, _) = system("verify");
        let read = self.read_one_state(|db| {
            let look = changes::look(system, db, applied, UNHEARD)?;
            let knows_all = look.complete_to >= applied && (look.told.len() as i64) < UNHEARD;
            let holds = |id: &&AccessKeyId| {
                knows_all && remembered.get(*id).is_some_and(|entry| !is_touched(id, entry, &look.told))
            };
            let missing: BTreeSet<&AccessKeyId> = asked.iter().flatten().filter(|id| !holds(id)).collect();
            let seen_at = self.newest_change(db)?;
            let read = |id: &AccessKeyId| Ok((id.clone(), self.read_pair(db, id, seen_at)?));
            missing.into_iter().map(read).collect::<Result<BTreeMap<_, _>>>()
        })?;
        let count = read.len() as u64;
        let mut known: BTreeMap<AccessKeyId, Option<Arc<KnownPair>>> =
            remembered.into_iter().map(|(id, entry)| (id, entry.pair())).collect();
        for (id, read) in read {
            let pair = self.plane.pairs.keep(places.remove(&id), read, changes_before);
            known.insert(id, pair);
        }
        let of = |id: Option<AccessKeyId>| id.and_then(|id| known.get(&id).cloned().flatten());
        Ok((asked.into_iter().map(of).collect(), count))
    }

    /// What is remembered, and places for what is not. Everybody takes places in the same order, so that no two wait for
    /// each other.
    fn gather(
        &self,
        ids: BTreeSet<&AccessKeyId>,
    ) -> (BTreeMap<AccessKeyId, Entry>, BTreeMap<AccessKeyId, FreePlace<'_>>) {
        let (mut entries, mut places) = (BTreeMap::new(), BTreeMap::new());
        if !self.plane.lease.holds() {
            return (entries, places);
        }
        let until = Instant::now() + PATIENCE;
        for id in ids {
            match self.plane.pairs.entry_or_place(id, until.saturating_duration_since(Instant::now())) {
                EntryOrPlace::Entry(entry) => drop(entries.insert(id.clone(), entry)),
                EntryOrPlace::Place(place) => drop(places.insert(id.clone(), place)),
                EntryOrPlace::Neither => {}
            }
        }
        (entries, places)
    }
}

fn is_touched(id: &AccessKeyId, entry: &Entry, told: &[Told]) -> bool {
    told.iter().any(|told| match entry {
        Entry::Known(pair) => pair.is_touched_by(&told.change),
        Entry::Unknown { .. } => told.change.subject() == id.as_str(),
    })
}
