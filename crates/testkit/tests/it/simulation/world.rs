//! What there is: rows, the feed, nodes and what they remember. Each method is one instant.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use keyreeve_testkit::history::{Entry, Moment, Seen};

/// Mistakes that were made in real control planes, or nearly in this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Changes of some pairs are not forgotten by the nodes that hear of them.
    SkippedInvalidation,
    /// Whoever follows the feed goes on after the highest number it sees, whether lower ones are still to come or not.
    NaiveCursor,
    /// A page of the feed ends early, and says that it is complete.
    PageBeyondItsEnd,
    /// A change reads its row without a lock.
    NoLock,
    /// A lease counts from after the feed was read.
    LeaseFromAfterTheRead,
    /// A lease that has lapsed is taken again, and what was remembered before is believed without another look at the feed.
    LeaseWithoutAnotherLook,
    /// A pair lives until its grace has ended, and at that moment too.
    GraceInclusive,
    /// A node remembers a retiring pair, and not until when.
    GraceForgotten,
    ResetInTwoTransactions,
    VersionNotCounted,
    AcknowledgedBeforeCommit,
    /// What was read before a change is remembered after it.
    StaleFill,
    /// Pairs that are asked about together are looked up one after another.
    BatchFromSeveralStates,
    ReceiptWithoutWaiting,
}

impl Bug {
    pub(crate) const ALL: [Self; 14] = [
        Self::SkippedInvalidation,
        Self::NaiveCursor,
        Self::PageBeyondItsEnd,
        Self::NoLock,
        Self::LeaseFromAfterTheRead,
        Self::LeaseWithoutAnotherLook,
        Self::GraceInclusive,
        Self::GraceForgotten,
        Self::ResetInTwoTransactions,
        Self::VersionNotCounted,
        Self::AcknowledgedBeforeCommit,
        Self::StaleFill,
        Self::BatchFromSeveralStates,
        Self::ReceiptWithoutWaiting,
    ];
}

pub(super) const LEASE: Moment = 150;
pub(super) const NODES: usize = 2;

#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) version: i64,
    pub(super) current: Option<String>,
    pub(super) retiring: Option<(String, Moment)>,
}

/// A pair as a node remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Lives,
    LivesUntil(Moment),
    Dead,
}

pub(super) struct Node {
    pub(super) applied: i64,
    pub(super) lease: Moment,
    remembered: BTreeMap<String, (Standing, i64)>,
    /// How often each pair was forgotten: what was read before that is not remembered.
    forgotten: BTreeMap<String, u64>,
    /// What everybody can see of it: until when it may answer from memory, and what it has applied.
    pub(super) written_down: (Moment, i64),
}

pub(super) struct World {
    pub(super) bug: Option<Bug>,
    clock: Cell<Moment>,
    chance: Cell<u64>,
    pub(super) rows: RefCell<BTreeMap<String, Row>>,
    pub(super) pairs: RefCell<BTreeMap<String, Vec<String>>>,
    locked: RefCell<BTreeSet<String>>,
    feed: RefCell<BTreeMap<i64, String>>,
    next_number: Cell<i64>,
    running: RefCell<BTreeSet<i64>>,
    pub(super) nodes: RefCell<Vec<Node>>,
    log: RefCell<Vec<Entry>>,
}

impl World {
    pub(super) fn new(seed: u64, bug: Option<Bug>) -> Self {
        let node = |_| Node {
            applied: 0,
            lease: 0,
            remembered: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            written_down: (0, 0),
        };
        Self {
            bug,
            clock: Cell::new(0),
            chance: Cell::new(seed),
            rows: RefCell::default(),
            pairs: RefCell::default(),
            locked: RefCell::default(),
            feed: RefCell::default(),
            next_number: Cell::new(1),
            running: RefCell::default(),
            nodes: RefCell::new((0..NODES).map(node).collect()),
            log: RefCell::default(),
        }
    }

    pub(super) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    pub(super) fn tick(&self) {
        self.clock.set(self.clock.get() + 1);
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.get()
    }

    /// SplitMix64.
    pub(super) fn below(&self, bound: usize) -> usize {
        let state = self.chance.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.chance.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    pub(super) fn see(&self, node: usize, start: Moment, seen: Seen) {
        self.log.borrow_mut().push(Entry { start, end: self.now(), node: format!("node {node}"), seen });
    }

    pub(super) fn log(&self) -> Vec<Entry> {
        self.log.take()
    }

    pub(super) fn fresh_pair(&self, key: &str) -> String {
        let mut pairs = self.pairs.borrow_mut();
        let of_key = pairs.entry(key.to_owned()).or_default();
        of_key.push(format!("{key}-{}", of_key.len() + 1));
        of_key.last().cloned().unwrap()
    }

    pub(super) fn try_lock(&self, key: &str) -> bool {
        self.has(Bug::NoLock) || self.locked.borrow_mut().insert(key.to_owned())
    }

    pub(super) fn unlock(&self, key: &str) {
        self.locked.borrow_mut().remove(key);
    }

    pub(super) fn row(&self, key: &str) -> Row {
        self.rows.borrow().get(key).cloned().unwrap_or_default()
    }

    /// A transaction takes its numbers before it commits.
    pub(super) fn take_numbers(&self, count: usize) -> i64 {
        let first = self.next_number.get();
        self.next_number.set(first + count as i64);
        self.running.borrow_mut().insert(first);
        first
    }

    pub(super) fn commit(&self, key: &str, row: Row, first: i64, told: &[String]) {
        self.rows.borrow_mut().insert(key.to_owned(), row);
        self.feed.borrow_mut().extend((first..).zip(told.iter().cloned()));
        self.running.borrow_mut().remove(&first);
    }

    /// What is in the feed after a number, and up to which it is complete.
    pub(super) fn look(&self, after: i64, most: usize) -> (Vec<(i64, String)>, i64) {
        let feed = self.feed.borrow();
        let told: Vec<_> = feed.range(after + 1..).take(most).map(|(number, pair)| (*number, pair.clone())).collect();
        let last = told.last().map_or(after, |(number, _)| *number);
        let horizon = self.running.borrow().first().map_or(self.next_number.get(), |first| *first) - 1;
        let is_all = told.len() < most;
        let upto = match self.bug {
            Some(Bug::NaiveCursor) => last,
            Some(Bug::PageBeyondItsEnd) => horizon,
            _ if is_all => horizon,
            _ => horizon.min(last),
        };
        (told, upto.max(after))
    }

    pub(super) fn newest_number(&self) -> i64 {
        self.feed.borrow().last_key_value().map_or(0, |(number, _)| *number)
    }

    /// As the database has it at this instant.
    pub(super) fn read(&self, key: &str, pair: &str) -> Standing {
        let row = self.row(key);
        match row.retiring {
            _ if row.current.as_deref() == Some(pair) => Standing::Lives,
            Some((retiring, _)) if retiring == pair && self.has(Bug::GraceForgotten) => Standing::Lives,
            Some((retiring, until)) if retiring == pair => Standing::LivesUntil(until),
            Some(_) | None => Standing::Dead,
        }
    }

    /// By the moment at which it was asked.
    pub(super) fn is_allowed(&self, standing: Standing, at: Moment) -> bool {
        match standing {
            Standing::Lives => true,
            Standing::LivesUntil(until) if self.has(Bug::GraceInclusive) => at <= until,
            Standing::LivesUntil(until) => at < until,
            Standing::Dead => false,
        }
    }
}

impl Node {
    pub(super) fn forget(&mut self, pair: &str) {
        self.remembered.remove(pair);
        *self.forgotten.entry(pair.to_owned()).or_default() += 1;
    }

    pub(super) fn times_forgotten(&self, pair: &str) -> u64 {
        self.forgotten.get(pair).copied().unwrap_or(0)
    }

    pub(super) fn remember(&mut self, pair: &str, standing: Standing, seen_at: i64) {
        self.remembered.insert(pair.to_owned(), (standing, seen_at));
    }

    /// What it knows of all of them at one moment.
    pub(super) fn recall(&self, pairs: &[String]) -> Option<Vec<Standing>> {
        let known = |pair: &String| self.remembered.get(pair).filter(|(_, seen_at)| *seen_at <= self.applied);
        pairs.iter().map(|pair| known(pair).map(|(standing, _)| *standing)).collect()
    }
}
