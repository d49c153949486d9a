//! Key models of an operator's own, beside the three that are built in.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::{Answer, Server, on_both_databases};

use crate::place::{Place, REGION, with_region};

/// A model that offers everything, but for these switches.
fn model(name: &str, other: Value) -> Value {
    let mut model = json!({
        "name": name, "title": name, "instances": "one", "max_keys": null, "initial_key": false, "label": "optional",
        "description": "optional", "bucket_scopes": true, "revoke": "keeps_history", "delete": "allowed", "reset": true,
        "rotate_max_grace_seconds": 3600, "max_ttl_seconds": null, "rotate_after_days": null, "id_prefix": "OWN",
        "id_length": 24, "secret_length": 64,
    });
    for (switch, value) in other.as_object().cloned().unwrap_or_default() {
        model[switch] = value;
    }
    model
}

fn define(server: &Server, name: &str, other: Value) -> Answer {
    server.operator().post("/v1/key-models", model(name, other)).expect(201)
}

fn redefine(server: &Server, name: &str, change: Value) {
    server.operator().patch(&format!("/v1/key-models/{name}"), change).expect(200);
}

on_both_databases! {
    fn an_operators_own_model_is_assigned_to_a_region(server: &Server) {
        let made = define(server, "own", json!({}));
        assert_eq!(made.header("location"), "/v1/key-models/own");
        assert_eq!(made.field("/built_in"), false);
        let place = Place::of(server, "own");
        assert_eq!(place.offered.field("/key_model"), "own");
        let key = place.ask(json!({})).expect(201);
        let id = key.text_at("/key/access_key_id");
        assert!(id.starts_with("OWN") && id.len() == 24, "{id}");
        assert_eq!(key.text_at("/secret_access_key").len(), 64);
        assert_eq!(key.field("/key/rotate_by"), Value::Null);
        let grace = |seconds: i64| place.admin.post(&format!("{}/rotate", place.key(&key)), json!({"grace_seconds": seconds}));
        assert_eq!(grace(3601).expect_problem(422, "invalid").pointers(), ["/grace_seconds"]);
        grace(3600).expect(200);
    }

    fn a_variant_of_multi_makes_labels_optional(server: &Server) {
        define(server, "unlabelled", json!({"rotate_after_days": 90}));
        let place = Place::of(server, "unlabelled");
        assert_eq!(place.ask(json!({})).expect(201).field("/key/label"), Value::Null);
        assert_eq!(place.make("Labelled").field("/key/label"), "Labelled");
    }

    fn a_tenant_may_have_another_model_than_its_region(server: &Server) {
        define(server, "few", json!({"max_keys": 2}));
        let place = Place::of(server, "multi");
        let other = Place::beside(server, "Globex");
        let operator = server.operator();
        let assigned = operator.put(&place.region(), json!({"service": "available", "key_model": "few"})).expect(200);
        assert_eq!(assigned.field("/key_model"), "few");
        place.ask(json!({})).expect(201);
        place.ask(json!({})).expect(201);
        place.ask(json!({})).expect_problem(409, "too-many-keys");
        // The other tenant goes on with the region's own, and so does the first once nothing else is said.
        assert_eq!(other.ask(json!({})).expect_problem(422, "invalid").pointers(), ["/label"]);
        operator.put(&place.region(), json!({"service": "available"})).expect(200);
        place.ask(json!({})).expect_problem(409, "too-many-keys");
        let back = operator.put(&place.region(), json!({"service": "available", "key_model": null})).expect(200);
        assert_eq!(back.field("/key_model"), "multi");
        place.make("Third");
    }

    fn which_model_a_tenant_has_is_not_for_its_own_people_to_say(server: &Server) {
        let place = Place::of(server, "multi");
        let body = json!({"service": "available", "key_model": "instance"});
        place.admin.put(&place.region(), body.clone()).expect_problem(403, "forbidden");
        assert_eq!(place.admin.get(&place.region()).expect(200).field("/key_model"), "multi");
        let partner = server.partner("Reseller");
        let below = server.tenant_of(&partner.client, "Below");
        partner.client.put(&below.path(&format!("/regions/{REGION}")), body).expect(200);
        let unknown = json!({"service": "available", "key_model": "unknown"});
        let refused = server.operator().put(&place.region(), unknown).expect_problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/key_model"]);
    }

    fn a_change_of_model_never_breaks_existing_keys(server: &Server) {
        define(server, "own", json!({}));
        let place = Place::of(server, "own");
        let narrow = json!({"buckets": {"access": "specific", "names": ["media"]}});
        let keys = [place.ask(narrow).expect(201), place.ask(json!({})).expect(201), place.ask(json!({})).expect(201)];
        let rotate = format!("{}/rotate", place.key(&keys[1]));
        let rotated = place.admin.post(&rotate, json!({"grace_seconds": 3600})).expect(200);
        place.admin.act(&format!("{}/revoke", place.key(&keys[2]))).expect(200);
        let before = place.admin.get(&place.keys()).expect(200).items();
        redefine(server, "own", json!({
            "instances": "many", "max_keys": 1, "initial_key": true, "label": "required", "description": "required",
            "bucket_scopes": false, "revoke": "off", "delete": "forbidden", "reset": true,
            "rotate_max_grace_seconds": null, "max_ttl_seconds": 60, "id_prefix": "NEW", "id_length": 20,
            "secret_length": 40,
        }));
        assert_eq!(place.admin.get(&place.keys()).expect(200).items(), before);
        assert_eq!(place.admin.get(&place.key(&keys[1])).expect(200).json(), rotated.field("/key"));
        // What may be done next is as the model says now.
        let path = place.key(&keys[0]);
        place.admin.act(&format!("{path}/revoke")).expect_problem(409, "key-model-forbids-revoke");
        place.admin.delete(&path).expect_problem(409, "key-model-forbids-delete");
        place.admin.post(&format!("{path}/rotate"), json!({"grace_seconds": 1})).expect_problem(409, "key-model-forbids-rotate");
        place.ask(json!({"label": "a", "description": "b"})).expect_problem(409, "too-many-keys");
        // A change that touches nothing which the model now refuses is possible.
        let changed = place.admin.patch(&path, json!({"permissions": ["read"]})).expect(200);
        assert_eq!(changed.field("/buckets/names/0"), "media");
        let reset = place.admin.act(&format!("{path}/reset")).expect(200);
        assert!(reset.text_at("/key/access_key_id").starts_with("NEW"));
        assert_eq!(reset.field("/key/expires_at"), Value::Null);
    }

    fn another_model_in_the_region_never_breaks_existing_keys(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("Production API");
        let instance = format!("{}/{}", place.instances(), made.text_at("/key/instance_id"));
        let namespace = place.admin.get(&instance).expect(200).field("/namespace");
        for other in ["instance", "pair"] {
            server.operator().patch(&format!("/v1/regions/{REGION}"), json!({"key_model": other})).expect(200);
            let read = place.admin.get(&place.key(&made)).expect(200);
            for field in ["/status", "/pairs", "/access_key_id", "/buckets", "/version", "/label"] {
                assert_eq!(read.field(field), made.field(&format!("/key{field}")), "{other}");
            }
            assert_eq!(place.admin.get(&instance).expect(200).field("/namespace"), namespace);
        }
    }

    fn every_key_expires_within_the_models_longest_life(server: &Server) {
        define(server, "daily", json!({"max_ttl_seconds": 86_400}));
        let place = Place::of(server, "daily");
        let day = server.in_days(1);
        let made = place.ask(json!({})).expect(201);
        assert_eq!(made.field("/key/expires_at"), day);
        assert_eq!(place.ask(json!({"expires_at": day})).expect(201).field("/key/expires_at"), day);
        let beyond = json!(server.now() + TimeDelta::days(1) + TimeDelta::microseconds(1));
        assert_eq!(place.ask(json!({"expires_at": beyond})).expect_problem(422, "invalid").pointers(), ["/expires_at"]);
        let path = place.key(&made);
        for later in [beyond, Value::Null] {
            let refused = place.admin.patch(&path, json!({"expires_at": later})).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), ["/expires_at"]);
        }
        let operator = server.operator();
        server.advance(TimeDelta::hours(23));
        let reset = operator.act(&format!("{path}/reset")).expect(200);
        assert_eq!(reset.field("/key/expires_at"), day, "a fresh pair gives no longer life");
        server.advance(TimeDelta::hours(1));
        assert_eq!(operator.get(&path).expect(200).field("/status"), "expired");
    }

    fn contradictions_are_refused(server: &Server) {
        let operator = server.operator();
        for (wrong, switch) in [
            (json!({"reset": false, "delete": "forbidden", "revoke": "off"}), "/reset"),
            (json!({"delete": "after_revoke", "revoke": "off"}), "/delete"),
            (json!({"max_keys": 0}), "/max_keys"),
            (json!({"rotate_max_grace_seconds": 0}), "/rotate_max_grace_seconds"),
            (json!({"max_ttl_seconds": 59}), "/max_ttl_seconds"),
            (json!({"max_ttl_seconds": i64::MAX}), "/max_ttl_seconds"),
            (json!({"rotate_after_days": 0}), "/rotate_after_days"),
            (json!({"id_prefix": "own"}), "/id_prefix"),
            (json!({"id_length": 18}), "/id_length"),
            (json!({"secret_length": 39}), "/secret_length"),
        ] {
            let refused = operator.post("/v1/key-models", model("wrong", wrong)).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), [switch]);
        }
        operator.get("/v1/key-models/wrong").expect_problem(404, "not-found");
        let right = define(server, "right", json!({"revoke": "off", "delete": "forbidden"}));
        let refused = operator.patch("/v1/key-models/right", json!({"reset": false})).expect_problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/reset"]);
        assert_eq!(operator.get("/v1/key-models/right").expect(200).json(), right.json());
    }

    fn a_model_may_demand_that_keys_are_revoked_before_they_are_deleted(server: &Server) {
        define(server, "careful", json!({"delete": "after_revoke"}));
        let place = Place::of(server, "careful");
        let made = place.ask(json!({})).expect(201);
        let path = place.key(&made);
        place.admin.delete(&path).expect_problem(409, "revoke-first");
        place.admin.act(&format!("{path}/disable")).expect(200);
        place.admin.delete(&path).expect_problem(409, "revoke-first");
        assert_eq!(place.admin.get(&path).expect(200).field("/status"), "disabled");
        place.admin.act(&format!("{path}/revoke")).expect(200);
        place.admin.delete(&path).expect(200);
        place.admin.get(&path).expect_problem(404, "not-found");
    }

    fn an_expired_key_can_still_be_revoked_and_then_deleted(server: &Server) {
        define(server, "careful", json!({"delete": "after_revoke", "max_ttl_seconds": 60}));
        let place = Place::of(server, "careful");
        let path = place.key(&place.ask(json!({})).expect(201));
        server.advance(TimeDelta::seconds(60));
        place.admin.delete(&path).expect_problem(409, "revoke-first");
        place.admin.act(&format!("{path}/revoke")).expect(200);
        place.admin.delete(&path).expect(200);
    }

    fn what_is_revoked_or_over_makes_room_for_another(server: &Server) {
        define(server, "few", json!({"max_keys": 1}));
        let place = Place::of(server, "few");
        let first = place.ask(json!({})).expect(201);
        place.ask(json!({})).expect_problem(409, "too-many-keys");
        place.admin.act(&format!("{}/revoke", place.key(&first))).expect(200);
        let second = place.ask(json!({})).expect(201);
        place.ask(json!({})).expect_problem(409, "too-many-keys");
        place.admin.delete(&place.key(&second)).expect(200);
        place.ask(json!({})).expect(201);
    }

    fn a_model_in_use_is_not_deleted_and_a_built_in_one_is_not_touched(server: &Server) {
        define(server, "own", json!({}));
        let operator = server.operator();
        let place = Place::of(server, "own");
        operator.delete("/v1/key-models/own").expect_problem(409, "key-model-in-use");
        operator.patch(&format!("/v1/regions/{REGION}"), json!({"key_model": "multi"})).expect(200);
        operator.put(&place.region(), json!({"service": "available", "key_model": "own"})).expect(200);
        operator.delete("/v1/key-models/own").expect_problem(409, "key-model-in-use");
        operator.put(&place.region(), json!({"service": "available", "key_model": null})).expect(200);
        operator.delete("/v1/key-models/own").expect(204);
        operator.delete("/v1/key-models/multi").expect_problem(409, "key-model-built-in");
        operator.patch("/v1/key-models/multi", json!({"reset": false})).expect_problem(409, "key-model-built-in");
        operator.post(&place.keys(), with_region(json!({"label": "Still here"}))).expect(201);
    }

    fn only_operators_define_models(server: &Server) {
        let place = Place::of(server, "multi");
        let partner = server.partner("Reseller");
        for client in [&place.admin, &partner.client] {
            client.post("/v1/key-models", model("mine", json!({}))).expect_problem(403, "forbidden");
            client.get("/v1/key-models/multi").expect(200);
        }
    }
}
