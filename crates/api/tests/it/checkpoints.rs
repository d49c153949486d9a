//! Checkpoints of the audit: what is signed, when, and by whom.

use chrono::{DateTime, TimeDelta};
use domain::checkpoint::{NONE_BEFORE, Statement};
use domain::hex;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use service::freeze;
use testkit::queries::Queries;
use testkit::{Server, on_both_databases};

/// As the job does it, a minute after the last time.
fn sign(server: &Server) {
    server.advance(TimeDelta::seconds(60));
    server.service().sign_checkpoint().unwrap();
}

/// The newest first.
fn checkpoints(server: &Server) -> Vec<Value> {
    server.operator().get("/v1/audit/checkpoints").expect(200).items()
}

/// Whether the signature is that of the key in it.
fn is_signed(checkpoint: &Value) -> bool {
    let text = |name: &str| checkpoint[name].as_str().unwrap();
    let statement = Statement {
        number: checkpoint["number"].as_i64().unwrap(),
        at: DateTime::parse_from_rfc3339(text("at")).unwrap().to_utc(),
        key: hex::decode(text("key")).unwrap(),
        previous: hex::decode(text("previous")).unwrap(),
        heads: heads(checkpoint).iter().map(|head| head.parse().unwrap()).collect(),
    };
    let signature = hex::decode::<64>(text("signature")).unwrap();
    UnparsedPublicKey::new(&ED25519, statement.key).verify(statement.text().as_bytes(), &signature).is_ok()
}

fn heads(checkpoint: &Value) -> Vec<String> {
    checkpoint["heads"].as_array().unwrap().iter().map(|head| head.as_str().unwrap().to_owned()).collect()
}

/// How the chains end, by name, as the export says.
fn ends(server: &Server) -> Vec<String> {
    let export = server.operator().with("accept", "application/x-ndjson").get("/v1/audit").expect(200).text;
    let events: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_last = |at: usize| events.get(at + 1).is_none_or(|next| next["chain"] != events[at]["chain"]);
    let head = |event: &Value| {
        format!("{}:{}:{}", event["chain"].as_str().unwrap(), event["sequence"], event["hash"].as_str().unwrap())
    };
    (0..events.len()).filter(|at| is_last(*at)).map(|at| head(&events[at])).collect()
}

on_both_databases! {
    fn every_chain_that_has_moved_is_signed_as_the_export_shows_it(server: &Server) {
        server.tenant("Acme");
        assert_eq!(checkpoints(server), Vec::<Value>::new());
        sign(server);
        let [first] = &checkpoints(server)[..] else { panic!("one checkpoint") };
        assert_eq!((heads(first), &first["number"]), (ends(server), &json!(1)));
        assert_eq!(first["previous"], json!(hex::encode(&NONE_BEFORE)));
        assert_eq!(first["at"], json!("2026-11-20T12:01:00Z"));
        assert!(is_signed(first), "{first}");

        server.region("waw3-1", "multi");
        sign(server);
        let [second, before] = &checkpoints(server)[..] else { panic!("two checkpoints") };
        let moved: Vec<String> = ends(server).into_iter().filter(|end| !heads(first).contains(end)).collect();
        assert!(moved.len() == 1 && moved[0].starts_with("platform:"), "{moved:?}");
        assert_eq!((before, heads(second)), (first, moved));
        assert_eq!(second["previous"], first["signature"]);
        assert!(is_signed(second) && second["key"] == first["key"]);

        sign(server);
        assert_eq!(checkpoints(server).len(), 2, "nothing has moved");
    }

    fn a_checkpoint_is_made_once_a_minute_by_one_of_the_replicas(server: &Server) {
        let replica = server.replica();
        sign(server);
        server.region("waw3-1", "multi");
        replica.advance(TimeDelta::seconds(119));
        replica.service().sign_checkpoint().unwrap();
        assert_eq!(checkpoints(server).len(), 1);
        replica.advance(TimeDelta::seconds(1));
        replica.service().sign_checkpoint().unwrap();
        sign(server);
        let [second, first] = &checkpoints(server)[..] else { panic!("two checkpoints") };
        assert_eq!((&second["previous"], &second["key"]), (&first["signature"], &first["key"]));
    }

    fn more_chains_than_one_checkpoint_holds_are_signed_by_several(server: &Server) {
        for number in 0..150 {
            server.sql(&format!(
                "INSERT INTO audit_chains (name, sequence, hash) \
                 SELECT 'ten_{number}', 1, hash FROM audit_chains WHERE name = 'platform'"
            ));
        }
        sign(server);
        let [second, first] = &checkpoints(server)[..] else { panic!("two checkpoints") };
        assert_eq!((heads(first).len(), heads(second).len()), (100, 51));
        assert!(is_signed(first) && is_signed(second) && second["previous"] == first["signature"]);
    }

    fn nothing_is_signed_while_everything_is_moved_elsewhere(server: &Server) {
        freeze::freeze(server.service()).unwrap();
        sign(server);
        assert_eq!(checkpoints(server).len(), 0);
        freeze::thaw(server.service()).unwrap();
        sign(server);
        assert_eq!(checkpoints(server).len(), 1);
    }

    fn a_key_that_was_removed_is_drawn_anew_and_the_audit_says_so(server: &Server) {
        sign(server);
        server.sql("DELETE FROM service_keys WHERE name = 'audit-checkpoint'");
        let replica = server.replica();
        server.region("waw3-1", "multi");
        replica.advance(TimeDelta::seconds(120));
        replica.service().sign_checkpoint().unwrap();
        let [second, first] = &checkpoints(server)[..] else { panic!("two checkpoints") };
        assert_ne!(second["key"], first["key"]);
        assert!(is_signed(second) && is_signed(first));
        let drawn = server.operator().get("/v1/audit?action=checkpoint_key.drawn").expect(200).items();
        assert_eq!((drawn.len(), &drawn[0]["target"]["id"]), (1, &second["key"]));
    }

    fn checkpoints_are_exported_from_the_first_on(server: &Server) {
        for code in ["waw3-1", "waw3-2", "waw3-3"] {
            server.region(code, "multi");
            sign(server);
        }
        let lines = server.operator().with("accept", "application/x-ndjson");
        let export = lines.get("/v1/audit/checkpoints").expect(200).text;
        let exported: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(exported.iter().rev().cloned().collect::<Vec<_>>(), checkpoints(server));
        let first = lines.get("/v1/audit/checkpoints?limit=2").expect(200);
        assert_eq!(first.text.lines().count(), 2);
        let link = first.header("link").to_owned();
        let rest = lines.get(link.trim_start_matches('<').split('>').next().unwrap()).expect(200);
        assert_eq!(first.text + &rest.text, export);
        let page = server.operator().get("/v1/audit/checkpoints?limit=2").expect(200);
        let next = format!("/v1/audit/checkpoints?limit=2&cursor={}", page.text_at("/next_cursor"));
        assert_eq!([page.items(), server.operator().get(&next).expect(200).items()].concat(), checkpoints(server));
    }
}

/// 100,000 chains that stand still, and a few that have moved.
fn test_quiet_chains(server: &Server, queries: &Queries) {
    server.execute(
        "INSERT INTO audit_chains (name, sequence, hash, signed)
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
            SELECT 'ten_' || n, 1, hash, hash FROM numbers, audit_chains WHERE name = 'platform'",
    );
    if server.is_on_postgres() {
        server.execute("ANALYZE audit_chains");
    }
    server.tenant("Acme");
    queries.forget();
    sign(server);
    let [checkpoint] = &checkpoints(server)[..] else { panic!("one checkpoint") };
    let moved = heads(checkpoint);
    assert_eq!(moved, ends(server), "{checkpoint}");
    let looks_for_moved = |query: &String| query.contains("audit_chains") && query.contains("signed");
    let looked = queries.heard().into_iter().find(looks_for_moved).expect("a look");
    // What it finds is signed by now: something has to be there to be found again.
    server.region("waw3-1", "multi");
    let plan = server.plan(&looked);
    assert!(plan.contains("audit_chains_unsigned"), "{plan}");
    if server.is_on_postgres() {
        let read = server.rows_read_by(&looked);
        assert_eq!(read, 1, "{plan}");
    }
}

#[test]
fn chains_that_stand_still_are_not_read_on_sqlite() {
    let queries = Queries::listen();
    test_quiet_chains(&Server::on_sqlite(), &queries);
}

#[test]
fn chains_that_stand_still_are_not_read_on_postgres() {
    let queries = Queries::listen();
    test_quiet_chains(&Server::on_postgres(), &queries);
}
