//! What was acknowledged is there after a kill -9 in the middle of writing: of the server, and of the database under it.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use rustix::process::{Pid, Signal, kill_process};
use testkit::postgres::{Cluster, shared};

use crate::fleet::Fleet;
use crate::home::until;
use crate::writers::Writers;

const WRITERS: usize = 16;

/// `KEYREEVE_KILLS=200` makes it a long one.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn kills(usual: usize) -> usize {
    std::env::var("KEYREEVE_KILLS").map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn kill_9_while_writing_to_sqlite_loses_nothing_acknowledged() {
    let mut fleet = Fleet::of(1, "sqlite:keyreeve-data/keyreeve.db", &["--lease-seconds", "5"]);
    survive(&mut fleet, "sqlite, server killed", kills(25), Ended::server);
}

#[test]
fn kill_9_while_writing_to_postgres_loses_nothing_acknowledged() {
    let database = shared().unwrap().database().unwrap();
    let mut fleet = Fleet::of(1, &database.url(), &["--lease-seconds", "5"]);
    survive(&mut fleet, "postgres, server killed", kills(25), Ended::server);
}

/// In turn by kill -9 of PostgreSQL's first process and by an immediate stop of all of them. The server goes on.
#[test]
fn postgres_killed_while_it_is_written_to_loses_nothing_acknowledged() {
    let cluster = Cluster::start().unwrap();
    let database = cluster.database().unwrap();
    let mut fleet = Fleet::of(1, &database.url(), &["--lease-seconds", "5"]);
    let is_hard = AtomicUsize::new(0);
    let end = |_: &mut Fleet| {
        if is_hard.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            kill_first_process(&cluster);
        } else {
            cluster.crash().unwrap();
        }
        Ended { began: Instant::now(), restart: Box::new(|_| cluster.restart().unwrap()) }
    };
    survive(&mut fleet, "postgres, itself killed", kills(12), end);
}

/// Something that was ended, and how it is started again.
struct Ended<'e> {
    began: Instant,
    restart: Box<dyn FnOnce(&mut Fleet) + 'e>,
}

impl Ended<'_> {
    fn server(fleet: &mut Fleet) -> Self {
        let server = fleet.replicas.remove(0);
        server.running.signal(Signal::KILL);
        drop(server);
        Self { began: Instant::now(), restart: Box::new(Fleet::serve) }
    }
}

/// Ends something again and again while clients write, and looks for all that was acknowledged to them.
fn survive<'e>(fleet: &mut Fleet, what: &str, kills: usize, end: impl Fn(&mut Fleet) -> Ended<'e>) {
    let mut writers = Writers::of(WRITERS, &fleet.operator, &fleet.gateway, &fleet.tenant);
    let (mut slowest, mut looked) = (Duration::ZERO, 0);
    for round in 0..kills {
        let url = fleet.replicas[0].url.clone();
        let before = writers.acknowledged.load(Ordering::SeqCst);
        let mut ended = None;
        writers.write_while(&url, |acknowledged| {
            until("something to be acknowledged", || (acknowledged.load(Ordering::SeqCst) > before).then_some(()));
            // At any moment of writing: the work of a round takes a few milliseconds.
            thread::park_timeout(Duration::from_micros((round as u64 * 7_919) % 150_000));
            ended = Some(end(fleet));
        });
        let ended = ended.unwrap();
        (ended.restart)(fleet);
        slowest = slowest.max(ended.began.elapsed());
        let url = fleet.replicas[0].url.clone();
        until_it_writes(fleet);
        writers.settle(&url);
        looked += writers.look_for_new(&url);
    }
    let url = fleet.replicas[0].url.clone();
    let all = writers.look_for_all(&url);
    assert!(looked >= all, "every pair was looked at after its kill");
    let audit = fleet.verified_audit();
    fleet.replicas.remove(0).stop().succeeded();
    check_integrity(fleet);
    println!(
        "crash: {what}: {kills} kills under {WRITERS} writers, {} acknowledged writes, lost 0, {} unanswered and settled by a \
         retry, slowest restart {slowest:.1?}; {audit}",
        writers.acknowledged.load(Ordering::SeqCst) + writers.settled,
        writers.settled
    );
}

/// A database that has just been started answers a little later than it listens.
fn until_it_writes(fleet: &Fleet) {
    until("the server to be ready", || {
        let ready = ureq::get(format!("{}/readyz", fleet.replicas[0].url)).call();
        ready.is_ok().then_some(())
    });
}

fn check_integrity(fleet: &Fleet) {
    if fleet.database.starts_with("sqlite:") {
        let path = fleet.home.path(fleet.database.trim_start_matches("sqlite:"));
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let check: Found = diesel::sql_query("PRAGMA integrity_check").get_result(&mut connection).unwrap();
        assert_eq!(check.integrity_check, "ok");
    }
}

/// The one that the others descend from: its file says which it is. They end when they notice, and nothing can be started
/// before.
fn kill_first_process(cluster: &Cluster) {
    let file = fs::read_to_string(cluster.directory().join("data/postmaster.pid")).unwrap();
    let pid = file.lines().next().unwrap();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    for process in children.split_whitespace().chain([pid]) {
        until("PostgreSQL to end", || (!Path::new("/proc").join(process).exists()).then_some(()));
    }
}

impl Fleet {
    /// Exports the whole audit and verifies it, as anybody would; says how much it was.
    fn verified_audit(&self) -> String {
        let home = self.home.path("");
        let environment = [("HOME", home.to_str().unwrap()), ("KEYREEVE_SERVER", self.replicas[0].url.as_str())];
        let run = |arguments: &[&str]| self.home.run_with(arguments, &environment).succeeded();
        run(&["login", "--token-file", "token"]);
        run(&["audit", "export", "--platform", "--out", "audit.ndjson"]);
        let verified = run(&["audit", "verify", "audit.ndjson"]);
        verified.err.lines().next().unwrap().trim_end_matches(". Remember how they end:").to_owned()
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    integrity_check: String,
}
