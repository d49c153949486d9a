//! What the fuzzer begins with, in `fuzz/seeds`, and what it would do first.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use keyreeve_oracles::{ALL, ask};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[test]
fn every_oracle_has_a_target_and_seeds_and_nothing_else_does() {
    let names: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.len(), ALL.len());
    let targets = files(&root().join("fuzz_targets")).into_iter().map(|file| stem(&file)).collect();
    assert_eq!(names, targets);
    let folders = files(&root().join("seeds")).into_iter().map(|folder| stem(&folder)).collect();
    assert_eq!(names, folders);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for name in names {
        assert!(!seeds(&name).is_empty(), "{name} has no seeds");
        assert!(manifest.contains(&format!("\nname = \"{name}\"\n")), "{name} is not built");
        let target = fs::read_to_string(root().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("oracles::ask(\"{name}\", data)")), "{name} asks another oracle");
    }
}

#[test]
fn every_seed_is_answered() {
    for (name, _) in ALL {
        for seed in seeds(name) {
            ask(name, &seed);
        }
    }
}

/// An oracle that never says no would be none.
#[test]
fn an_oracle_says_no_by_a_panic() {
    assert!(catch_unwind(|| ask("nobody's", b"")).is_err());
    let twice = keyreeve_oracles::reprinted("20261120T150405Z").into_iter().flatten().count();
    assert_eq!(twice, 1, "a time is a time and nothing else");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn seeds_that_were_changed_are_answered((name, seed) in a_seed(), changes in changes()) {
        ask(name, &changed(seed, &changes));
    }

    #[test]
    fn anything_is_answered(name in a_name(), data in vec(any::<u8>(), 0..120), text in "\\PC{0,60}") {
        ask(name, &data);
        ask(name, text.as_bytes());
    }
}

fn a_name() -> impl Strategy<Value = &'static str> {
    select(ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>())
}

fn a_seed() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let of = |name: &'static str| seeds(name).into_iter().map(move |seed| (name, seed));
    select(ALL.iter().flat_map(|(name, _)| of(name)).collect::<Vec<_>>())
}

/// A few bytes replaced, inserted or taken away, and a part of it said twice or not at all.
#[derive(Debug, Clone)]
enum Change {
    Replace(u8),
    Insert(u8),
    Remove,
    CutOff,
    Repeat,
}

fn changes() -> impl Strategy<Value = Vec<(Index, Change)>> {
    let byte = prop_oneof![3 => select(b"/=;&?%,:\n \"{}0aA.-+T\xff".to_vec()), 1 => any::<u8>()];
    let change = prop_oneof![
        4 => byte.clone().prop_map(Change::Replace),
        4 => byte.prop_map(Change::Insert),
        2 => Just(Change::Remove),
        1 => Just(Change::CutOff),
        1 => Just(Change::Repeat),
    ];
    vec((any::<Index>(), change), 0..5)
}

fn changed(mut bytes: Vec<u8>, changes: &[(Index, Change)]) -> Vec<u8> {
    for (place, change) in changes {
        if bytes.is_empty() {
            return bytes;
        }
        let place = place.index(bytes.len());
        match change {
            Change::Replace(byte) => bytes[place] = *byte,
            Change::Insert(byte) => bytes.insert(place, *byte),
            Change::Remove => drop(bytes.remove(place)),
            Change::CutOff => bytes.truncate(place),
            Change::Repeat => bytes.extend_from_within(place..),
        }
    }
    bytes
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    files(&root().join("seeds").join(name)).into_iter().map(|file| fs::read(file).unwrap()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}
