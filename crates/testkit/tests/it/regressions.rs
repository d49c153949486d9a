//! `docs/regressions.md` promises tests: each of them has to be there.

use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/regressions.md";
/// How many bugs of others the page is about, besides those of platforms.
const BUGS: usize = 44;

/// A row of the page: its number, and the tests that it names.
struct Row {
    number: String,
    tests: Vec<String>,
}

#[test]
fn every_bug_is_on_the_page_once() {
    let mut numbers: Vec<usize> = rows().iter().filter_map(|row| row.number.parse().ok()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=BUGS).collect::<Vec<_>>());
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let mut missing = Vec::new();
    for row in rows() {
        assert!(!row.tests.is_empty(), "row {} names no test", row.number);
        let absent = row.tests.iter().filter(|name| !is_there(name));
        missing.extend(absent.map(|name| format!("row {}: {name}", row.number)));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn what_is_no_test_is_not_there() {
    assert!(is_there("testkit/regressions::what_is_no_test_is_not_there"));
    for none in ["testkit/regressions::rows", "testkit/regressions::nothing", "testkit/nothing::rows", "rows", ""] {
        assert!(!is_there(none), "{none}");
    }
}

fn rows() -> Vec<Row> {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let lines = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| # "));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let named = cells.last().unwrap().split('`').skip(1).step_by(2);
        Row { number: cells[0].to_owned(), tests: named.map(str::to_owned).collect() }
    };
    lines.map(row).collect()
}

/// Whether `crate/file::test` is a test in one of the places where tests are.
fn is_there(name: &str) -> bool {
    let Some((room, path)) = name.split_once('/') else { return false };
    let Some((file, test)) = path.rsplit_once("::") else { return false };
    let file = file.replace("::", "/");
    let folder = root().join("crates").join(room);
    let places = ["tests/it", "tests", "src"].map(|place| folder.join(place).join(format!("{file}.rs")));
    places.iter().filter_map(|place| fs::read_to_string(place).ok()).any(|source| has_test(&source, test))
}

/// A function after `#[test]`, or one of `on_both_databases!`.
fn has_test(source: &str, name: &str) -> bool {
    let mut before = "";
    for line in source.lines().map(str::trim) {
        if line.strip_prefix("fn ").and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('(')) {
            return before.starts_with("#[") || line.contains("(server: &Server)");
        }
        before = line;
    }
    false
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
