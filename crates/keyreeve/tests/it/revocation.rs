//! What a receipt promises, held by real processes over one PostgreSQL: under load, stopped, and cut off from it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rustix::process::Signal;
use testkit::postgres::{Cluster, shared};

use crate::fleet::{Fleet, Key, now};
use crate::home::until;
const KEYS: usize = 1000;
const LEASE: Duration = Duration::from_secs(5);

/// A verify that began after its key's receipt must not be allowed, whichever replica it asks.
#[test]
fn of_a_thousand_revokes_none_is_honoured_after_its_receipt() {
    let database = shared().unwrap().database().unwrap();
    let fleet = Fleet::of(2, &database.url(), &[]);
    let keys: Vec<Key> = (0..KEYS).map(|number| fleet.key(&format!("Key {number}"))).collect();
    let confirmed: Vec<OnceLock<Instant>> = (0..KEYS).map(|_| OnceLock::new()).collect();
    let (is_over, allowed, denied) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let (violations, latencies) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));

    thread::scope(|scope| {
        for worker in 0..4 {
            let gateway = fleet.gateway(worker % 2);
            let (keys, confirmed, violations) = (&keys, &confirmed, &violations);
            let (is_over, allowed, denied) = (&is_over, &allowed, &denied);
            scope.spawn(move || {
                // Each worker asks about keys around those that are being revoked, and again about those that were.
                for round in 0.. {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let place = (round * 7 + worker * 13) % KEYS;
                    let (began, was_confirmed) = (Instant::now(), confirmed[place].get());
                    if keys[place].is_allowed(&gateway) {
                        allowed.fetch_add(1, Ordering::SeqCst);
                        if was_confirmed.is_some_and(|at| *at < began) {
                            violations.lock().unwrap().push(place);
                        }
                    } else {
                        denied.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        let revokers: Vec<_> = (0..2)
            .map(|which| {
                let operator = fleet.operator(which);
                let elsewhere = fleet.gateway(1 - which);
                let (keys, confirmed, latencies) = (&keys, &confirmed, &latencies);
                let violations = &violations;
                scope.spawn(move || {
                    for place in (which..KEYS).step_by(2) {
                        let began = Instant::now();
                        let answer = operator.act(&format!("{}/revoke", keys[place].path));
                        latencies.lock().unwrap().push(began.elapsed());
                        match answer.status {
                            200 => {
                                confirmed[place].set(Instant::now()).unwrap();
                                // Whoever has the receipt asks the other replica sooner than anybody else could.
                                if keys[place].is_allowed(&elsewhere) {
                                    violations.lock().unwrap().push(place);
                                }
                            }
                            // Done, and nothing is promised yet.
                            202 => {}
                            _ => panic!("{answer}"),
                        }
                    }
                })
            })
            .collect();
        revokers.into_iter().for_each(|revoker| revoker.join().unwrap());
        is_over.store(true, Ordering::SeqCst);
    });

    let in_time = confirmed.iter().filter(|at| at.get().is_some()).count();
    println!(
        "{KEYS} revokes, {in_time} confirmed within two seconds; {} verifies allowed, {} denied meanwhile",
        allowed.into_inner(),
        denied.into_inner()
    );
    print_histogram(&mut latencies.into_inner().unwrap());
    assert_eq!(violations.into_inner().unwrap(), Vec::<usize>::new());
    assert!(in_time > KEYS / 2, "hardly anything was confirmed: {in_time}");
    for (place, key) in keys.iter().enumerate() {
        assert!(!key.is_allowed(&fleet.gateway(place % 2)));
    }
}

/// A replica that stands still cannot confirm, so the receipt names it; and when it goes on, its memory is too old.
#[test]
fn a_replica_that_stood_still_honours_nothing_stale() {
    let database = shared().unwrap().database().unwrap();
    let fleet = Fleet::of(2, &database.url(), &["--lease-seconds", "5"]);
    let key = fleet.key("Key");
    let (here, there) = (fleet.gateway(0), fleet.gateway(1));
    assert!(key.is_allowed(&here) && key.is_allowed(&there));

    fleet.replicas[1].running.signal(Signal::STOP);
    let pending = fleet.operator(0).act(&format!("{}/revoke", key.path)).expect(202);
    let waiting = pending.field("/receipt/waiting_for");
    assert_eq!(waiting.as_array().unwrap().len(), 1, "{pending}");
    assert!(waiting[0].as_str().unwrap().starts_with("replica "), "{pending}");
    assert!(!key.is_allowed(&here));

    let effective = pending.text_at("/receipt/effective_at").parse::<DateTime<Utc>>().unwrap();
    assert!(effective < now() + chrono::TimeDelta::seconds(6), "{pending}");
    thread::scope(|scope| {
        // Asked while it stands still: it will answer from what it knew, if it believes that.
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| key.verify(&there))).collect();
        until("the lease to end", || (now() > effective).then_some(()));
        fleet.replicas[1].running.signal(Signal::CONT);
        for answer in asked {
            let answer = answer.join().unwrap();
            // By its own clock the request may have taken too long to arrive.
            assert!(answer.status == 408 || answer.expect(200).field("/decision") == "deny");
        }
    });
    for _ in 0..20 {
        assert!(!key.is_allowed(&there));
    }
    let propagation = fleet.operator(0).get(&format!("{}/propagation", key.path)).expect(200);
    assert_eq!(propagation.field("/state"), "confirmed", "{propagation}");
}

/// A replica without a lease is not waited for. When it takes one again, what was changed between its look at the feed and
/// its lease is in neither: it has to look once more before it believes what it remembers.
#[test]
fn a_replica_whose_lease_had_lapsed_looks_again_before_it_believes_itself() {
    let database = shared().unwrap().database().unwrap();
    let fleet = Fleet::of(2, &database.url(), &["--lease-seconds", "5"]);
    let key = fleet.key("Key");
    let there = fleet.gateway(1);
    assert!(key.is_allowed(&there));
    let connect = || PgConnection::establish(&database.url()).unwrap();
    let mut watching = connect();
    let now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let mut count = |query: String| {
        let found: Found =
            diesel::sql_query(format!("SELECT count(*) AS count FROM {query}")).get_result(&mut watching).unwrap();
        found.count
    };

    fleet.replicas[1].running.signal(Signal::STOP);
    until("its lease to end", || (count(format!("nodes WHERE leased_until < {now}")) == 1).then_some(()));
    let mut before_its_lease = connect();
    let lapsed = format!("BEGIN; SELECT id FROM nodes WHERE leased_until < {now} FOR UPDATE");
    before_its_lease.batch_execute(&lapsed).unwrap();
    fleet.replicas[1].running.signal(Signal::CONT);
    let waits = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("it to have looked and to take its lease", || (count(waits.to_owned()) == 1).then_some(()));

    // Nobody has to be waited for, so this is promised at once.
    fleet.operator(0).act(&format!("{}/revoke", key.path)).expect(200);
    let mut before_its_next_look = connect();
    before_its_next_look.batch_execute("BEGIN; LOCK TABLE changes IN ACCESS EXCLUSIVE MODE").unwrap();
    before_its_lease.batch_execute("COMMIT").unwrap();
    until("it to have a lease", || (count(format!("nodes WHERE leased_until > {now}")) == 2).then_some(()));
    let answer = key.verify(&there);
    assert!(answer.status == 503 || answer.clone().expect(200).field("/decision") == "deny", "{answer}");
    before_its_next_look.batch_execute("COMMIT").unwrap();
    until("it to answer again", || (key.verify(&there).status == 200).then_some(()));
    assert!(!key.is_allowed(&there));
}

/// Known keys go on for a lease, unknown ones cannot be decided, and then nothing can. Never is anybody refused.
#[test]
fn without_its_database_a_replica_goes_on_for_one_lease() {
    let cluster = Cluster::start().unwrap();
    let database = cluster.database().unwrap();
    let fleet = Fleet::of(1, &database.url(), &["--lease-seconds", "5"]);
    let (known, unknown) = (fleet.key("Known"), fleet.key("Unknown"));
    let gateway = fleet.gateway(0);
    assert!(known.is_allowed(&gateway));

    cluster.crash().unwrap();
    let stopped = Instant::now();
    let mut served = 0;
    until("memory to run out", || {
        let began = stopped.elapsed();
        let answer = known.verify(&gateway);
        match answer.status {
            200 => {
                assert_eq!(answer.field("/decision"), "allow");
                assert!(began < LEASE, "asked {began:?} after the database had gone, and believed");
                served += 1;
                None
            }
            503 => Some(()),
            _ => panic!("{answer}"),
        }
    });
    println!("{served} verifies of a known key after the database was gone, for {:?}", stopped.elapsed());
    assert!(served > 0);
    for key in [&known, &unknown] {
        let refused = key.verify(&gateway).expect_problem(503, "database-unavailable");
        assert!(!refused.header("retry-after").is_empty());
    }
    ureq::get(format!("{}/livez", fleet.replicas[0].url)).call().unwrap();

    cluster.restart().unwrap();
    let back = Instant::now();
    until("the replica to recover", || (unknown.verify(&gateway).status == 200).then_some(()));
    println!("verified again {:?} after the database was back", back.elapsed());
    assert!(unknown.is_allowed(&gateway) && known.is_allowed(&gateway));
    fleet.operator(0).act(&format!("{}/revoke", known.path)).expect(200);
    assert!(!known.is_allowed(&gateway));
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn print_histogram(latencies: &mut [Duration]) {
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    println!("revoke to receipt: p50 {:?}, p90 {:?}, p99 {:?}, max {:?}", at(0.5), at(0.9), at(0.99), at(1.0));
    let mut bound = Duration::from_millis(1);
    let mut below = 0;
    while below < latencies.len() {
        let count = latencies.iter().filter(|latency| **latency < bound).count();
        if count > below {
            println!("  < {bound:>8?}  {:>5}  {}", count - below, "#".repeat((count - below).div_ceil(10)));
        }
        below = count;
        bound *= 2;
    }
}
