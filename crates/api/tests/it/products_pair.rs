//! The product with exactly one pair in a region, which is reset and never removed.

use serde_json::json;
use testkit::on_both_databases;

use crate::place::{Place, REGION, with_region};

on_both_databases! {
    fn before_the_first_key_the_region_is_not_configured(server: &Server) {
        let place = Place::of(server, "pair");
        assert_eq!(place.offered.json().pointer("/initial_key"), None);
        assert_eq!(place.admin.get(&place.region()).expect(200).field("/status"), "NOT CONFIGURED");
        let listed = place.admin.get(&place.tenant.path("/regions")).expect(200);
        assert_eq!(listed.field("/items/0/status"), "NOT CONFIGURED");
        assert_eq!(listed.field("/items/0/key_count"), 0);
        place.ask(json!({})).expect(201);
        let region = place.admin.get(&place.region()).expect(200);
        assert_eq!((region.field("/status"), region.field("/key_count")), (json!("ACTIVE"), json!(1)));
    }

    fn the_region_is_all_that_a_create_needs(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.admin.post(&place.keys(), json!({"region": REGION})).expect(201);
        assert_eq!(made.header("location"), place.key(&made));
        assert_eq!(made.field("/key/label"), json!(null));
        assert_eq!(made.field("/key/description"), json!(null));
        assert_eq!(made.field("/region"), REGION);
        let refused = place.admin.post(&place.keys(), json!({})).expect_problem(422, "invalid");
        assert_eq!(refused.pointers(), ["/region"]);
    }

    fn a_second_create_is_refused_use_reset(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.ask(json!({})).expect(201);
        let refused = place.ask(json!({})).expect_problem(409, "too-many-keys");
        assert!(!refused.text.contains("secret_access_key"));
        assert_eq!(place.listed(&place.admin, ""), [made.text_at("/key/id")]);
        assert_eq!(place.admin.get(&place.key(&made)).expect(200).json(), made.field("/key"));
        place.admin.act(&format!("{}/reset", place.key(&made))).expect(200);
        place.ask(json!({})).expect_problem(409, "too-many-keys");
    }

    fn a_second_create_is_refused_while_the_key_is_disabled(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.ask(json!({})).expect(201);
        place.admin.act(&format!("{}/disable", place.key(&made))).expect(200);
        place.ask(json!({})).expect_problem(409, "too-many-keys");
    }

    fn a_second_instance_is_refused(server: &Server) {
        let place = Place::of(server, "pair");
        let body = json!({"region": REGION, "name": "Another"});
        place.admin.post(&place.instances(), body).expect_problem(409, "one-instance");
        let instances = place.admin.get(&place.instances()).expect(200).items();
        assert_eq!(instances.len(), 1);
        assert_eq!(instances[0]["namespace"], json!(place.tenant.id));
    }

    fn each_region_has_a_pair_of_its_own(server: &Server) {
        let place = Place::of(server, "pair");
        server.region("fra1", "pair");
        place.admin.put(&place.tenant.path("/regions/fra1"), json!({"service": "available"})).expect(200);
        let here = place.ask(json!({})).expect(201);
        let status = |region: &str| place.admin.get(&place.tenant.path(&format!("/regions/{region}"))).expect(200).field("/status");
        assert_eq!((status(REGION), status("fra1")), (json!("ACTIVE"), json!("NOT CONFIGURED")));
        let there = place.admin.post(&place.keys(), json!({"region": "fra1"})).expect(201);
        assert_ne!(here.field("/key/access_key_id"), there.field("/key/access_key_id"));
    }

    fn reset_kills_the_old_pair_and_gives_the_new_one_in_the_same_answer(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.ask(json!({})).expect(201);
        let reset = place.admin.act(&format!("{}/reset", place.key(&made))).expect(200);
        assert_eq!(reset.field("/key/id"), made.field("/key/id"));
        assert_ne!(reset.field("/key/access_key_id"), made.field("/key/access_key_id"));
        assert_ne!(reset.field("/secret_access_key"), made.field("/secret_access_key"));
        assert_eq!(reset.text_at("/secret_access_key").len(), 40);
        assert_eq!(reset.field("/receipt/state"), "confirmed");
        assert_eq!(reset.field("/receipt/effective_at"), json!(server.now()));
        assert_eq!(reset.header("cache-control"), "no-store");
        let read = place.admin.get(&place.key(&made)).expect(200);
        let pairs = json!([{"access_key_id": reset.field("/key/access_key_id"), "state": "current", "since": server.now()}]);
        assert_eq!(read.field("/pairs"), pairs, "the old pair is not honoured any more");
        let old = format!("?access_key_id={}", made.text_at("/key/access_key_id"));
        assert!(place.listed(&place.admin, &old).is_empty());
    }

    fn delete_is_forbidden_and_there_is_no_way_back_to_not_configured(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.ask(json!({})).expect(201);
        let path = place.key(&made);
        for client in [&place.admin, &place.tenant.member_plus.client, &server.operator()] {
            client.delete(&path).expect_problem(409, "key-model-forbids-delete");
        }
        place.admin.act(&format!("{path}/revoke")).expect_problem(409, "key-model-forbids-revoke");
        place.admin.act(&format!("{path}/reset")).expect(200);
        place.admin.act(&format!("{path}/disable")).expect(200);
        assert_eq!(place.admin.get(&place.region()).expect(200).field("/status"), "ACTIVE");
        // Not even by taking the service away and giving it back, or by the only instance's end.
        place.admin.put(&place.region(), json!({"service": "unavailable"})).expect(200);
        place.admin.put(&place.region(), json!({"service": "available"})).expect(200);
        assert_eq!(place.admin.get(&place.region()).expect(200).field("/status"), "ACTIVE");
        assert_eq!(place.listed(&place.admin, ""), [made.text_at("/key/id")]);
    }

    fn deleting_the_instance_is_no_way_back_to_not_configured(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.ask(json!({})).expect(201);
        let instance = format!("{}/{}", place.instances(), made.text_at("/key/instance_id"));
        place.admin.delete(&instance).expect_problem(409, "key-model-forbids-delete");
        assert_eq!(place.admin.get(&place.region()).expect(200).field("/status"), "ACTIVE");
        assert_eq!(place.admin.get(&place.key(&made)).expect(200).field("/status"), "active");
    }

    fn reset_is_the_rotation(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.ask(json!({})).expect(201);
        let rotate = format!("{}/rotate", place.key(&made));
        place.admin.post(&rotate, json!({"grace_seconds": 60})).expect_problem(409, "key-model-forbids-rotate");
        assert_eq!(place.admin.get(&place.key(&made)).expect(200).json(), made.field("/key"));
    }

    fn a_key_that_has_expired_makes_room_for_another(server: &Server) {
        let place = Place::of(server, "pair");
        let operator = server.operator();
        place.ask(json!({"expires_at": server.in_days(1)})).expect(201);
        operator.post(&place.keys(), with_region(json!({}))).expect_problem(409, "too-many-keys");
        server.advance(chrono::TimeDelta::days(1));
        operator.post(&place.keys(), with_region(json!({}))).expect(201);
        operator.post(&place.keys(), with_region(json!({}))).expect_problem(409, "too-many-keys");
    }

    fn the_pair_is_for_admin_and_member_plus_only(server: &Server) {
        let place = Place::of(server, "pair");
        let (plus, member) = (&place.tenant.member_plus.client, &place.tenant.member.client);
        member.post(&place.keys(), with_region(json!({}))).expect_problem(403, "forbidden");
        let made = plus.post(&place.keys(), with_region(json!({}))).expect(201);
        member.act(&format!("{}/reset", place.key(&made))).expect_problem(403, "forbidden");
        plus.act(&format!("{}/reset", place.key(&made))).expect(200);
        place.admin.act(&format!("{}/reset", place.key(&made))).expect(200);
        // What a member may see is that the region is configured.
        assert_eq!(member.get(&place.region()).expect(200).field("/status"), "ACTIVE");
    }

    fn the_ids_and_secrets_of_a_pair_are_ours(server: &Server) {
        let place = Place::of(server, "pair");
        let made = place.ask(json!({})).expect(201);
        assert_eq!(made.text_at("/key/access_key_id").len(), 20);
        assert_eq!(made.text_at("/secret_access_key").len(), 40);
    }
}
