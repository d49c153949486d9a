//! Requests to verify whose keys are in memory, beside the ceiling.

use std::time::Duration;

use testkit::Signer;

use super::Row;
use crate::keyreeve::{Keyreeve, Place, post};
use crate::load::{Load, Pace};
use crate::process::{Process, server};
use crate::rounds::{Contestant, Rounds, median, microseconds};
use crate::tls::Tls;

const CLIENTS: usize = 64;
const KEYS: usize = 1000;
const BATCH: usize = 32;

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let bare = &Process::start(&server("ceiling"), &[], "0");
    let tls = Tls::for_tests();
    let places = [(); 5].map(|()| Place::sqlite());
    let ([on_sqlite, twin, over_tls, quiet, forgetful], on_postgres) = (&places, &Place::postgres());
    let usual = Shop::open(on_sqlite, &[], KEYS);
    // Alike in all but where it lies in memory: what lies between the two is chance.
    let twin = Shop::open(twin, &[], KEYS);
    let postgres = Shop::open(on_postgres, &[], KEYS);
    let over_tls = Shop::open_over(&tls, over_tls);
    // Neither logged nor looked at.
    let quiet = Shop::open(quiet, &["--log-level", "warn,keyreeve::commands=info"], KEYS);
    // Room for so few that each is read from the database when it is asked about.
    let forgetful = Shop::open(forgetful, &["--known-keys", "16"], KEYS);
    let scrapers = [&usual, &twin].map(|shop| shop.server.scraped_every(Duration::from_secs(1)));

    let contestants = [
        Contestant { name: "the ceiling", process: bare, load: closed(bare.address, &usual.questions) },
        usual.contestant("verify, SQLite", &usual.questions),
        postgres.contestant("verify, PostgreSQL", &postgres.questions),
        quiet.contestant("verify, no log, no metrics read", &quiet.questions),
        twin.contestant("verify, by a twin of the first", &twin.questions),
        Contestant {
            load: Load { tls: Some(tls.client()), ..closed(over_tls.server.process.address, &over_tls.questions) },
            ..over_tls.contestant("verify, TLS 1.3", &over_tls.questions)
        },
        usual.contestant("verify/batch of 32", &usual.batches),
        usual.contestant("Keystone's s3tokens", &usual.tokens),
        forgetful.contestant("verify, a read each", &forgetful.questions),
    ];
    let figures = rounds.of(&contestants);
    let [ceiling, sqlite, postgres, quiet, twin, tls, batch, tokens, reading] =
        figures.try_into().unwrap_or_else(|_| panic!());
    let paced = |process: &Process| {
        let pace = Load { pace: Pace::PerSecond(5000), ..closed(process.address, &usual.questions) };
        microseconds(pace.run(rounds.length).all_right().latency(990))
    };
    let in_turns = |_| (paced(bare), paced(&usual.server.process));
    let (p99_of_ceiling, p99): (Vec<f64>, Vec<f64>) = (0..rounds.rounds).map(in_turns).unzip();
    drop(scrapers);

    let of_batch: Vec<f64> = batch.cost.iter().map(|cost| cost / BATCH as f64).collect();
    vec![
        Row::rate("the ceiling: actix, the same JSON, a constant answer", &ceiling),
        Row::rate("verify, all of it", &sqlite),
        Row::at_least("verify, SQLite, of the ceiling", ">= 0.72", 0.72, &sqlite.per_second, &ceiling.per_second),
        Row::at_least("verify, PostgreSQL, of the ceiling", ">= 0.72", 0.72, &postgres.per_second, &ceiling.per_second),
        Row::at_most("verify, its p99 to the ceiling's", "<= 2", 2.0, &sqlite.p99, &ceiling.p99),
        Row::at_least(
            "verify over TLS 1.3, kept alive, to plain",
            ">= 0.75",
            0.75,
            &tls.per_second,
            &sqlite.per_second,
        ),
        Row::new(
            "the ceiling's p99 at 5,000 requests a second",
            "",
            format!("{:.0} us", median(&p99_of_ceiling)),
            true,
        ),
        Row::new(
            "verify, p99 at 5,000 requests a second",
            "<= 1 ms",
            format!("{:.0} us", median(&p99)),
            median(&p99) <= 1000.0,
        ),
        Row::at_least(
            "verify, logging as usual and its metrics read each second, to neither",
            ">= 0.97",
            0.97,
            &sqlite.per_second,
            &quiet.per_second,
        ),
        Row::at_least("what chance does: the same of two servers alike", "", 0.0, &sqlite.per_second, &twin.per_second),
        Row::at_most(
            "a verification in a batch of 32, its cost to a single one's",
            "<= 0.30",
            0.3,
            &of_batch,
            &sqlite.cost,
        ),
        Row::new(
            "verifications a second in batches of 32",
            "",
            format!("{:.0}/s", median(&batch.per_second) * BATCH as f64),
            true,
        ),
        Row::at_least(
            "verify from memory to verify with a read each, SQLite",
            ">= 4",
            4.0,
            &sqlite.per_second,
            &reading.per_second,
        ),
        Row::rate("Keystone's s3tokens", &tokens),
    ]
}

fn closed<'r>(address: std::net::SocketAddr, requests: &'r [Vec<u8>]) -> Load<'r> {
    Load { address, connections: CLIENTS, requests, proof: "", pace: Pace::AsFastAsPossible, tls: None }
}

struct Shop {
    server: Keyreeve,
    questions: Vec<Vec<u8>>,
    batches: Vec<Vec<u8>>,
    tokens: Vec<Vec<u8>>,
}

impl Shop {
    fn open(place: &Place, settings: &[&str], keys: usize) -> Self {
        let server = Keyreeve::pinned(place, settings);
        let keys = server.keys(keys);
        Self::asking(server, &keys)
    }

    /// Its keys are made over plain HTTP.
    fn open_over(tls: &Tls, place: &Place) -> Self {
        let server = Keyreeve::pinned(place, &[]);
        let keys = server.keys(KEYS);
        let server = server.restart(place, "0", &[&["--workers", "1"], &tls.settings()[..]].concat());
        Self::asking(server, &keys)
    }

    fn asking(server: Keyreeve, keys: &[Signer]) -> Self {
        let questions = keys.iter().map(|key| server.question(key)).collect();
        let batches = keys.chunks(BATCH).map(|keys| server.questions(keys)).collect();
        let tokens = keys.iter().map(|key| s3_token(&server.gateway, key)).collect();
        Self { server, questions, batches, tokens }
    }

    fn contestant<'c>(&'c self, name: &'c str, requests: &'c [Vec<u8>]) -> Contestant<'c> {
        let address = self.server.process.address;
        // The ceiling says neither; of a batch, the first answer is looked at.
        let proof = if name.contains("s3tokens") { "expires_at" } else { "\"allow\"" };
        Contestant { name, process: &self.server.process, load: Load { proof, ..closed(address, requests) } }
    }
}

/// The same question in Keystone's words. Its own reads the alphabet for URLs only, ours reads both.
pub(super) fn s3_token(token: &str, key: &Signer) -> Vec<u8> {
    let question = key.request(crate::keyreeve::now());
    let string_to_sign = question["string_to_sign"].as_str().expect("a text").replace('+', "-").replace('/', "_");
    let credentials = serde_json::json!({
        "access": question["access_key_id"], "token": string_to_sign, "signature": question["signature"]
    });
    let body = serde_json::json!({"credentials": credentials}).to_string();
    post("/v3/s3tokens", token, &format!("X-Auth-Token: {token}\r\n"), &body)
}
