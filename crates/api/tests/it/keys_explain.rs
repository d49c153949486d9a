use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::world::Tenant;
use testkit::{Answer, Server, on_both_databases};

struct Shop {
    tenant: Tenant,
    key: String,
    access_key_id: String,
}

fn shop(server: &Server) -> Shop {
    server.region("waw3-1", "multi");
    let tenant = server.tenant("Acme");
    server.operator().put(&tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);
    let body = json!({"region": "waw3-1", "label": "Backups"});
    let made = server.operator().post(&tenant.path("/keys"), body).expect(201);
    let key = tenant.path(&format!("/keys/{}", made.text_at("/key/id")));
    Shop { tenant, key, access_key_id: made.text_at("/key/access_key_id") }
}

fn explain(server: &Server, shop: &Shop, body: Value) -> Answer {
    server.operator().post(&shop.tenant.path("/keys:explain"), body)
}

fn now(server: &Server, shop: &Shop) -> Answer {
    explain(server, shop, json!({"access_key_id": shop.access_key_id})).expect(200)
}

/// The checks that did not pass.
fn failed(answer: &Answer) -> Vec<String> {
    let steps = answer.field("/steps").as_array().unwrap().clone();
    let failed = steps.iter().filter(|step| step["passed"] == false);
    failed.map(|step| step["check"].as_str().unwrap().to_owned()).collect()
}

fn denied(answer: &Answer, reason: &str, check: &str) {
    assert_eq!(answer.field("/decision"), "deny");
    assert_eq!(answer.field("/reason"), reason);
    assert_eq!(failed(answer), [check]);
}

on_both_databases! {
    fn a_key_that_works_is_explained_step_by_step(server: &Server) {
        let shop = shop(server);
        for client in [&shop.tenant.admin.client, &shop.tenant.member_plus.client, &server.operator()] {
            let body = json!({"access_key_id": shop.access_key_id});
            let answer = client.post(&shop.tenant.path("/keys:explain"), body).expect(200);
            assert_eq!(answer.field("/decision"), "allow");
            assert_eq!(answer.field("/reason"), Value::Null);
            assert_eq!(answer.field("/at"), json!(server.now()));
            let steps = answer.field("/steps").as_array().unwrap().clone();
            let checks: Vec<_> = steps.iter().map(|step| step["check"].as_str().unwrap()).collect();
            assert_eq!(checks, ["known", "tenant", "partners", "region_service", "key_state", "expiry", "pair"]);
            assert!(failed(&answer).is_empty());
        }
    }

    fn each_thing_that_can_stop_a_key_is_named(server: &Server) {
        let shop = shop(server);
        let operator = server.operator();
        operator.act(&format!("{}/disable", shop.key)).expect(200);
        denied(&now(server, &shop), "disabled", "key_state");
        operator.act(&format!("{}/enable", shop.key)).expect(200);

        operator.act(&shop.tenant.path("/suspend")).expect(200);
        denied(&now(server, &shop), "suspended", "tenant");
        operator.act(&shop.tenant.path("/resume")).expect(200);

        operator.put(&shop.tenant.path("/regions/waw3-1"), json!({"service": "unavailable"})).expect(200);
        denied(&now(server, &shop), "suspended", "region_service");
        operator.put(&shop.tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);

        operator.patch(&shop.key, json!({"expires_at": server.in_days(1)})).expect(200);
        server.advance(TimeDelta::days(1));
        denied(&now(server, &shop), "expired", "expiry");
        operator.act(&format!("{}/revoke", shop.key)).expect(200);
        assert_eq!(now(server, &shop).field("/reason"), "revoked");
    }

    fn a_partner_above_counts_too(server: &Server) {
        let shop = shop(server);
        let partner = server.partner("Reseller");
        let tenant = server.tenant_of(&partner.client, "Beta");
        partner.client.put(&tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);
        let body = json!({"region": "waw3-1", "label": "x"});
        let access_key_id = partner.client.post(&tenant.path("/keys"), body).expect(201).text_at("/key/access_key_id");
        let beta = Shop { tenant, access_key_id, ..shop };
        assert_eq!(now(server, &beta).field("/decision"), "allow");
        server.operator().act(&partner.path("/suspend")).expect(200);
        denied(&now(server, &beta), "suspended", "partners");
    }

    fn a_moment_gone_by_is_judged_by_what_was_then(server: &Server) {
        let shop = shop(server);
        let made = server.now();
        let moment = TimeDelta::seconds(1);
        server.advance(TimeDelta::hours(1));
        let reset = server.now();
        let new = server.operator().act(&format!("{}/reset", shop.key)).expect(200).text_at("/key/access_key_id");
        server.advance(TimeDelta::hours(1));
        let revoked = server.now();
        server.operator().act(&format!("{}/revoke", shop.key)).expect(200);
        server.advance(TimeDelta::hours(1));

        let at = |id: &str, at| explain(server, &shop, json!({"access_key_id": id, "at": at})).expect(200);
        denied(&at(&shop.access_key_id, made - moment), "unknown", "known");
        assert_eq!(at(&shop.access_key_id, made).field("/decision"), "allow");
        assert_eq!(at(&shop.access_key_id, reset - moment).field("/decision"), "allow");
        denied(&at(&shop.access_key_id, reset), "retired", "pair");
        denied(&at(&new, reset - moment), "unknown", "known");
        assert_eq!(at(&new, revoked - moment).field("/decision"), "allow");
        denied(&at(&new, revoked), "revoked", "key_state");
        let ahead = explain(server, &shop, json!({"access_key_id": new, "at": server.now() + moment}));
        assert_eq!(ahead.expect_problem(422, "invalid").pointers(), ["/at"]);
    }

    fn somebody_elses_is_as_unknown_as_nobodys(server: &Server) {
        let shop = shop(server);
        let other = server.tenant("Other");
        let ask = |id: &str| {
            let answer = other.admin.client.post(&other.path("/keys:explain"), json!({"access_key_id": id})).expect(200);
            answer.text.replace(id, "ID")
        };
        // Another that fits its checksum and that nobody has.
        let spare = domain::key::AccessKeyId::draw(&mut domain::Entropy::from_seed([99; 32]), "NQAK", 20);
        assert_eq!(ask(&shop.access_key_id), ask(spare.as_str()));
        server.operator().delete(&shop.key).expect(200);
        assert_eq!(ask(&shop.access_key_id), ask(spare.as_str()));

        let mistyped = format!("{}0", &shop.access_key_id[..19]);
        let mistyped = if mistyped == shop.access_key_id { format!("{}1", &mistyped[..19]) } else { mistyped };
        assert!(ask(&mistyped).contains("mistyped"), "{}", ask(&mistyped));
        assert!(!ask(spare.as_str()).contains("mistyped"));
        let deleted = now(server, &shop);
        denied(&deleted, "unknown", "known");
        assert!(deleted.text.contains("deleted"), "{deleted}");
    }

    fn explaining_takes_what_reading_a_key_takes(server: &Server) {
        let shop = shop(server);
        let path = shop.tenant.path("/keys:explain");
        let body = || json!({"access_key_id": shop.access_key_id});
        shop.tenant.member.client.post(&path, body()).expect_problem(403, "forbidden");
        server.partner("Elsewhere").client.post(&path, body()).expect_problem(404, "not-found");
        server.anonymous().post(&path, body()).expect_problem(401, "unauthenticated");
        let wrong = shop.tenant.admin.client.post(&path, json!({"access_key_id": "no"}));
        assert_eq!(wrong.expect_problem(422, "invalid").pointers(), ["/access_key_id"]);
    }
}
