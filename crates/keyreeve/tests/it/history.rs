//! Clients at work against real servers, all at once, and everything they saw held against what is promised.
//!
//! Resets, rotations with a grace of a second and revokes meet on the same keys; verifiers ask about old and new pairs
//! together; readers of the feed are killed and go on from what they had written down; a replica stands still for longer
//! than its lease. The checker is `testkit::history`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rustix::process::Signal;
use serde_json::{Value, json};
use testkit::history::{Change, Done, Entry, Log, Moment, Outcome, Seen, summary, violations};
use testkit::postgres::shared;
use testkit::{Answer, Client, Signer};

use crate::fleet::{Fleet, REGION, now};
use crate::home::Over;

const KEYS: usize = 6;
const CHANGERS: usize = 4;
const VERIFIERS: usize = 4;
const READERS: usize = 2;
const SETTINGS: [&str; 2] = ["--lease-seconds", "5"];
/// For longer than a lease.
const STANDSTILL: Duration = Duration::from_millis(5_500);
const BETWEEN_STANDSTILLS: Duration = Duration::from_secs(8);

/// `KEYREEVE_HISTORY_SECONDS=120` makes it a long one.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn length() -> Duration {
    Duration::from_secs(std::env::var("KEYREEVE_HISTORY_SECONDS").map_or(12, |text| text.parse().unwrap()))
}

#[test]
fn what_clients_of_two_replicas_see_breaks_no_promise() {
    let database = shared().unwrap().database().unwrap();
    see("two replicas on postgres", &Fleet::of(2, &database.url(), &SETTINGS));
}

#[test]
fn what_clients_of_sqlite_see_breaks_no_promise() {
    see("one server on sqlite", &Fleet::of(1, "sqlite:keyreeve-data/keyreeve.db", &SETTINGS));
}

fn see(what: &str, fleet: &Fleet) {
    let clients = Clients::of(fleet);
    let stood_still = clients.work();
    let log = clients.log.entries();
    let found = violations(&log);
    println!("history: {what}: {}, {stood_still} standstills, {} violations", summary(&log), found.len());
    for violation in found.iter().take(5) {
        println!("  {violation}");
    }
    assert!(found.is_empty());
    assert_finds_what_is_planted(log);
}

/// In this very history: an ended pair that is honoured, and a feed that tells nothing.
fn assert_finds_what_is_planted(log: Vec<Entry>) {
    let mut honoured = log.clone();
    let denied = honoured.iter_mut().rev().find_map(|entry| match &mut entry.seen {
        Seen::Verified { asked, .. } => asked.iter_mut().find(|(_, lives)| !lives),
        Seen::Changed { .. } | Seen::Followed { .. } => None,
    });
    denied.unwrap().1 = true;
    assert!(!violations(&honoured).is_empty());
    let mut silent = log;
    for entry in &mut silent {
        if let Seen::Followed { told, .. } = &mut entry.seen {
            told.clear();
        }
    }
    assert!(!violations(&silent).is_empty());
}

struct Clients<'f> {
    fleet: &'f Fleet,
    log: Log,
    keys: Mutex<Vec<Known>>,
    is_over: AtomicBool,
    chance: AtomicU64,
    created: AtomicUsize,
    started: (Instant, DateTime<Utc>),
}

/// A key that somebody has been told of, with its pairs in the order in which they were told.
#[derive(Clone)]
struct Known {
    path: String,
    pairs: Vec<Signer>,
}

impl<'f> Clients<'f> {
    fn of(fleet: &'f Fleet) -> Self {
        Self {
            fleet,
            log: Log::default(),
            keys: Mutex::default(),
            is_over: AtomicBool::new(false),
            chance: AtomicU64::new(1),
            created: AtomicUsize::new(0),
            started: (Instant::now(), now()),
        }
    }

    /// Says how often a replica stood still.
    fn work(&self) -> usize {
        (0..KEYS).for_each(|_| self.create());
        let mut stood_still = 0;
        thread::scope(|scope| {
            for _ in 0..CHANGERS {
                scope.spawn(|| self.until_over(|| self.change()));
            }
            for _ in 0..VERIFIERS {
                scope.spawn(|| self.until_over(|| self.verify(self.some_node(), &self.some_key())));
            }
            for reader in 0..READERS {
                scope.spawn(move || self.follow(reader));
            }
            let _over = Over(&self.is_over);
            while self.started.0.elapsed() < length() {
                thread::park_timeout(BETWEEN_STANDSTILLS);
                if let Some(replica) = self.fleet.replicas.get(1) {
                    replica.running.signal(Signal::STOP);
                    thread::park_timeout(STANDSTILL);
                    replica.running.signal(Signal::CONT);
                    stood_still += 1;
                }
            }
        });
        for key in self.keys.lock().unwrap().iter() {
            (0..self.fleet.replicas.len()).for_each(|node| self.verify(node, key));
        }
        stood_still
    }

    fn until_over(&self, mut work: impl FnMut()) {
        while !self.is_over.load(Ordering::SeqCst) {
            work();
        }
    }

    /// By the clock of the servers when this began, and not set since.
    fn moment(&self) -> Moment {
        let (since, at) = self.started;
        at.timestamp_micros() + i64::try_from(since.elapsed().as_micros()).unwrap()
    }

    fn below(&self, bound: usize) -> usize {
        let state = self.chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn some_node(&self) -> usize {
        self.below(self.fleet.replicas.len())
    }

    /// One of those that are young enough to be at work on.
    fn some_key(&self) -> Known {
        let keys = self.keys.lock().unwrap();
        keys[keys.len() - 1 - self.below(KEYS)].clone()
    }

    fn create(&self) {
        let (start, node) = (self.moment(), self.some_node());
        let label = format!("Key {}", self.created.fetch_add(1, Ordering::SeqCst));
        let body = json!({"region": REGION, "label": label});
        let answer = self.fleet.operator(node).post(&format!("{}/keys", self.fleet.tenant), body);
        let path = answer.header("location").to_owned();
        let outcome = self.outcome(&answer, |answer| {
            self.keys.lock().unwrap().push(Known { path: path.clone(), pairs: vec![Signer::of(answer)] });
        });
        self.see(start, node, Seen::Changed { key: path, change: Change::Created, outcome });
    }

    fn change(&self) {
        let (key, node) = (self.some_key(), self.some_node());
        let (change, action, body) = match self.below(40) {
            0 => (Change::Revoked, "revoke", None),
            1..=16 => (Change::Rotated, "rotate", Some(json!({"grace_seconds": 1 + self.below(2)}))),
            _ => (Change::Reset, "reset", None),
        };
        // Without waiting for the others, a new pair can be asked about while they still remember the old one.
        let wait = if self.below(2) == 0 { "?wait=0" } else { "" };
        let (operator, path) = (self.fleet.operator(node), format!("{}/{action}{wait}", key.path));
        let start = self.moment();
        let answer = match body {
            Some(body) => operator.post(&path, body),
            None => operator.act(&path),
        };
        let outcome = self.outcome(&answer, |answer| {
            if change != Change::Revoked {
                let mut keys = self.keys.lock().unwrap();
                keys.iter_mut().find(|known| known.path == key.path).unwrap().pairs.push(Signer::of(answer));
            }
        });
        let is_revoked = change == Change::Revoked && matches!(outcome, Outcome::Done(_));
        self.see(start, node, Seen::Changed { key: key.path, change, outcome });
        if is_revoked {
            self.create();
        }
    }

    fn outcome(&self, answer: &Answer, tell: impl FnOnce(&Answer)) -> Outcome {
        match answer.status {
            200..=202 => {
                let is_pair = answer.json().get("secret_access_key").is_some();
                if is_pair {
                    tell(answer);
                }
                Outcome::Done(done(answer, is_pair))
            }
            // 408: it stood still while the request was on its way.
            408 | 409 => Outcome::Refused,
            503 if answer.text.contains("/problems/busy") => Outcome::Refused,
            500.. => Outcome::Unknown,
            _ => panic!("{answer}"),
        }
    }

    /// Asks about the newest pairs of a key together.
    fn verify(&self, node: usize, key: &Known) {
        let pairs: Vec<&Signer> = key.pairs.iter().rev().take(3).collect();
        let items: Vec<Value> = pairs.iter().map(|pair| pair.request(now())).collect();
        let start = self.moment();
        let answer = self.fleet.gateway(node).post("/v1/gateway/verify/batch", json!({"items": items}));
        if [408, 503].contains(&answer.status) {
            return;
        }
        let results = answer.expect(200).field("/results");
        let allowed = results.as_array().unwrap().iter().map(|result| result["decision"] == "allow");
        let asked = pairs.iter().map(|pair| pair.access_key_id.clone()).zip(allowed).collect();
        self.see(start, node, Seen::Verified { key: key.path.clone(), asked });
    }

    /// Follows the feed at one node; now and then it is killed, and what it had not written down is gone.
    fn follow(&self, reader: usize) {
        let node = reader % self.fleet.replicas.len();
        let gateway = self.fleet.gateway(node);
        let mut cursor = page(&gateway, None, reader).unwrap().0;
        let mut written_down = cursor;
        self.until_over(|| {
            let start = self.moment();
            let Some((upto, told)) = page(&gateway, Some(cursor), reader) else { return };
            let told = told.into_iter().collect();
            self.see(start, node, Seen::Followed { reader: format!("reader {reader}"), after: cursor, upto, told });
            cursor = upto;
            match self.below(8) {
                0 => cursor = written_down,
                1..=4 => written_down = cursor,
                _ => thread::park_timeout(Duration::from_millis(20)),
            }
        });
    }

    fn see(&self, start: Moment, node: usize, seen: Seen) {
        self.log.append(Entry { start, end: self.moment(), node: format!("replica {node}"), seen });
    }
}

fn done(answer: &Answer, is_pair: bool) -> Done {
    let body = answer.json();
    let moment = |value: &Value| value.as_str().map(|text| text.parse::<DateTime<Utc>>().unwrap().timestamp_micros());
    let retiring = body["key"]["pairs"].as_array().unwrap().iter().find(|pair| pair["state"] == "retiring");
    let receipt = body.get("receipt").filter(|receipt| receipt.is_object());
    Done {
        version: body["key"]["version"].as_i64().unwrap(),
        pair: is_pair.then(|| answer.text_at("/key/access_key_id")),
        until: retiring.and_then(|pair| moment(&pair["until"])),
        receipt: receipt
            .map(|receipt| (receipt["sequence"].as_i64().unwrap(), moment(&receipt["effective_at"]).unwrap())),
    }
}

/// The number to go on from, and what was told up to it; what comes before its turn comes once more.
fn page(gateway: &Client, after: Option<i64>, reader: usize) -> Option<(i64, BTreeMap<i64, String>)> {
    let after = after.map_or(String::new(), |after| format!("&after={after}"));
    let answer = gateway.get(&format!("/v1/gateway/changes?wait_s=0&instance=reader-{reader}{after}"));
    if [408, 503].contains(&answer.status) {
        return None;
    }
    let changes = answer.expect(200).json();
    let of_keys = changes["changes"].as_array().unwrap().iter().filter(|change| change["type"] == "key");
    let told = of_keys
        .map(|change| (change["sequence"].as_i64().unwrap(), change["access_key_id"].as_str().unwrap().to_owned()));
    Some((changes["sequence"].as_i64().unwrap(), told.collect()))
}
