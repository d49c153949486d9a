//! What was seen of pairs, against the states in which their key can have been.
//!
//! A verify sees the state after some change: at the earliest the newest one in force when it was asked, at the latest the
//! newest one begun when it was answered. If no state between explains all that it saw, a promise is broken.

use std::collections::BTreeMap;

use super::{Change, Changed, Entry, Moment, Promise, Seen, Violation, violation};

pub(super) fn violations(log: &[Entry], by_key: &BTreeMap<&str, Vec<Changed<'_>>>) -> Vec<Violation> {
    let lives: BTreeMap<&str, Life<'_>> = by_key.iter().map(|(key, changed)| (*key, Life::of(changed))).collect();
    let verified = log.iter().filter_map(|entry| match &entry.seen {
        Seen::Verified { key, asked } => Some((entry, key, asked)),
        Seen::Changed { .. } | Seen::Followed { .. } => None,
    });
    let judged = verified.filter_map(|(entry, key, asked)| {
        let promise = lives.get(key.as_str())?.broken_by(entry, asked)?;
        let (start, end, node) = (entry.start, entry.end, &entry.node);
        Some(violation(promise, format!("{key}: from {start} to {end} {node} said {asked:?}")))
    });
    judged.collect()
}

/// A key's states, one after each acknowledged change.
struct Life<'l> {
    states: Vec<State<'l>>,
    unknown: Vec<Moment>,
}

struct State<'l> {
    begun: Moment,
    acknowledged: Moment,
    /// From when on no node honours what was before; the one that made the change does so from its acknowledgement on.
    in_force: Moment,
    made_by: &'l str,
    current: Option<&'l str>,
    retiring: Option<(&'l str, Moment)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Must {
    Live,
    BeDead,
    /// Its end lies within the time for which it was asked about.
    Either,
}

impl<'l> Life<'l> {
    fn of(changed: &[Changed<'l>]) -> Self {
        let mut done: Vec<_> = changed.iter().filter_map(|one| Some((one, one.done()?))).collect();
        done.sort_by_key(|(_, done)| done.version);
        let mut states: Vec<State<'l>> = Vec::new();
        for (one, done) in done {
            let before = states.last().and_then(|state| state.current);
            let (current, retiring) = match one.change {
                Change::Created | Change::Reset => (done.pair.as_deref(), None),
                Change::Rotated => (done.pair.as_deref(), before.zip(done.until)),
                Change::Revoked => (None, None),
            };
            let in_force = done.receipt.map_or(one.entry.end, |(_, from)| from.max(one.entry.end));
            let (begun, acknowledged, made_by) = (one.entry.start, one.entry.end, one.entry.node.as_str());
            states.push(State { begun, acknowledged, in_force, made_by, current, retiring });
        }
        let unknown = changed.iter().filter(|one| one.is_unknown()).map(|one| one.entry.start).collect();
        Self { states, unknown }
    }

    fn broken_by(&self, entry: &Entry, asked: &[(String, bool)]) -> Option<Promise> {
        let possible = self.possible(entry)?;
        let explains = |state: &Option<&State<'_>>| {
            asked.iter().all(|(pair, lives)| match must(*state, pair, entry) {
                Must::Live => *lives,
                Must::BeDead => !*lives,
                Must::Either => true,
            })
        };
        if possible.iter().any(explains) {
            return None;
        }
        let in_all = |pair: &str, what: Must| possible.iter().all(|state| must(*state, pair, entry) == what);
        let retires =
            |pair: &str| possible.iter().flatten().any(|state| state.retiring.is_some_and(|(it, _)| it == pair));
        let honoured = asked.iter().find(|(pair, lives)| *lives && in_all(pair, Must::BeDead));
        let refused = asked.iter().find(|(pair, lives)| !*lives && in_all(pair, Must::Live));
        Some(match (honoured, refused) {
            (Some((pair, _)), _) | (None, Some((pair, _))) if retires(pair) => Promise::Overlaps,
            (Some(_), _) => Promise::EndsForGood,
            (None, Some(_)) => Promise::Lasts,
            (None, None) => Promise::IsAtomic,
        })
    }

    /// The states that may have been seen; none at the beginning stands for no key. Nothing can be said where somebody does
    /// not know what he has done, but that a revoked key stays revoked.
    fn possible(&self, entry: &Entry) -> Option<Vec<Option<&State<'l>>>> {
        let holds = |state: &State<'_>| {
            let from = if state.made_by == entry.node { state.acknowledged } else { state.in_force };
            from <= entry.start
        };
        let oldest = self.states.iter().rposition(holds);
        if let Some(revoked) = oldest.and_then(|at| self.states.get(at)).filter(|state| state.current.is_none()) {
            return Some(vec![Some(revoked)]);
        }
        if self.unknown.iter().any(|begun| *begun <= entry.end) {
            return None;
        }
        let newest = self.states.iter().rposition(|state| state.begun <= entry.end);
        let (first, none) = oldest.map_or((0, Some(None)), |at| (at, None));
        let until = newest.map_or(first, |newest| newest + 1);
        Some(none.into_iter().chain(self.states.get(first..until).unwrap_or_default().iter().map(Some)).collect())
    }
}

fn must(state: Option<&State<'_>>, pair: &str, entry: &Entry) -> Must {
    let Some(state) = state else { return Must::BeDead };
    match state.retiring {
        _ if state.current == Some(pair) => Must::Live,
        Some((retiring, until)) if retiring == pair && entry.end < until => Must::Live,
        Some((retiring, until)) if retiring == pair && entry.start < until => Must::Either,
        Some(_) | None => Must::BeDead,
    }
}
