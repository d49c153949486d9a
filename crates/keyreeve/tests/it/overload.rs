//! What strangers and slow neighbours can do to a server: it goes on answering everybody else, lets nobody in for it, and keeps
//! its size. A few thousand tries in a usual run; `KEYREEVE_OVERLOAD=8` makes it eight times as many.
//!
//! What is asserted is what was answered and how much memory is held, never how long something took.

mod pressure;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use serde_json::json;
use testkit::Client;
use testkit::postgres::shared;

use crate::fleet::Fleet;
use crate::home::{Heard, Home, Running, Server, until};
use pressure::{Line, beside_a_neighbour, megabytes_of};

/// By how much a server may grow under any of this. It holds buffers, and its allocator what it once had.
const GROWTH: u64 = 64;

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how much it may do")]
fn times(usual: usize) -> usize {
    usual * std::env::var("KEYREEVE_OVERLOAD").map_or(1, |text| text.parse::<usize>().unwrap())
}

#[test]
fn wrong_signatures_by_the_thousand_let_nobody_in_and_lock_nobody_out() {
    let quiet = ["--known-keys", "2000", "--log-level", "info,keyreeve_api=warn"];
    let home = tempfile::tempdir().unwrap();
    let fleet = Fleet::of(1, &embedded(home.path()), &quiet);
    let (server, gateway) = (&fleet.replicas[0], fleet.gateway(0));
    let key = fleet.key("Key");
    assert!(key.is_allowed(&gateway));
    let forge = |number: usize| {
        let mut body = key.request();
        body["signature"] = json!(format!("{number:064x}"));
        if number % 2 == 1 {
            body["access_key_id"] = json!(format!("AKIA{number:016}"));
        }
        body
    };
    let counts = Mutex::new(BTreeMap::<String, usize>::new());
    let try_all = |numbers: std::ops::Range<usize>| {
        thread::scope(|scope| {
            for worker in 0..4 {
                let (gateway, counts, numbers, forge) = (fleet.gateway(0), &counts, numbers.clone(), &forge);
                scope.spawn(move || {
                    for number in numbers.skip(worker).step_by(4) {
                        let answer = gateway.post("/v1/gateway/verify", forge(number)).expect(200);
                        let said = format!("{} {}", answer.text_at("/decision"), answer.text_at("/s3_error/code"));
                        *counts.lock().unwrap().entry(said).or_default() += 1;
                    }
                });
            }
        });
    };
    // The first ones fill what is bounded.
    let (first, tries) = (times(4_000), times(16_000));
    let (size, served) = beside_a_neighbour(
        || key.is_allowed(&gateway),
        || {
            try_all(0..first);
            let size = megabytes_of(server);
            try_all(first..tries);
            size
        },
    );
    let (counts, grown, log) =
        (counts.into_inner().unwrap(), megabytes_of(server).saturating_sub(size), said_by(server));
    println!(
        "overload: {tries} wrong signatures: {counts:?}; {served} good ones beside them; grown by {grown} MB; {log} bytes of log"
    );
    let codes: Vec<&str> = counts.keys().map(String::as_str).collect();
    assert_eq!(codes, ["deny InvalidAccessKeyId", "deny SignatureDoesNotMatch"]);
    assert_eq!(counts.values().sum::<usize>(), tries);
    assert!(grown < GROWTH, "{grown} MB");
    assert!(log < 20_000, "{log} bytes of log");
    assert!(key.is_allowed(&gateway), "nobody locks a key by guessing");
}

#[test]
fn connections_that_say_nothing_are_in_nobodys_way() {
    let home = Home::new();
    let server = home.serve(&[]);
    let size = megabytes_of(&server);
    let count = times(1000);
    let ((ended, grown), served) = beside_a_neighbour(
        || server.is_live(),
        || {
            let mut silent: Vec<Line> = (0..count).map(|_| Line::to(&server)).collect();
            for line in silent.iter_mut().step_by(4) {
                line.say("GET /livez HTTP/1.1\r\nHost: x\r\nX-Half: ");
            }
            let grown = megabytes_of(&server).saturating_sub(size);
            (silent.iter_mut().filter_map(|line| line.is_ended_by_the_server().then_some(())).count(), grown)
        },
    );
    println!(
        "overload: {count} silent connections, {ended} ended by the server; {served} answers beside them; grown by {grown} MB"
    );
    assert_eq!(ended, count);
    assert!(grown < GROWTH + count as u64 / 32, "{grown} MB");
    assert!(server.is_live());
}

#[test]
fn who_sends_or_reads_slowly_is_in_nobodys_way() {
    let home = Home::new();
    let server = home.serve(&["--requests-per-second", "0"]);
    let size = megabytes_of(&server);
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n";
    let count = times(200);
    let lines = || (0..count).map(|_| Line::to(&server)).collect::<Vec<_>>();
    let ((heads, bodies, grown), served) = beside_a_neighbour(
        || server.is_live(),
        || {
            let (mut slow_heads, mut slow_bodies, mut slow_readers) = (lines(), lines(), lines());
            slow_bodies.iter_mut().for_each(|line| line.say(&format!("{head}\r\n{{")));
            // Each asks for more than any buffer holds, and takes none of it.
            let much = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
            slow_readers.iter_mut().for_each(|line| line.say(&much));
            for letter in head.bytes().take(60) {
                // A byte now and then, so that no connection is ever idle.
                let letter = char::from(letter).to_string();
                slow_heads.iter_mut().for_each(|line| line.say(&letter));
                // Every other sends nothing any more.
                slow_bodies.iter_mut().step_by(2).for_each(|line| line.say(" "));
                thread::park_timeout(Duration::from_millis(200));
            }
            let grown = megabytes_of(&server).saturating_sub(size);
            let heads = slow_heads.iter_mut().filter_map(|line| line.is_ended_by_the_server().then_some(())).count();
            let bodies = slow_bodies.iter_mut().filter_map(Line::status).filter(|status| *status == 408).count();
            (heads, bodies, grown)
        },
    );
    println!(
        "overload: {count} slow heads ({heads} ended), {count} slow bodies ({bodies} told 408), {count} slow readers; \
         {served} answers beside them; grown by {grown} MB"
    );
    assert_eq!((heads, bodies), (count, count));
    assert!(grown < GROWTH + count as u64, "{grown} MB");
    assert!(server.is_live());
}

#[test]
fn bombs_of_json_cost_little() {
    let home = tempfile::tempdir().unwrap();
    let fleet = Fleet::of(1, &embedded(home.path()), &["--log-level", "info,keyreeve_api=warn"]);
    let (server, operator) = (&fleet.replicas[0], fleet.operator(0));
    let most = 64 * 1024;
    let many = |piece: &dyn Fn(usize) -> String, length: usize| {
        (0..most / length - 3).map(piece).collect::<Vec<_>>().join(",")
    };
    let bombs = [
        "[".repeat(most),
        "{\"a\":".repeat(most / 5),
        format!("[{}]", many(&|_| "[]".into(), 3)),
        format!("[{}]", many(&|_| "{}".into(), 3)),
        format!("[{}]", many(&|_| "0".into(), 2)),
        format!("[{}]", many(&|_| "\"\"".into(), 3)),
        format!("{{{}}}", many(&|number| format!("\"{number:06}\":0"), 11)),
        format!("{{{}}}", many(&|_| "\"name\":0".into(), 9)),
        format!("{{\"name\":\"{}\"}}", "a".repeat(most - 11)),
        format!("{{\"name\":\"{}\"}}", "\\u0000".repeat(most / 6 - 3)),
        format!("{{\"name\":1{}}}", "0".repeat(most - 11)),
        format!("{{\"name\":1e{}}}", "9".repeat(most - 12)),
    ];
    let client = operator.with("content-type", "application/json");
    let mut answered = BTreeMap::<u16, usize>::new();
    let (mut size, rounds) = (0, times(40));
    for round in 0..rounds {
        for bomb in &bombs {
            assert!(bomb.len() <= most);
            let answer = client.send("POST", "/v1/tenants", Some(bomb));
            assert!(answer.text.len() < 4096, "{} bytes about {}...", answer.text.len(), &bomb[..20]);
            *answered.entry(answer.status).or_default() += 1;
        }
        if round == rounds / 10 {
            size = megabytes_of(server);
        }
    }
    let grown = megabytes_of(server).saturating_sub(size);
    println!("overload: {} bombs of JSON: {answered:?}; grown by {grown} MB", rounds * bombs.len());
    assert!(answered.keys().all(|status| [400, 422].contains(status)), "{answered:?}");
    assert!(grown < GROWTH, "{grown} MB");
}

/// Somebody holds a lock in the database, and there are two connections to wait with.
#[test]
fn behind_a_database_that_stands_still_nobody_waits_for_long() {
    let database = shared().unwrap().database().unwrap();
    let fleet = Fleet::of(1, &database.url(), &["--readers", "2", "--writers", "2", "--lease-seconds", "300"]);
    let (server, gateway, key) = (&fleet.replicas[0], fleet.gateway(0), fleet.key("Key"));
    assert!(key.is_allowed(&gateway));
    let operator = fleet.operator(0);
    let mut lock = PgConnection::establish(&database.url()).unwrap();
    lock.batch_execute("BEGIN; LOCK TABLE api_tokens, tenants, keys, audit_chains IN ACCESS EXCLUSIVE MODE").unwrap();
    let answered = Mutex::new(BTreeMap::<u16, usize>::new());
    let ask = |worker: usize| {
        for _ in 0..times(4) {
            let answer = match worker % 3 {
                0 => operator.get("/v1/tenants"),
                1 => operator.post("/v1/tenants", json!({"name": "Late"})),
                _ => operator.get("/v1/me"),
            };
            let says_when = !answer.header("retry-after").is_empty();
            assert!(says_when, "{answer}");
            *answered.lock().unwrap().entry(answer.status).or_default() += 1;
        }
    };
    let ((), live) = beside_a_neighbour(
        || server.is_live(),
        || {
            thread::scope(|scope| {
                for worker in 0..16 {
                    let ask = &ask;
                    scope.spawn(move || ask(worker));
                }
            });
        },
    );
    let answered = answered.into_inner().unwrap();
    println!("overload: behind a database that stands still {answered:?}, and {live} times /livez");
    assert!(answered.keys().all(|status| [429, 503].contains(status)), "{answered:?}");
    lock.batch_execute("ROLLBACK").unwrap();
    until("the server to recover", || (operator.get("/v1/tenants").status == 200).then_some(()));
    assert_eq!(operator.get("/v1/tenants").items().len(), 1, "what was refused was not done");
    assert!(key.is_allowed(&gateway));
}

#[test]
fn a_server_without_file_descriptors_recovers() {
    let home = Home::new();
    home.run(&["bootstrap", "--out", "token"]).succeeded();
    let server = with_descriptors(&home, 256);
    let operator = Client::new(server.url.clone(), Some(home.read("token").trim().to_owned()));
    operator.get("/v1/tenants").expect(200);
    let mut early = Line::to(&server);
    let mut crowd: Vec<Line> = (0..300).map(|_| Line::to(&server)).collect();
    for line in &mut crowd {
        line.say("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    let ask =
        format!("GET /v1/tenants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", home.read("token").trim());
    early.say(&ask);
    let status = early.status();
    let log = said_by(&server);
    drop(crowd);
    until("the server to recover", || {
        let answer = ureq::get(format!("{}/readyz", server.url)).config().http_status_as_error(false).build().call();
        answer.is_ok_and(|answer| answer.status() == 200).then_some(())
    });
    operator.post("/v1/tenants", json!({"name": "After"})).expect(201);
    println!("overload: of 256 file descriptors all were used; who was in was told {status:?}; {log} bytes of log");
    assert!(status.is_some_and(|status| [200, 503].contains(&status)), "{status:?}");
    assert!(log < 200_000, "{log} bytes of log");
}

fn embedded(folder: &std::path::Path) -> String {
    format!("sqlite:{}/keyreeve.db", folder.display())
}

fn said_by(server: &Server) -> usize {
    server.running.err.so_far().len()
}

/// A server that may have so many files and connections open.
fn with_descriptors(home: &Home, count: u32) -> Server {
    let mut command = Command::new("sh");
    let limited = format!("ulimit -n {count}; exec \"$0\" serve --listen 127.0.0.1:0 --metrics-listen off");
    let binary = home.command(&[]).get_program().to_owned();
    command.args(["-c", &limited]).arg(binary).env_clear().current_dir(home.path("")).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (out, err) = (Heard::from(child.stdout.take().unwrap()), Heard::from(child.stderr.take().unwrap()));
    Server::ready(Running::heard(child, out, err))
}
