//! Keys that are asked about for the first time.

use std::time::Duration;

use domain::Entropy;
use domain::key::AccessKeyId;
use testkit::Signer;

use super::Row;
use crate::keyreeve::{Keyreeve, Place};
use crate::load::{Load, Pace};
use crate::rounds::{Rounds, median, microseconds, ratio};

const KEYS: usize = 2000;
const STORM: usize = 256;
/// How many ids that nobody has are asked about.
const UNKNOWN: usize = 5000;

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let mut rows = Vec::new();
    for place in [Place::sqlite(), Place::postgres()] {
        let name = place.name();
        let settings = ["--workers", "1"];
        let mut server = Keyreeve::pinned(&place, &[]);
        let keys = server.keys(KEYS);
        let (mut cold, mut warm) = (Vec::new(), Vec::new());
        for _ in 0..rounds.rounds {
            server = server.restart(&place, "0", &settings);
            let questions: Vec<_> = keys.iter().map(|key| server.question(key)).collect();
            // Who the gateway is, is known then.
            one_by_one(&server, &questions[..1]);
            cold.push(one_by_one(&server, &questions[1..]));
            warm.push(one_by_one(&server, &questions[1..]));
        }
        let target = if name == "SQLite" { "<= 3" } else { "" };
        let (least, middle, greatest) = ratio(&cold, &warm);
        rows.push(Row::new(
            format!("verify a key that is not in memory, p50 to one that is, one client, {name}"),
            target,
            format!("{middle:.2} ({least:.2} to {greatest:.2}): {:.0} us to {:.0} us", median(&cold), median(&warm)),
            target.is_empty() || middle <= 3.0,
        ));

        server = server.restart(&place, "0", &settings);
        let question = [server.question(&keys[0])];
        let reads = || server.metric("keyreeve_pair_lookups_total", "source=\"database\"");
        let before = reads();
        Load { connections: STORM, ..load(&server, &question) }.run(Duration::from_millis(200)).all_right();
        let read = reads() - before;
        rows.push(Row::new(
            format!("{STORM} clients at once ask about one key that is not in memory, {name}"),
            "one read",
            format!("{read:.0} read"),
            read == 1.0,
        ));
        rows.extend(nobodys(&server, &keys[0], name));
    }
    rows
}

/// Ids that nobody has: misprints of ours, and beside them others, which only the database can know to be nobody's.
fn nobodys(server: &Keyreeve, known: &Signer, name: &str) -> Vec<Row> {
    let mut entropy = Entropy::from_seed([7; 32]);
    let (mut misprinted, mut well_formed) = (Vec::new(), Vec::new());
    while misprinted.len() < UNKNOWN {
        let drawn = AccessKeyId::draw(&mut entropy, "NQAK", 20).to_string();
        let (rest, last) = drawn.split_at(drawn.len() - 1);
        let misprint = format!("{rest}{}", if last == "A" { "B" } else { "A" });
        for (id, questions) in [(misprint, &mut misprinted), (drawn, &mut well_formed)] {
            questions.push(server.question(&Signer { access_key_id: id, ..known.clone() }));
        }
    }
    let reads = |questions: &[Vec<u8>]| {
        let before = server.metric("keyreeve_pair_lookups_total", "source=\"database\"");
        Load { proof: "\"unknown\"", ..load(server, questions) }.once().all_right();
        server.metric("keyreeve_pair_lookups_total", "source=\"database\"") - before
    };
    let (of_misprinted, of_well_formed) = (reads(&misprinted), reads(&well_formed));
    let row = |what: &str, target, seen: f64, is_met| {
        Row::new(format!("{UNKNOWN} ids that nobody has, {what}, {name}"), target, format!("{seen:.0} reads"), is_met)
    };
    vec![
        row("with a wrong checksum", "0 reads", of_misprinted, of_misprinted == 0.0),
        row("with a right one", "", of_well_formed, true),
    ]
}

/// The median, in microseconds, of asking each question once.
fn one_by_one(server: &Keyreeve, questions: &[Vec<u8>]) -> f64 {
    microseconds(load(server, questions).once().all_right().latency(500))
}

fn load<'r>(server: &Keyreeve, requests: &'r [Vec<u8>]) -> Load<'r> {
    let address = server.process.address;
    Load { address, connections: 1, requests, proof: "\"allow\"", pace: Pace::AsFastAsPossible, tls: None }
}
