//! Changes of one key: versions without gaps and forks, in the order in which they were acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use super::{Changed, Promise, Violation, violation};

pub(super) fn violations(key: &str, changed: &[Changed<'_>]) -> Vec<Violation> {
    let wrong = |what: String| violation(Promise::Serialises, format!("{key}: {what}"));
    let mut found = Vec::new();
    let (mut versions, mut pairs) = (BTreeSet::new(), BTreeSet::new());
    for done in changed.iter().filter_map(Changed::done) {
        if !versions.insert(done.version) {
            found.push(wrong(format!("version {} was made twice", done.version)));
        }
        if done.pair.as_ref().is_some_and(|pair| !pairs.insert(pair)) {
            found.push(wrong(format!("a pair was made twice, once with version {}", done.version)));
        }
    }
    let newest = versions.last().copied().unwrap_or(0);
    let missing = (1..=newest).filter(|version| !versions.contains(version)).count();
    let may_miss = changed.iter().filter(|changed| changed.is_unknown()).count();
    if missing > may_miss {
        found.push(wrong(format!("of {newest} versions {missing} were given to nobody")));
    }
    found.extend(out_of_order(changed).map(wrong));
    found
}

/// Who began when another was done has a higher version.
fn out_of_order(changed: &[Changed<'_>]) -> impl Iterator<Item = String> {
    let mut ends: Vec<_> = changed.iter().filter_map(|one| Some((one.entry.end, one.done()?.version))).collect();
    ends.sort_unstable();
    let mut highest = 0;
    let highest_at: BTreeMap<_, _> = ends
        .into_iter()
        .map(|(end, version)| {
            highest = highest.max(version);
            (end, highest)
        })
        .collect();
    let wrong = changed.iter().filter_map(move |one| {
        let version = one.done()?.version;
        let (_, before) = highest_at.range(..one.entry.start).next_back()?;
        (*before >= version).then(|| format!("version {version} was begun after {before} was acknowledged"))
    });
    wrong.collect::<Vec<_>>().into_iter()
}
