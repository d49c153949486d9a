//! `just bench`, or some groups of it: `just bench verifying starting`. Writes what it finds into `docs/benchmarks.md`.
//!
//! `--part=10` takes a tenth of what is counted and not timed, such as the million keys; `--quick` shows only whether it
//! runs; `--print` leaves the page as it is.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    reason = "a measurement prints, and stops at the first surprise"
)]

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use keyreeve_bench::keyreeve::now;
use keyreeve_bench::measured::{ALL, Group, Row};
use keyreeve_bench::process::{OF_LOAD, stay_on};
use keyreeve_bench::rounds::Rounds;

const ROUNDS: Rounds =
    Rounds { rounds: 5, warm_up: Duration::from_millis(500), length: Duration::from_secs(2), part: 1 };
/// To see whether it runs.
const QUICK: Rounds =
    Rounds { rounds: 2, warm_up: Duration::from_millis(100), length: Duration::from_millis(300), part: 50 };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (options, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| argument.starts_with("--"));
    let is_quick = options.iter().any(|option| *option == "--quick");
    let mut rounds = if is_quick { QUICK } else { ROUNDS };
    if let Some(part) = options.iter().find_map(|option| option.strip_prefix("--part=")) {
        rounds.part = part.parse().expect("a number");
    }
    let is_printed_only = is_quick || options.iter().any(|option| *option == "--print");
    let is_wanted = |group: &&Group| names.is_empty() && group.is_usual || names.iter().any(|name| *name == group.name);
    stay_on(OF_LOAD);
    for group in ALL.iter().filter(is_wanted) {
        eprintln!("{}", group.name);
        let rows = (group.measure)(&rounds);
        let table = table(group, &rounds, &rows);
        println!("{table}");
        if !is_printed_only {
            write_down(group, &table);
        }
    }
}

fn table(group: &Group, rounds: &Rounds, rows: &[Row]) -> String {
    let part = if rounds.part == 1 { String::new() } else { format!(" --part={}", rounds.part) };
    let mut table = format!(
        "*{}, {} rounds of {} s in turns, {}: `just bench {}{part}`.*\n\n| what | target | seen | |\n|---|---|---|---|\n",
        now().format("%Y-%m-%d"),
        rounds.rounds,
        rounds.length.as_secs_f64(),
        machine(),
        group.name
    );
    for Row { what, target, seen, is_met } in rows {
        let mark = match (target.is_empty(), is_met) {
            (true, _) => "",
            (false, true) => "met",
            (false, false) => "**not met**",
        };
        let _ = writeln!(table, "| {what} | {target} | {seen} | {mark} |");
    }
    table
}

/// What it ran on.
fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from).max(OF_LOAD + 1);
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("an unknown processor");
    format!("{processors} processors of {}", model.trim_start_matches([' ', '\t', ':']))
}

/// Each group has a part of its own on the page, so that the others may be older.
fn write_down(group: &Group, table: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md");
    let text = std::fs::read_to_string(&page).expect("the page");
    let heading = format!("\n## {}\n", group.heading);
    let (before, rest) = text.split_once(&heading).expect("the group's part");
    let after = rest.find("\n## ").map_or("", |end| &rest[end..]);
    std::fs::write(&page, format!("{before}{heading}\n{table}{after}")).expect("the page");
}
