//! The feed as gateways follow it, and the receipts that wait for them.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::queries::Queries;
use testkit::world::Gateway;
use testkit::{Answer, Server, Signer, on_both_databases};

use crate::place::{Place, REGION};

fn edge(server: &Server) -> Gateway {
    server.gateway(&[REGION], &["verify", "changes"])
}

fn follow(gateway: &Gateway, after: i64, wait: u32) -> Answer {
    gateway.client.get(&format!("/v1/gateway/changes?after={after}&wait_s={wait}"))
}

fn head(gateway: &Gateway) -> i64 {
    gateway.client.get("/v1/gateway/changes").expect(200).field("/sequence").as_i64().unwrap()
}

/// What comes in a stream, one event after the other.
fn stream(server: &Server, gateway: &Gateway, after: i64) -> impl Iterator<Item = Value> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(
        stream,
        "GET /v1/gateway/changes HTTP/1.1\r\nHost: keys\r\nAuthorization: Bearer {}\r\n\
         Accept: text/event-stream\r\nLast-Event-ID: {after}\r\n\r\n",
        gateway.token
    )
    .unwrap();
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    lines.filter_map(|line| line.strip_prefix("data: ").map(|data| serde_json::from_str(data).unwrap()))
}

fn make(place: &Place) -> Answer {
    place.admin.post(&place.keys(), json!({"region": REGION, "label": "k"})).expect(201)
}

/// Replicas may be waited for as well: on PostgreSQL a replica hears of its own changes like the others.
fn gateways_waited_for(waiting: &Value) -> Vec<String> {
    let names = waiting.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
    names.filter(|name| name.starts_with("gateway ")).collect()
}

on_both_databases! {
    fn a_change_is_told_once_and_wakes_whoever_waits(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = edge(server);
        let key = make(&place);
        let start = head(&gateway);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| follow(&gateway, start, 20).expect(200));
            thread::park_timeout(Duration::from_millis(200));
            place.admin.act(&format!("{}/revoke?wait=0", place.key(&key)));
            let told = waiting.join().unwrap();
            let changes = told.field("/changes");
            assert_eq!(changes.as_array().unwrap().len(), 1, "{told}");
            assert_eq!(changes[0]["type"], "key");
            assert_eq!(changes[0]["access_key_id"], key.field("/key/access_key_id"));
            let lease = told.field("/lease_s").as_i64().unwrap();
            assert!((25..=30).contains(&lease), "{told}");
            let next = told.field("/sequence").as_i64().unwrap();
            assert!(follow(&gateway, next, 0).expect(200).field("/changes").as_array().unwrap().is_empty());
        });
    }

    fn a_gateway_hears_of_keys_in_its_regions_only(server: &Server) {
        let place = Place::of(server, "multi");
        server.region("fra1", "multi");
        let (near, far) = (edge(server), server.gateway(&["fra1"], &["changes"]));
        let (near_start, far_start) = (head(&near), head(&far));
        let key = make(&place);
        server.operator().act(&place.tenant.path("/suspend?wait=0"));
        let kinds = |gateway: &Gateway, start| {
            let told = follow(gateway, start, 0).expect(200).field("/changes");
            told.as_array().unwrap().iter().map(|change| change["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&near, near_start), ["key", "tenant"]);
        assert_eq!(kinds(&far, far_start), ["tenant"]);
        let told = follow(&far, far_start, 0).expect(200);
        assert!(!told.text.contains(&key.text_at("/key/access_key_id")));
    }

    fn a_receipt_waits_for_a_gateway_that_answers_from_memory(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = edge(server);
        let (first, second) = (make(&place), make(&place));
        let start = head(&gateway);

        let pending = place.admin.act(&format!("{}/revoke?wait=0", place.key(&first))).expect(202);
        assert_eq!(pending.field("/receipt/state"), "pending");
        assert_eq!(gateways_waited_for(&pending.field("/receipt/waiting_for")).len(), 1, "{pending}");
        let effective = pending.field("/receipt/effective_at");
        let effective = chrono::DateTime::parse_from_rfc3339(effective.as_str().unwrap()).unwrap();
        let ahead = (effective.to_utc() - server.now()).num_seconds();
        assert!((30..=45).contains(&ahead), "{pending}");

        let next = follow(&gateway, start, 0).expect(200).field("/sequence").as_i64().unwrap();
        follow(&gateway, next, 0).expect(200);
        let propagation = place.admin.get(&format!("{}/propagation", place.key(&first))).expect(200);
        assert_eq!(propagation.field("/state"), "confirmed", "{propagation}");

        thread::scope(|scope| {
            let confirming = scope.spawn(|| {
                let next = follow(&gateway, next, 20).expect(200).field("/sequence").as_i64().unwrap();
                follow(&gateway, next, 0).expect(200)
            });
            thread::park_timeout(Duration::from_millis(200));
            let confirmed = place.admin.act(&format!("{}/revoke", place.key(&second))).expect(200);
            assert_eq!(confirmed.field("/receipt/state"), "confirmed");
            assert!(confirmed.field("/receipt/confirmed_by").as_i64().unwrap() >= 2, "{confirmed}");
            confirming.join().unwrap();
        });
        let shown = server.operator().get(&format!("/v1/gateways/{}", gateway.id)).expect(200);
        assert_eq!(shown.field("/lease/lag"), 0, "{shown}");
    }

    fn processes_of_one_gateway_confirm_each_for_itself(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = edge(server);
        let key = make(&place);
        for instance in ["one", "two"] {
            gateway.client.get(&format!("/v1/gateway/changes?instance={instance}")).expect(200);
        }
        let pending = place.admin.act(&format!("{}/revoke?wait=0", place.key(&key))).expect(202);
        assert_eq!(gateways_waited_for(&pending.field("/receipt/waiting_for")).len(), 2, "{pending}");
        let after = head(&gateway);
        gateway.client.get(&format!("/v1/gateway/changes?instance=one&after={after}")).expect(200);
        let propagation = place.admin.get(&format!("{}/propagation", place.key(&key))).expect(200);
        let waiting = gateways_waited_for(&propagation.field("/waiting_for"));
        assert!(waiting.len() == 1 && waiting[0].contains("two"), "{propagation}");
    }

    fn a_number_from_nowhere_is_gone(server: &Server) {
        Place::of(server, "multi");
        let gateway = edge(server);
        let start = head(&gateway);
        follow(&gateway, start + (1 << 40), 0).expect_problem(410, "feed-gone");
        for (query, pointer) in [("after=-1", "?after"), ("wait_s=61", "?wait_s"), ("instance=%20", "?instance")] {
            let refused = gateway.client.get(&format!("/v1/gateway/changes?{query}")).expect_problem(422, "invalid");
            assert_eq!(refused.text_at("/errors/0/pointer"), pointer);
        }
    }

    fn the_same_as_a_stream_of_events(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = edge(server);
        let start = head(&gateway);
        let key = make(&place);
        let mut events = stream(server, &gateway, start);
        let mut data = || events.next().unwrap();
        assert_eq!(data()["changes"][0]["access_key_id"], key.field("/key/access_key_id"));
        place.admin.act(&format!("{}/revoke?wait=0", place.key(&key)));
        let told = loop {
            let told = data();
            if !told["changes"].as_array().unwrap().is_empty() {
                break told;
            }
        };
        assert_eq!(told["changes"][0]["access_key_id"], key.field("/key/access_key_id"));
    }

    fn what_was_sent_in_a_stream_is_not_confirmed(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = edge(server);
        let start = head(&gateway);
        let keys = [(); 3].map(|()| make(&place));
        let mut events = stream(server, &gateway, start);
        // The second answer of a stream is asked for after what the first has said, and so on.
        for key in &keys {
            place.admin.act(&format!("{}/revoke?wait=0", place.key(key)));
            let id = key.text_at("/key/access_key_id");
            while !events.next().unwrap().to_string().contains(&id) {}
        }
        let waits = |key: &Answer| {
            let propagation = place.admin.get(&format!("{}/propagation", place.key(key))).expect(200);
            gateways_waited_for(&propagation.field("/waiting_for")).len()
        };
        assert_eq!(keys.each_ref().map(waits), [1, 1, 1]);
        let mut to = start;
        // The reader asks.
        while keys.each_ref().map(waits) != [0, 0, 0] {
            to = follow(&gateway, to, 0).expect(200).field("/sequence").as_i64().unwrap();
        }
    }

    fn a_reader_that_dies_among_sixteen_writers_misses_nothing(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = edge(server);
        let start = head(&gateway);
        let are_done = AtomicBool::new(false);
        let (made, told) = thread::scope(|scope| {
            let write = || (0..8).map(|_| make(&place).text_at("/key/access_key_id")).collect::<Vec<_>>();
            let writers: Vec<_> = (0..16).map(|_| scope.spawn(write)).collect();
            let reader = scope.spawn(|| {
                let (mut after, mut told) = (start, Vec::new());
                for round in 0.. {
                    if round % 3 == 0 {
                        // Dies with its question asked: whatever comes of it, it has applied nothing.
                        let mut stream = TcpStream::connect(server.address()).unwrap();
                        let path = format!("/v1/gateway/changes?after={after}&wait_s=5");
                        let bearer = &gateway.token;
                        write!(stream, "GET {path} HTTP/1.1\r\nHost: keys\r\nAuthorization: Bearer {bearer}\r\n\r\n").unwrap();
                        continue;
                    }
                    let is_last = are_done.load(Ordering::SeqCst);
                    let answer = follow(&gateway, after, 1).expect(200);
                    let next = answer.field("/sequence").as_i64().unwrap();
                    let changes = answer.field("/changes");
                    let changes = changes.as_array().unwrap();
                    // What comes before its turn, because another transaction hangs, comes again in it.
                    let in_turn = changes.iter().filter(|change| change["sequence"].as_i64().unwrap() <= next);
                    told.extend(in_turn.map(|change| change["access_key_id"].as_str().unwrap().to_owned()));
                    after = next;
                    if is_last && changes.is_empty() {
                        break;
                    }
                }
                told
            });
            let made: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
            are_done.store(true, Ordering::SeqCst);
            (made.into_iter().flat_map(Result::unwrap).collect::<Vec<_>>(), reader.join().unwrap())
        });
        assert_eq!(told.len(), made.len(), "each once");
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), made.into_iter().collect());
    }

    fn sixteen_writers_lose_nothing_and_nothing_comes_twice(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = edge(server);
        let mut after = head(&gateway);
        let made = thread::scope(|scope| {
            let write = || (0..8).map(|_| make(&place).text_at("/key/access_key_id")).collect::<Vec<_>>();
            let writers: Vec<_> = (0..16).map(|_| scope.spawn(write)).collect();
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<BTreeSet<_>>()
        });
        let (mut told, mut numbers) = (Vec::new(), Vec::new());
        loop {
            let answer = follow(&gateway, after, 0).expect(200);
            let changes = answer.field("/changes");
            after = answer.field("/sequence").as_i64().unwrap();
            for change in changes.as_array().unwrap() {
                // What comes before its turn comes again in it.
                if change["sequence"].as_i64().unwrap() <= after {
                    told.push(change["access_key_id"].as_str().unwrap().to_owned());
                    numbers.push(change["sequence"].as_i64().unwrap());
                }
            }
            if changes.as_array().unwrap().is_empty() {
                break;
            }
        }
        assert!(numbers.is_sorted());
        assert_eq!(told.len(), made.len(), "nothing twice");
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), made);
    }
}

/// Only PostgreSQL has transactions beside each other. One that does not end holds up what has a higher number, and nothing else:
/// the first look at the feed is told, without waiting for another.
#[test]
fn what_is_in_its_turn_does_not_wait_for_what_is_not() {
    let queries = Queries::listen();
    let server = Server::on_postgres();
    let place = Place::of(&server, "multi");
    let gateway = edge(&server);
    let start = head(&gateway);
    make(&place);
    let sequences = |answer: &Answer| -> Vec<i64> {
        answer.field("/changes").as_array().unwrap().iter().map(|change| change["sequence"].as_i64().unwrap()).collect()
    };
    // Others on the same cluster hold it up as well, until they end.
    let (first, mut to) = (sequences(&follow(&gateway, start, 0).expect(200))[0], start);
    while to < first {
        to = follow(&gateway, start, 0).expect(200).field("/sequence").as_i64().unwrap();
    }
    let open = server.open_transaction();
    make(&place);
    server.stop_following();
    queries.forget();
    let told = follow(&gateway, start, 0).expect(200);
    let looks = queries.heard().into_iter().filter(|query| query.contains("AS edge")).count();
    drop(open);
    let to = told.field("/sequence").as_i64().unwrap();
    let [first, second] = sequences(&told)[..] else { panic!("both: {told}") };
    assert!(first <= to && to < second, "{told}");
    assert_eq!(looks, 2, "one before the lease is written, and one after it");
}

/// Two replicas over one PostgreSQL: what one stops the other honours no longer once the receipt says so.
#[test]
fn no_replica_honours_what_a_receipt_says_is_over() {
    let server = Server::on_postgres();
    let place = Place::of(&server, "multi");
    let gateway = server.gateway(&[REGION], &["verify"]);
    let replica = server.replica();
    let elsewhere = replica.bearer(&gateway.token);
    for _ in 0..20 {
        let made = make(&place);
        let signer = Signer::of(&made);
        let verify =
            || elsewhere.post("/v1/gateway/verify", signer.request(server.now())).expect(200).field("/decision");
        assert_eq!(verify(), "allow");
        let revoked = place.admin.act(&format!("{}/revoke", place.key(&made))).expect(200);
        assert_eq!(revoked.field("/receipt/confirmed_by"), 2, "{revoked}");
        assert_eq!(verify(), "deny");
    }
}
