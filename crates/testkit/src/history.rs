//! What clients have done to keys and seen of them, and which promises that breaks.
//!
//! Clients append to a [`Log`] while they work, and [`violations`] reads it when they are done: a pure function, which
//! knows nothing of servers and databases. All times are from one clock. Who changes nothing while others change it sees
//! one of a few states, and what was seen has to be explained by one of them.

mod changes;
mod feed;
mod states;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Microseconds since 1970, or since anything else.
pub type Moment = i64;

/// Append-only, for many clients at once.
#[derive(Default)]
pub struct Log(Mutex<Vec<Entry>>);

/// Something that a client asked for, and what came of it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub start: Moment,
    pub end: Moment,
    /// Whom it asked.
    pub node: String,
    pub seen: Seen,
}

#[derive(Debug, Clone)]
pub enum Seen {
    Changed {
        key: String,
        change: Change,
        outcome: Outcome,
    },
    /// Pairs of one key, asked about together, and which of them were allowed.
    Verified {
        key: String,
        asked: Vec<(String, bool)>,
    },
    /// A page of the feed: numbers and pairs.
    Followed {
        reader: String,
        after: i64,
        upto: i64,
        told: Vec<(i64, String)>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Created,
    Reset,
    Rotated,
    Revoked,
}

#[derive(Debug, Clone)]
pub enum Outcome {
    Done(Done),
    /// It was said that nothing has changed.
    Refused,
    /// Nobody said whether it has happened.
    Unknown,
}

/// What an acknowledgement says.
#[derive(Debug, Clone)]
pub struct Done {
    pub version: i64,
    /// The pair that is current from now on, of a change that makes one.
    pub pair: Option<String>,
    /// When the pair before ends, if it goes on.
    pub until: Option<Moment>,
    /// The number in the feed, and from when on nobody honours what was before.
    pub receipt: Option<(i64, Moment)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// What was ended and acknowledged is never honoured again.
    EndsForGood,
    /// What was acknowledged is there.
    Lasts,
    /// One state is seen, never half of one and half of another: of a reset, the old pair dead exactly when the new one lives.
    IsAtomic,
    /// After a rotation both pairs live until the grace ends, and the old one never after.
    Overlaps,
    /// Changes of one key come one after another: each has a version of its own, and none is missing.
    Serialises,
    /// The feed tells every change, in the order in which they were made.
    IsTold,
}

#[derive(Debug, Clone)]
pub struct Violation {
    pub promise: Promise,
    pub what: String,
}

impl Log {
    pub fn append(&self, entry: Entry) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    pub fn entries(self) -> Vec<Entry> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every promise that what was seen breaks.
pub fn violations(log: &[Entry]) -> Vec<Violation> {
    let by_key = Changed::by_key(log);
    let mut found = Vec::new();
    found.extend(by_key.iter().flat_map(|(key, changed)| changes::violations(key, changed)));
    found.extend(states::violations(log, &by_key));
    found.extend(feed::violations(log, &by_key));
    found
}

/// One line for people: how much was seen.
pub fn summary(log: &[Entry]) -> String {
    let (mut acknowledged, mut verified, mut pages, mut told) = (0, 0, 0, 0);
    for entry in log {
        match &entry.seen {
            Seen::Changed { outcome: Outcome::Done(_), .. } => acknowledged += 1,
            Seen::Changed { .. } => {}
            Seen::Verified { .. } => verified += 1,
            Seen::Followed { told: page, .. } => {
                pages += 1;
                told += page.len();
            }
        }
    }
    format!("{acknowledged} acknowledged changes, {verified} verifies, {pages} pages of the feed with {told} changes")
}

/// A change of a key as its client saw it.
struct Changed<'l> {
    entry: &'l Entry,
    change: Change,
    outcome: &'l Outcome,
}

impl<'l> Changed<'l> {
    fn by_key(log: &'l [Entry]) -> BTreeMap<&'l str, Vec<Self>> {
        let mut by_key: BTreeMap<&str, Vec<Self>> = BTreeMap::new();
        for entry in log {
            if let Seen::Changed { key, change, outcome } = &entry.seen {
                by_key.entry(key).or_default().push(Self { entry, change: *change, outcome });
            }
        }
        by_key
    }

    fn done(&self) -> Option<&'l Done> {
        match self.outcome {
            Outcome::Done(done) => Some(done),
            Outcome::Refused | Outcome::Unknown => None,
        }
    }

    fn is_unknown(&self) -> bool {
        matches!(self.outcome, Outcome::Unknown)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.promise, self.what)
    }
}

fn violation(promise: Promise, what: String) -> Violation {
    Violation { promise, what }
}
