//! What holds for keys of every model.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{Answer, Client, Server, on_both_databases};

use crate::place::{Place, REGION};

const MODELS: [&str; 3] = ["instance", "pair", "multi"];

/// A region for each model, all of them available to one tenant.
fn all_models(server: &Server) -> Place {
    let place = Place::of(server, "multi");
    for model in ["instance", "pair"] {
        server.region(model, model);
        place.admin.put(&place.tenant.path(&format!("/regions/{model}")), json!({"service": "available"})).expect(200);
    }
    place
}

fn make(place: &Place, client: &Client, model: &str) -> Answer {
    let region = if model == "multi" { REGION } else { model };
    client.post(&place.keys(), json!({"region": region, "label": model, "description": model})).expect(201)
}

fn status_of(place: &Place, key: &Answer) -> Value {
    place.admin.get(&place.key(key)).expect(200).field("/status")
}

/// Every operation on keys, instances and buckets: method, path and body.
fn operations(place: &Place, key: &Answer) -> Vec<(&'static str, String, Option<Value>)> {
    let (keys, path) = (place.keys(), place.key(key));
    let instance = format!("{}/{}", place.instances(), key.text_at("/key/instance_id"));
    let bucket = place.tenant.path("/buckets/media");
    vec![
        ("GET", keys.clone(), None),
        ("POST", keys, Some(json!({"region": REGION, "label": "Mine"}))),
        ("GET", path.clone(), None),
        ("PATCH", path.clone(), Some(json!({"label": "Mine"}))),
        ("DELETE", path.clone(), None),
        ("POST", format!("{path}/reset"), None),
        ("POST", format!("{path}/rotate"), Some(json!({"grace_seconds": 60}))),
        ("POST", format!("{path}/revoke"), None),
        ("POST", format!("{path}/disable"), None),
        ("POST", format!("{path}/enable"), None),
        ("GET", format!("{path}/propagation"), None),
        ("GET", place.instances(), None),
        ("POST", place.instances(), Some(json!({"region": REGION, "name": "Mine"}))),
        ("GET", instance.clone(), None),
        ("PATCH", instance.clone(), Some(json!({"name": "Mine"}))),
        ("DELETE", instance, None),
        ("GET", place.tenant.path("/buckets"), None),
        ("PUT", bucket.clone(), Some(json!({}))),
        ("GET", bucket.clone(), None),
        ("DELETE", bucket, None),
    ]
}

fn send(client: &Client, (method, path, body): &(&'static str, String, Option<Value>)) -> Answer {
    match body {
        None => client.send(method, path, None),
        Some(body) => client.with("content-type", "application/json").send(method, path, Some(&body.to_string())),
    }
}

on_both_databases! {
    fn a_member_gets_403_on_every_key_operation(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("Production API");
        for operation in operations(&place, &made) {
            send(&place.tenant.member.client, &operation).expect_problem(403, "forbidden");
        }
        assert_eq!(place.admin.get(&place.key(&made)).expect(200).json(), made.field("/key"));
        assert_eq!(place.listed(&place.admin, ""), [made.text_at("/key/id")]);
    }

    fn member_plus_and_admin_do_every_key_operation(server: &Server) {
        let place = Place::of(server, "multi");
        for client in [&place.tenant.member_plus.client, &place.admin] {
            let made = make(&place, client, "multi");
            let path = place.key(&made);
            client.get(&path).expect(200);
            client.get(&place.keys()).expect(200);
            client.get(&format!("{path}/propagation")).expect(200);
            client.patch(&path, json!({"label": "Renamed"})).expect(200);
            client.act(&format!("{path}/reset")).expect(200);
            client.post(&format!("{path}/rotate"), json!({"grace_seconds": 60})).expect(200);
            client.act(&format!("{path}/disable")).expect(200);
            client.act(&format!("{path}/enable")).expect(200);
            client.act(&format!("{path}/revoke")).expect(200);
            client.delete(&path).expect(200);
        }
    }

    fn somebody_elses_keys_do_not_exist(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("Production API");
        let stranger = Place::beside(server, "Globex");
        for operation in operations(&place, &made) {
            send(&stranger.admin, &operation).expect_problem(404, "not-found");
        }
        // Nor under the stranger's own path.
        let elsewhere = format!("{}/{}", stranger.keys(), made.text_at("/key/id"));
        let unknown = format!("{}/key_00000000000000000000000000", stranger.keys());
        let (hers, none) = (stranger.admin.get(&elsewhere), stranger.admin.get(&unknown));
        assert_eq!(hers.without_request(), none.without_request());
        let instance = json!({"instance": made.field("/key/instance_id"), "label": "Mine"});
        let refused = stranger.admin.post(&stranger.keys(), instance).expect_problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/instance"]);
        assert!(stranger.listed(&stranger.admin, "").is_empty());
    }

    fn the_secret_is_shown_once_with_a_warning(server: &Server) {
        let place = all_models(server);
        for model in MODELS {
            let made = make(&place, &place.admin, model);
            let secret = made.text_at("/secret_access_key");
            assert_eq!(made.text.matches(&secret).count(), 1);
            assert!(made.text_at("/warning").contains("only time"), "{made}");
            assert_eq!(made.header("cache-control"), "no-store");
            let path = place.key(&made);
            for read in [&path, &place.keys(), &format!("{path}/propagation"), &place.tenant.path("/audit")] {
                assert!(!place.admin.get(read).expect(200).text.contains(&secret), "{read}");
            }
        }
    }

    fn the_access_key_id_stays_visible(server: &Server) {
        let place = all_models(server);
        for model in MODELS {
            let made = make(&place, &place.admin, model);
            let id = made.field("/key/access_key_id");
            assert_eq!(place.admin.get(&place.key(&made)).expect(200).field("/access_key_id"), id);
            let found = format!("?access_key_id={}", id.as_str().unwrap());
            assert_eq!(place.listed(&place.admin, &found), [made.text_at("/key/id")]);
        }
    }

    fn default_ids_have_20_characters_and_secrets_40(server: &Server) {
        let place = all_models(server);
        for model in MODELS {
            let made = make(&place, &place.admin, model);
            assert_eq!(made.text_at("/key/access_key_id").len(), 20);
            assert_eq!(made.text_at("/secret_access_key").len(), 40);
        }
    }

    fn stopping_one_key_leaves_every_other_working(server: &Server) {
        let place = Place::of(server, "multi");
        let keys: Vec<_> = (0..4).map(|number| place.make(&format!("Application {number}"))).collect();
        place.admin.act(&format!("{}/revoke", place.key(&keys[0]))).expect(200);
        place.admin.act(&format!("{}/disable", place.key(&keys[1]))).expect(200);
        place.admin.delete(&place.key(&keys[2])).expect(200);
        let left = place.admin.get(&place.key(&keys[3])).expect(200);
        assert_eq!(left.json(), keys[3].field("/key"));
        assert_eq!((status_of(&place, &keys[0]), status_of(&place, &keys[1])), (json!("revoked"), json!("disabled")));
    }

    fn no_two_keys_share_an_id_or_a_secret(server: &Server) {
        let place = all_models(server);
        let mut seen = BTreeSet::new();
        let mut count = 0;
        for model in ["instance", "multi"] {
            for _ in 0..20 {
                let made = make(&place, &place.admin, model);
                count += 3;
                for field in ["/key/id", "/key/access_key_id", "/secret_access_key"] {
                    seen.insert(made.text_at(field));
                }
            }
        }
        assert_eq!(seen.len(), count);
    }

    fn disabled_can_be_undone_and_gives_no_new_pair(server: &Server) {
        let place = all_models(server);
        for model in MODELS {
            let made = make(&place, &place.admin, model);
            let path = place.key(&made);
            place.admin.act(&format!("{path}/enable")).expect_problem(409, "key-not-disabled");
            place.admin.act(&format!("{path}/disable")).expect(200);
            place.admin.act(&format!("{path}/disable")).expect_problem(409, "key-already-disabled");
            assert_eq!(status_of(&place, &made), "disabled");
            let enabled = place.admin.act(&format!("{path}/enable")).expect(200);
            assert_eq!(enabled.field("/key/status"), "active");
            assert_eq!(enabled.field("/key/access_key_id"), made.field("/key/access_key_id"));
        }
    }

    fn nothing_is_made_where_the_service_is_unavailable(server: &Server) {
        let place = all_models(server);
        let made = make(&place, &place.admin, "multi");
        place.admin.put(&place.region(), json!({"service": "unavailable"})).expect(200);
        place.ask(json!({"label": "Another"})).expect_problem(409, "region-unavailable");
        assert_eq!(place.admin.get(&place.region()).expect(200).field("/status"), "UNAVAILABLE");
        // What could leak can still be stopped.
        place.admin.act(&format!("{}/revoke", place.key(&made))).expect(200);
    }

    fn a_key_expires_at_its_moment_and_not_before(server: &Server) {
        let place = all_models(server);
        let operator = server.operator();
        let body = json!({"region": REGION, "label": "Visitor", "expires_at": server.in_days(1)});
        let made = operator.post(&place.keys(), body).expect(201);
        server.advance(chrono::TimeDelta::days(1) - chrono::TimeDelta::microseconds(1));
        assert_eq!(operator.get(&place.key(&made)).expect(200).field("/status"), "active");
        server.advance(chrono::TimeDelta::microseconds(1));
        assert_eq!(operator.get(&place.key(&made)).expect(200).field("/status"), "expired");
        assert_eq!(place.listed(&operator, "?status=expired"), [made.text_at("/key/id")]);
        operator.act(&format!("{}/reset", place.key(&made))).expect_problem(409, "key-expired");
        let past = json!({"region": REGION, "label": "Late", "expires_at": server.now()});
        assert_eq!(operator.post(&place.keys(), past).expect_problem(422, "invalid").pointers(), ["/expires_at"]);
    }
}
