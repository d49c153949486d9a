//! Distributors and resellers, and what suspending one of them does.

use std::sync::LazyLock;

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::{Client, on_both_databases};

const NOBODY: &str = "ptr_01jd0000000000000000000000";

static NO_GUARDRAILS: LazyLock<Value> = LazyLock::new(|| {
    json!({"max_ttl_seconds": null, "require_expiry": false, "require_bucket_scope": false, "allowed_regions": null,
        "allowed_key_models": null, "max_keys_per_tenant": null, "partners_may_not_see_secrets": false})
});

fn names(client: &Client) -> Vec<String> {
    let items = client.get("/v1/partners").expect(200).items();
    let mut names: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn bare(client: &Client, name: &str) -> String {
    client.post("/v1/partners", json!({"name": name})).expect(201).header("location").to_owned()
}

on_both_databases! {
    fn a_partner_is_created_read_changed_and_deleted(server: &Server) {
        let operator = server.operator();
        let created = operator.post("/v1/partners", json!({"name": " Nordic "})).expect(201);
        let path = created.header("location").to_owned();
        assert_eq!(path, format!("/v1/partners/{}", created.text_at("/id")));
        assert_eq!(
            created.json(),
            json!({"id": created.field("/id"), "name": "Nordic", "parent_id": null, "status": "active",
            "created_at": server.now(), "suspended_at": null, "emergency_stop": null,
            "guardrails": NO_GUARDRAILS.clone(), "effective_guardrails": NO_GUARDRAILS.clone(), "version": 1})
        );
        assert_eq!(operator.get(&path).expect(200).json(), created.json());
        let changed = operator.patch(&path, json!({"name": "Nordic Cloud"})).expect(200);
        assert_eq!((changed.field("/name"), changed.header("etag")), (json!("Nordic Cloud"), "\"2\""));
        operator.delete(&path).expect(204);
        for gone in [operator.get(&path), operator.delete(&path), operator.act(&format!("{path}/suspend"))] {
            gone.expect_problem(404, "not-found");
        }
    }

    fn a_partner_makes_partners_below_itself_and_sees_no_further(server: &Server) {
        let (distributor, other) = (server.partner("Nordic"), server.partner("Southern"));
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let agent = server.partner_below(&reseller.client, "Corner shop");
        assert_eq!(names(&server.operator()), ["Baltic", "Corner shop", "Nordic", "Southern"]);
        assert_eq!(names(&distributor.client), ["Baltic", "Corner shop", "Nordic"]);
        assert_eq!(names(&reseller.client), ["Baltic", "Corner shop"]);
        assert_eq!(
            (names(&agent.client), names(&other.client)),
            (vec!["Corner shop".to_owned()], vec!["Southern".to_owned()])
        );

        assert_eq!(distributor.client.get(&reseller.path("")).field("/parent_id"), distributor.id);
        assert_eq!(
            reseller.client.get(&reseller.path("")).field("/parent_id"),
            json!(null),
            "who is above is not told"
        );
        for above in [&distributor, &other] {
            for refused in [
                reseller.client.get(&above.path("")),
                reseller.client.get(&above.path("/tokens")),
                reseller.client.patch(&above.path(""), json!({"name": "X"})),
                reseller.client.act(&above.path("/suspend")),
            ] {
                refused.expect_problem(404, "not-found");
            }
        }
    }

    fn a_place_in_the_tree_that_one_may_not_see_is_no_place(server: &Server) {
        let (distributor, other) = (server.partner("Nordic"), server.partner("Southern"));
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let make =
            |client: &Client, parent: &str| client.post("/v1/partners", json!({"name": "New", "parent_id": parent}));
        let nowhere = make(&reseller.client, NOBODY).expect_problem(422, "invalid");
        assert_eq!(nowhere.pointers(), ["/parent_id"]);
        for above in [&distributor.id, &other.id] {
            assert_eq!(make(&reseller.client, above).without_request(), nowhere.without_request());
        }
        make(&distributor.client, &reseller.id).expect(201);
        make(&server.operator(), &reseller.id).expect(201);
        assert_eq!(server.operator().get("/v1/partners").items().len(), 5);
    }

    fn the_tree_is_four_levels_deep(server: &Server) {
        let mut parent = json!(null);
        for level in 1..=4 {
            let made = server.operator().post("/v1/partners", json!({"name": format!("{level}"), "parent_id": parent}));
            parent = made.expect(201).field("/id");
        }
        let fifth = server.operator().post("/v1/partners", json!({"name": "5", "parent_id": parent}));
        assert_eq!(fifth.expect_problem(422, "invalid").pointers(), ["/parent_id"]);
    }

    fn suspending_and_resuming_are_receipted_and_change_nothing_twice(server: &Server) {
        let path = bare(&server.operator(), "Nordic");
        let act = |action: &str| server.operator().act(&format!("{path}/{action}")).expect(200);
        let suspended_at = server.now();
        let first = act("suspend");
        assert_eq!(
            (first.field("/partner/status"), first.field("/partner/suspended_at")),
            (json!("suspended"), json!(suspended_at))
        );
        assert_eq!(
            (first.field("/receipt/state"), first.field("/receipt/effective_at")),
            (json!("confirmed"), json!(suspended_at))
        );
        server.advance(TimeDelta::minutes(1));
        assert_eq!(act("suspend").json(), first.json());
        let resumed = act("resume");
        assert_eq!(
            (resumed.field("/partner/status"), resumed.field("/partner/suspended_at")),
            (json!("active"), json!(null))
        );
        assert!(resumed.field("/receipt/sequence").as_i64() > first.field("/receipt/sequence").as_i64());
        assert_eq!(act("resume").json(), resumed.json());
    }

    fn below_a_suspended_partner_resuming_brings_back_what_was(server: &Server) {
        let distributor = server.partner("Nordic");
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let (one, other) = (server.tenant_of(&reseller.client, "One"), server.tenant_of(&reseller.client, "Other"));
        server.operator().act(&other.path("/suspend")).expect(200);
        distributor.client.act(&reseller.path("/suspend")).expect(200);
        server.operator().act(&distributor.path("/suspend")).expect(200);
        for client in [&distributor.client, &reseller.client, &one.admin.client, &other.admin.client] {
            client.get("/v1/me").expect_problem(401, "suspended");
        }
        server.operator().act(&distributor.path("/resume")).expect(200);
        distributor.client.get("/v1/me").expect(200);
        for client in [&reseller.client, &one.admin.client, &other.admin.client] {
            client.get("/v1/me").expect_problem(401, "suspended");
        }
        distributor.client.act(&reseller.path("/resume")).expect(200);
        one.admin.client.get("/v1/me").expect(200);
        other.admin.client.get("/v1/me").expect_problem(401, "suspended");
        assert_eq!(distributor.client.get(&one.path("")).field("/version"), 1);
    }

    fn a_partner_does_not_stop_itself(server: &Server) {
        let partner = server.partner("Nordic");
        for refused in [
            partner.client.act(&partner.path("/suspend")),
            partner.client.act(&partner.path("/resume")),
            partner.client.delete(&partner.path("")),
        ] {
            refused.expect_problem(403, "forbidden");
        }
        partner.client.patch(&partner.path(""), json!({"name": "Nordic Cloud"})).expect(200);
    }

    fn only_an_empty_partner_is_deleted(server: &Server) {
        let operator = server.operator();
        let refused = |path: &str| drop(operator.delete(path).expect_problem(409, "partner-not-empty"));
        let parent = bare(&operator, "Nordic");
        let id = parent.rsplit('/').next().unwrap();
        let child = operator.post("/v1/partners", json!({"name": "Baltic", "parent_id": id})).expect(201);
        refused(&parent);
        operator.delete(child.header("location")).expect(204);
        let body = json!({"description": "Portal", "expires_at": server.in_days(9)});
        let token = operator.post(&format!("{parent}/tokens"), body).expect(201).text_at("/token");
        let tenant = operator.post("/v1/tenants", json!({"name": "Acme", "partner_id": id})).expect(201);
        refused(&parent);
        operator.delete(&format!("{}?delay_seconds=0", tenant.header("location"))).expect(200);
        server.service().keep_house().unwrap();
        operator.delete(&parent).expect(204);
        server.bearer(&token).get("/v1/me").expect_problem(401, "unknown-credentials");
    }

    fn people_and_their_tokens_know_nothing_of_partners(server: &Server) {
        let partner = server.partner("Nordic");
        let tenant = server.tenant_of(&partner.client, "Acme");
        let body = json!({"description": "Portal", "expires_at": server.in_days(9)});
        let token =
            server.bearer(&tenant.admin.client.post(&tenant.path("/tokens"), body).expect(201).text_at("/token"));
        for client in [&tenant.admin.client, &token] {
            client.get("/v1/partners").expect_problem(403, "forbidden");
            client.post("/v1/partners", json!({"name": "X"})).expect_problem(403, "forbidden");
            client.get(&partner.path("")).expect_problem(404, "not-found");
            client.get(&partner.path("/audit")).expect_problem(404, "not-found");
        }
    }
}
