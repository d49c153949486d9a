//! An SQLite file in which a bit has flipped, or whose log has lost its end: the server refuses, repairs or notices. What was
//! ended is never honoured, and nothing panics.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::json;
use testkit::{Answer, Client, Signer};

use crate::disk::{DATABASE, copy_folder};
use crate::fleet::{Fleet, REGION, now};
use crate::home::{Running, Server, until};

/// `KEYREEVE_DAMAGES=500` makes it a long one.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn damages(usual: usize) -> usize {
    std::env::var("KEYREEVE_DAMAGES").map_or(usual, |text| text.parse().unwrap())
}

#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    quarantined: usize,
    errors: usize,
    unknown: usize,
    unharmed: usize,
}

#[test]
fn a_damaged_database_honours_nothing_that_was_ended() {
    let mut fleet = Fleet::of(1, &format!("sqlite:{DATABASE}"), &[]);
    let pairs = lives(&mut fleet);
    let (folder, whole) = (fleet.home.path("keyreeve-data"), fleet.home.path("whole"));
    copy_folder(&folder, &whole);
    let (mut tally, damages) = (Tally::default(), damages(15));
    let mut chance = 7_u64;
    for number in 0..damages {
        fs::remove_dir_all(&folder).unwrap();
        copy_folder(&whole, &folder);
        let mut draw = |bound: usize| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (chance >> 33) as usize % bound
        };
        let (database, log) = (fleet.home.path(DATABASE), fleet.home.path(&format!("{DATABASE}-wal")));
        match number % 3 {
            0 => flip(&database, &mut draw),
            1 => flip(&log, &mut draw),
            _ => cut_off(&log, &mut draw),
        }
        serve_damaged(&fleet, &pairs, &mut tally);
    }
    println!("disk: {damages} damaged databases: {tally:?}; none panicked, none honoured what was ended");
}

/// Keys of which some are in the file and some in its log, and whether each pair counts. The server is killed.
fn lives(fleet: &mut Fleet) -> Vec<(Signer, bool)> {
    let mut pairs = Vec::new();
    for round in 0..2 {
        let (operator, path) = (fleet.operator(0), format!("{}/keys", fleet.tenant));
        for number in 0..9 {
            let made = operator.post(&path, json!({"region": REGION, "label": format!("Key {number}")})).expect(201);
            let (key, first) = (made.header("location").to_owned(), Signer::of(&made));
            match number % 3 {
                0 => pairs.push((first, true)),
                1 => {
                    let reset = operator.act(&format!("{key}/reset?wait=0"));
                    pairs.extend([(first, false), (Signer::of(&reset), true)]);
                }
                _ => {
                    operator.act(&format!("{key}/revoke?wait=0"));
                    pairs.push((first, false));
                }
            }
        }
        let server = fleet.replicas.remove(0);
        if round == 0 {
            server.stop().succeeded();
            fleet.serve();
        } else {
            server.running.signal(Signal::KILL);
        }
    }
    pairs
}

fn flip(path: &Path, draw: &mut impl FnMut(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = draw(bytes.len());
    bytes[at] ^= 1 << draw(8);
    fs::write(path, bytes).unwrap();
}

fn cut_off(path: &Path, draw: &mut impl FnMut(usize) -> usize) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..draw(bytes.len())]).unwrap();
}

fn serve_damaged(fleet: &Fleet, pairs: &[(Signer, bool)], tally: &mut Tally) {
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--database", &fleet.database];
    let mut running = fleet.home.start(&arguments, &[]);
    until("the server to listen or to end", || {
        (running.has_ended() || running.err.so_far().contains("listening on ")).then_some(())
    });
    if running.has_ended() {
        refused(running);
        tally.refused += 1;
        return;
    }
    let server = Server::ready(running);
    let gateway = Client::new(server.url.clone(), Some(fleet.gateway.clone()));
    let mut harms = [0; 3];
    for (pair, counts) in pairs {
        let answer = gateway.post("/v1/gateway/verify", pair.request(now()));
        let is_allowed = is_allowed(&answer);
        assert!(*counts || is_allowed != Some(true), "{answer}");
        match is_allowed {
            None if answer.text.contains("quarantined") => harms[0] += 1,
            None => harms[1] += 1,
            Some(allowed) => harms[2] += usize::from(allowed != *counts),
        }
    }
    let place = match harms {
        [0, 0, 0] => &mut tally.unharmed,
        [0, 0, _] => &mut tally.unknown,
        [0, _, _] => &mut tally.errors,
        _ => &mut tally.quarantined,
    };
    *place += 1;
    let operator = Client::new(server.url.clone(), Some(fleet.operator.clone()));
    for path in ["/v1/tenants", "/v1/audit?limit=500", &format!("{}/keys?limit=500", fleet.tenant)] {
        let answer = operator.get(path);
        assert!(answer.status == 200 || answer.header("content-type") == "application/problem+json", "{answer}");
    }
    let stopped = server.stop();
    assert!(!stopped.err.contains("panicked"), "{}", stopped.err);
}

/// None if it could not be said.
fn is_allowed(answer: &Answer) -> Option<bool> {
    match answer.status {
        200 => Some(answer.field("/decision") == "allow"),
        _ => {
            assert_eq!(answer.header("content-type"), "application/problem+json", "{answer}");
            None
        }
    }
}

fn refused(running: Running) {
    let finished = running.finish();
    assert_ne!(finished.code, Some(0), "{}", finished.err);
    assert!(finished.code.is_some(), "it was killed by a signal");
    assert!(!finished.err.contains("panicked") && finished.err.trim().lines().count() >= 1, "{}", finished.err);
}
