//! The feed: every acknowledged change on the page where it belongs, and numbers in the order of the acknowledgements.

use std::collections::{BTreeMap, BTreeSet};

use super::{Changed, Entry, Moment, Promise, Seen, Violation, violation};

/// A change that was acknowledged: its number, its pair, and its client's times.
struct Told<'l> {
    sequence: i64,
    pair: Option<&'l str>,
    start: Moment,
    end: Moment,
}

pub(super) fn violations(log: &[Entry], by_key: &BTreeMap<&str, Vec<Changed<'_>>>) -> Vec<Violation> {
    let told = |one: &Changed<'_>| {
        let (sequence, _) = one.done()?.receipt?;
        Some((sequence, one.entry.start, one.entry.end))
    };
    let mut acknowledged: Vec<Told<'_>> = Vec::new();
    for one in by_key.values().flatten() {
        if let Some((sequence, start, end)) = told(one) {
            let pair = one.done().and_then(|done| done.pair.as_deref());
            acknowledged.push(Told { sequence, pair, start, end });
        }
    }
    acknowledged.sort_by_key(|told| told.sequence);
    let mut found: Vec<String> = out_of_order(&acknowledged);
    let mut names: BTreeMap<i64, &str> = BTreeMap::new();
    for entry in log {
        let Seen::Followed { reader, after, upto, told } = &entry.seen else { continue };
        let wrong = |what: String| format!("{reader}, after {after}: {what}");
        found.extend(missing(&acknowledged, *after, *upto, told).into_iter().map(wrong));
        if !told.is_sorted_by(|one, next| one.0 < next.0)
            || told.iter().any(|(number, _)| number <= after)
            || upto < after
        {
            found.push(wrong(format!("up to {upto} the numbers go back: {told:?}")));
        }
        for (number, pair) in told {
            if *names.entry(*number).or_insert(pair) != pair {
                found.push(wrong(format!("{number} is two changes")));
            }
        }
    }
    found.into_iter().map(|what| violation(Promise::IsTold, what)).collect()
}

/// What a page should have told and has not.
fn missing(acknowledged: &[Told<'_>], after: i64, upto: i64, told: &[(i64, String)]) -> Vec<String> {
    let numbers: BTreeSet<i64> = told.iter().map(|(number, _)| *number).collect();
    let first = acknowledged.partition_point(|told| told.sequence <= after);
    let due = acknowledged.iter().skip(first).take_while(|told| told.sequence <= upto);
    let is_there = |due: &&Told<'_>| {
        let pair = told.iter().find(|(number, _)| *number == due.sequence).map(|(_, pair)| pair.as_str());
        numbers.contains(&due.sequence) && due.pair.is_none_or(|made| pair == Some(made))
    };
    due.filter(|due| !is_there(due)).map(|due| format!("up to {upto}, and {} is missing", due.sequence)).collect()
}

/// Who began when another was done has a higher number.
fn out_of_order(acknowledged: &[Told<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    // From the highest number down: whoever has a higher one must not have ended before this one began.
    let mut earliest_end = Moment::MAX;
    for told in acknowledged.iter().rev() {
        if told.start > earliest_end {
            found.push(format!("{} was begun after a higher number was acknowledged", told.sequence));
        }
        earliest_end = earliest_end.min(told.end);
    }
    found
}
