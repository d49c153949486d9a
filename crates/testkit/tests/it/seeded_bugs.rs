//! The checker of histories finds what it is for, and nothing where there is nothing.

use std::collections::BTreeSet;

use keyreeve_testkit::history::{Promise, summary, violations};

use crate::simulation::{Bug, run};

const SEEDS: u64 = 300;

#[test]
fn a_plane_without_a_mistake_breaks_no_promise() {
    for seed in 0..SEEDS {
        let log = run(seed, None);
        let found = violations(&log);
        assert!(found.is_empty(), "seed {seed}, {}: {}", summary(&log), found[0]);
    }
}

#[test]
fn every_seeded_bug_is_caught() {
    let caught: Vec<(Bug, usize, BTreeSet<Promise>)> = Bug::ALL.map(caught).into();
    for (bug, seeds, promises) in &caught {
        println!("{bug:?}: in {seeds} of {SEEDS} histories, as {promises:?}");
    }
    let missed: Vec<Bug> = caught.iter().filter(|(_, seeds, _)| *seeds == 0).map(|(bug, ..)| *bug).collect();
    println!("{} seeded bugs, {} caught", Bug::ALL.len(), Bug::ALL.len() - missed.len());
    assert_eq!(missed, []);
}

/// In how many histories it is found, and as which broken promises.
fn caught(bug: Bug) -> (Bug, usize, BTreeSet<Promise>) {
    let found: Vec<_> =
        (0..SEEDS).map(|seed| violations(&run(seed, Some(bug)))).filter(|found| !found.is_empty()).collect();
    (bug, found.len(), found.iter().flatten().map(|violation| violation.promise).collect())
}
