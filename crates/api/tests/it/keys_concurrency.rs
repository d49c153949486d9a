//! Many at once: one after the other in the end, and nothing lost or made twice.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};
use testkit::{Answer, Client, on_both_databases};

use crate::place::{Place, with_region};

/// What came back to so many clients that all asked at the same moment. One that was told to come back did.
fn at_once(count: usize, client: &Client, ask: impl Fn(&Client) -> Answer + Sync) -> Vec<Answer> {
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let asking = (0..count).map(|_| {
            scope.spawn(|| {
                start.wait();
                loop {
                    let answer = ask(client);
                    if answer.status != 503 {
                        return answer;
                    }
                    assert!(!answer.header("retry-after").is_empty(), "{answer}");
                }
            })
        });
        let asking: Vec<_> = asking.collect();
        asking.into_iter().map(|one| one.join().unwrap_or_else(|_| panic!("somebody got no answer"))).collect()
    })
}

fn distinct(answers: &[Answer], field: &str) -> usize {
    answers.iter().map(|answer| answer.field(field).to_string()).collect::<BTreeSet<_>>().len()
}

on_both_databases! {
    fn of_64_resets_at_once_each_gives_a_pair_and_the_last_one_lives(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.ask(json!({})).expect(201);
        let path = place.key(&made);
        let answers = at_once(64, &place.admin, |client| client.act(&format!("{path}/reset")));
        for answer in &answers {
            assert!([200, 202].contains(&answer.status), "{answer}");
        }
        for field in ["/key/access_key_id", "/secret_access_key", "/key/version", "/receipt/sequence"] {
            assert_eq!(distinct(&answers, field), 64, "{field}");
        }
        let mut versions: Vec<_> = answers.iter().map(|answer| answer.field("/key/version").as_i64().unwrap()).collect();
        versions.sort_unstable();
        assert_eq!(versions, (2..=65).collect::<Vec<_>>());
        // One pair lives, and it is that of the newest answer.
        let read = place.admin.get(&path).expect(200);
        let newest = answers.iter().find(|answer| answer.field("/key/version") == 65).unwrap();
        assert_eq!(read.json(), newest.field("/key"));
        assert_eq!(read.field("/pairs").as_array().unwrap().len(), 1);
        assert!(answers.iter().all(|answer| answer.field("/key/pairs").as_array().unwrap().len() == 1));
        assert_eq!(server.pair_versions(&made.text_at("/key/id")), (1..=65).map(|version| (version, version == 65)).collect::<Vec<_>>());
    }

    fn of_64_resets_that_expect_the_same_version_one_is_done(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.ask(json!({})).expect(201);
        let path = place.key(&made);
        let first = place.admin.with("if-match", "\"1\"");
        let answers = at_once(64, &first, |client| client.act(&format!("{path}/reset")));
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 63);
        assert_eq!(place.admin.get(&path).expect(200).field("/version"), 2);
    }

    fn of_32_creates_with_one_idempotency_key_comes_one_key_and_one_secret(server: &Server) {
        let place = Place::of(server, "multi");
        let retrying = place.admin.with("idempotency-key", "the-same");
        let body = with_region(json!({"label": "Production API"}));
        let answers = at_once(32, &retrying, |client| client.post(&place.keys(), body.clone()));
        for answer in &answers {
            assert_eq!(answer.status, 201, "{answer}");
            assert_eq!(answer.without_request(), answers[0].without_request());
        }
        assert_eq!(distinct(&answers, "/secret_access_key"), 1);
        assert_eq!(place.listed(&place.admin, ""), [answers[0].text_at("/key/id")]);
    }

    fn of_32_resets_with_one_idempotency_key_comes_one_pair(server: &Server) {
        let place = Place::of(server, "multi");
        let path = place.key(&place.make("Production API"));
        let retrying = place.admin.with("idempotency-key", "the-same");
        let answers = at_once(32, &retrying, |client| client.act(&format!("{path}/reset")));
        for answer in &answers {
            assert!([200, 202].contains(&answer.status), "{answer}");
        }
        assert_eq!(distinct(&answers, "/secret_access_key"), 1);
        assert_eq!(place.admin.get(&path).expect(200).json(), answers[0].field("/key"));
        assert_eq!(place.admin.get(&path).expect(200).field("/version"), 2);
    }

    fn of_64_creates_under_pair_exactly_one_is_done(server: &Server) {
        let place = Place::of(server, "pair");
        let answers = at_once(64, &place.admin, |client| client.post(&place.keys(), with_region(json!({}))));
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(made.len(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 63);
        assert_eq!(place.listed(&place.admin, ""), [made[0].text_at("/key/id")]);
    }

    fn of_a_revoke_among_resets_nothing_comes_back_to_life(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("Production API");
        let path = place.key(&made);
        let turn = std::sync::atomic::AtomicUsize::new(0);
        let answers = at_once(32, &place.admin, |client| {
            let is_revoke = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst).is_multiple_of(4);
            client.act(&format!("{path}/{}", if is_revoke { "revoke" } else { "reset" }))
        });
        let revoked: Vec<_> = answers.iter().filter(|answer| answer.status == 200 && answer.field("/key/status") == "revoked").collect();
        assert_eq!(revoked.len(), 1);
        let at = revoked[0].field("/key/version").as_i64().unwrap();
        let others = answers.iter().filter(|answer| answer.status == 200 && answer.field("/key/status") == "active");
        assert!(others.clone().all(|answer| answer.field("/key/version").as_i64().unwrap() < at));
        assert_eq!(at, 2 + others.count() as i64);
        assert_eq!(place.admin.get(&path).expect(200).json(), revoked[0].field("/key"));
    }

    fn two_replicas_at_once_make_one_key_under_pair(server: &Server) {
        let place = Place::of(server, "pair");
        let replica = server.replica();
        let operators = [server.operator(), replica.operator()];
        let turn = std::sync::atomic::AtomicUsize::new(0);
        let answers = at_once(16, &operators[0], |_| {
            let own = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 2;
            operators[own].post(&place.keys(), with_region(json!({})))
        });
        let made: Vec<Value> = answers.iter().filter(|answer| answer.status == 201).map(|made| made.field("/key/id")).collect();
        assert_eq!(made.len(), 1);
        let seen = replica.operator().get(&place.keys()).expect(200);
        assert_eq!(seen.field("/items/0/id"), made[0]);
        assert_eq!(seen.items().len(), 1);
    }
}
