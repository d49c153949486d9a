//! The feed of changes while many write: whether all of it arrives, and when.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use testkit::Client;
use wire::Changes;

use super::Row;
use crate::keyreeve::{Keyreeve, Place, Replica};
use crate::process::Process;
use crate::rounds::{Rounds, per_mille};

const WRITERS: usize = 16;

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let mut rows = Vec::new();
    for place in [Place::sqlite(), Place::postgres()] {
        let server = Keyreeve::pinned(&place, &[]);
        // Where there can be two, the one that is followed hears of it from the database.
        let replica: Option<Replica> = match &place {
            Place::Postgres(_) => Some(server.replica(&place, "0", &["--workers", "1"])),
            Place::Sqlite(_) => None,
        };
        let followed = replica.as_ref().map_or(&server.process, |replica| &replica.process);
        let told = told(&server, followed, rounds.length * u32::try_from(rounds.rounds).unwrap_or(1));
        rows.extend(told.rows(place.name()));
    }
    rows
}

/// A change, as its writer has seen it.
struct Told {
    sequence: i64,
    asked: Instant,
    answered: Instant,
}

struct Seen {
    told: Vec<Told>,
    heard: HashMap<i64, Instant>,
    took: Duration,
}

fn told(server: &Keyreeve, followed: &Process, length: Duration) -> Seen {
    let keys: Vec<String> = (0..WRITERS).map(|number| server.key_of_its_own(&format!("Writer {number}"))).collect();
    let (is_over, newest) = (AtomicBool::new(false), AtomicI64::new(0));
    let follower = Client::new(followed.url(), Some(server.gateway.clone()));
    let mut after = ask(&follower, None).sequence;
    let began = Instant::now();
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| {
            let mut heard = HashMap::new();
            while !is_over.load(Ordering::Acquire) || after < newest.load(Ordering::Acquire) {
                let changes = ask(&follower, Some(after));
                let now = Instant::now();
                // What is told before its turn is told once more in it.
                for change in &changes.changes {
                    heard.entry(change.sequence).or_insert(now);
                }
                after = changes.sequence;
            }
            heard
        });
        let writers: Vec<_> =
            keys.iter().map(|key| scope.spawn(move || write(&server.operator, key, length))).collect();
        let told: Vec<Told> = writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect();
        let took = began.elapsed();
        newest.store(told.iter().map(|told| told.sequence).max().unwrap_or(0), Ordering::Release);
        is_over.store(true, Ordering::Release);
        Seen { told, heard: follower.join().expect("a follower"), took }
    })
}

impl Seen {
    fn rows(self, name: &str) -> Vec<Row> {
        let Self { told, heard, took } = self;
        let lost = told.iter().filter(|told| !heard.contains_key(&told.sequence)).count();
        let lag = |since: fn(&Told) -> Instant| -> Vec<f64> {
            let heard = told.iter().filter_map(|told| Some((heard.get(&told.sequence)?, since(told))));
            heard.map(|(heard, since)| heard.saturating_duration_since(since).as_secs_f64() * 1e3).collect()
        };
        let (from_answer, from_question) = (lag(|told| told.answered), lag(|told| told.asked));
        let (p50, p99) = (per_mille(&from_answer, 500), per_mille(&from_answer, 990));
        let rate = told.len() as f64 / took.as_secs_f64();
        vec![
            Row::new(
                format!("changes lost on their way to who follows, of {} by {WRITERS} writers, {name}", told.len()),
                "0",
                lost.to_string(),
                lost == 0 && !told.is_empty(),
            ),
            Row::new(
                format!("the writer has its answer to the follower has the change, p99, {rate:.0} changes/s, {name}"),
                "<= 50 ms",
                format!("{p99:.1} ms (p50 {p50:.1} ms)"),
                p99 <= 50.0,
            ),
            Row::new(
                format!("the writer asks to the follower has the change, p50 and p99, {name}"),
                "",
                format!("{:.1} ms and {:.1} ms", per_mille(&from_question, 500), per_mille(&from_question, 990)),
                true,
            ),
        ]
    }
}

/// Disables and enables it again and again. Nobody waits for receipts; who is told that the server is busy asks again.
fn write(operator: &Client, key: &str, length: Duration) -> Vec<Told> {
    let (began, mut told) = (Instant::now(), Vec::new());
    for verb in ["disable", "enable"].into_iter().cycle() {
        let (asked, answer) = loop {
            if began.elapsed() >= length {
                return told;
            }
            let asked = Instant::now();
            let answer = operator.act(&format!("{key}/{verb}?wait=0"));
            if answer.status != 503 {
                break (asked, answer);
            }
        };
        let answered = Instant::now();
        // 409: it was done, and then the server was too busy to say so.
        if answer.status == 409 {
            continue;
        }
        assert!([200, 202].contains(&answer.status), "{answer}");
        let sequence = answer.field("/receipt/sequence").as_i64().expect("a number");
        told.push(Told { sequence, asked, answered });
    }
    told
}

fn ask(follower: &Client, after: Option<i64>) -> Changes {
    let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
    let answer = follower.get(&format!("/v1/gateway/changes?instance=bench&wait_s=5{after}")).expect(200);
    serde_json::from_str(&answer.text).expect("changes")
}
