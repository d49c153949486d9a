//! After a restore: what is held back, what is not verified, and who decides.

use serde_json::{Value, json};
use testkit::world::Gateway;
use testkit::{Server, Signer, on_both_databases};

use crate::place::{Place, REGION};

/// As a restore leaves it of which no journal tells; the follower of the feed finds out.
fn quarantine(server: &Server) {
    assert_eq!(server.service().announce_restore(&[], false).unwrap(), (0, true));
    until(|| server.anonymous().get("/readyz").expect(200).field("/status") == "quarantined");
}

/// What a journal has told of a key, a tenant or a partner.
fn hold_back(server: &Server, kind: &str, subject: &str, region: Option<&str>) {
    let region = region.map_or("NULL".to_owned(), |region| format!("'{region}'"));
    server.sql(&format!(
        "INSERT INTO held_back (subject, kind, region, sequence, changed_at) VALUES ('{subject}', '{kind}', {region}, 7, 1795176000000000)"
    ));
}

/// Follows the feed until it has heard of what was done past the product.
fn until(is_so: impl Fn() -> bool) {
    for _ in 0..200 {
        if is_so() {
            return;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
    panic!("it did not happen");
}

fn verify(server: &Server, gateway: &Gateway, signer: &Signer) -> Value {
    let answer = gateway.client.post("/v1/gateway/verify", signer.request(server.now())).expect(200);
    json!([answer.field("/decision"), answer.json().pointer("/reason").cloned().unwrap_or(Value::Null)])
}

on_both_databases! {
    fn in_quarantine_nobody_is_verified_and_nobody_refused(server: &Server) {
        let (place, reseller) = (Place::of(server, "multi"), server.partner("Reseller"));
        let gateway = server.gateway(&[REGION], &["verify", "changes", "signing_keys", "secrets"]);
        let made = place.admin.post(&place.keys(), json!({"region": REGION, "label": "k"})).expect(201);
        let signer = Signer::of(&made);
        let cursor = gateway.client.get("/v1/gateway/changes").expect(200).field("/sequence");
        assert_eq!(verify(server, &gateway, &signer)[0], "allow");

        quarantine(server);
        let request = signer.request(server.now());
        let refused = gateway.client.post("/v1/gateway/verify", request).expect_problem(503, "quarantined");
        assert!(!refused.header("retry-after").is_empty());
        let id = made.text_at("/key/access_key_id");
        gateway.client.get(&format!("/v1/gateway/keys/{id}/secret")).expect_problem(503, "quarantined");
        // Whoever followed the feed forgets everything, and is given no lease to begin again.
        gateway.client.get(&format!("/v1/gateway/changes?after={cursor}")).expect_problem(410, "feed-gone");
        gateway.client.get("/v1/gateway/changes").expect_problem(503, "quarantined");
        // Nobody knows which sessions had been ended: all have. Tokens go on.
        place.admin.get("/v1/me").expect_problem(401, "expired");
        reseller.client.get("/v1/me").expect(200);

        let shown = server.operator().get("/v1/quarantine").expect(200);
        assert_eq!(shown.field("/quarantined"), true);
        assert!(shown.text_at("/reason").contains("no journal"), "{shown}");
        let epoch = shown.field("/epoch").as_i64().unwrap();
        assert!(epoch > 0, "{shown}");
        reseller.client.act("/v1/quarantine/lift").expect_problem(403, "forbidden");
        server.operator().act("/v1/quarantine/lift").expect(204);
        assert_eq!(verify(server, &gateway, &signer)[0], "allow");
        assert_eq!(server.anonymous().get("/readyz").expect(200).field("/status"), "ok");
        let again = gateway.client.get("/v1/gateway/changes").expect(200).field("/sequence");
        assert!(again.as_i64().unwrap() >= epoch << 22 && epoch << 22 > cursor.as_i64().unwrap(), "{again}");
        assert_eq!(server.operator().get("/v1/quarantine").expect(200).field("/quarantined"), false);
        let events = server.operator().get("/v1/audit?action=quarantine.lifted").expect(200);
        assert_eq!(events.items().len(), 1, "{events}");
        server.operator().act("/v1/quarantine/lift").expect(204);
    }

    fn a_lift_that_cannot_be_written_down_does_not_happen(server: &Server) {
        let gateway = { Place::of(server, "multi"); server.gateway(&[REGION], &["verify"]) };
        quarantine(server);
        server.sql("ALTER TABLE audit_events RENAME TO gone");
        server.operator().act("/v1/quarantine/lift").expect_problem(500, "internal");
        server.sql("ALTER TABLE gone RENAME TO audit_events");
        assert_eq!(server.operator().get("/v1/quarantine").expect(200).field("/quarantined"), true);
        gateway.client.post("/v1/gateway/verify", json!({})).expect_problem(503, "quarantined");
    }

    fn what_is_held_back_is_dead_until_somebody_decides(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = server.gateway(&[REGION], &["verify"]);
        let make = |label: &str| place.admin.post(&place.keys(), json!({"region": REGION, "label": label})).expect(201);
        let (first, second, free) = (make("first"), make("second"), make("free"));
        let id = |made: &testkit::Answer| made.text_at("/key/access_key_id");
        hold_back(server, "key", &id(&first), Some(REGION));
        hold_back(server, "key", &id(&second), Some(REGION));

        for held in [&first, &second] {
            assert_eq!(verify(server, &gateway, &Signer::of(held)), json!(["deny", "held_back"]));
        }
        assert_eq!(verify(server, &gateway, &Signer::of(&free))[0], "allow");
        let shown = || {
            let listed = place.admin.get(&place.keys()).expect(200);
            let shown = |made: &testkit::Answer| place.admin.get(&place.key(made)).expect(200).field("/held_back");
            let listed_as = |made: &testkit::Answer| {
                let items = listed.items();
                items.iter().find(|key| key["id"] == made.field("/key/id")).unwrap()["held_back"].clone()
            };
            [&first, &second, &free].map(|made| {
                assert_eq!(shown(made), listed_as(made));
                shown(made) == true
            })
        };
        assert_eq!(shown(), [true, true, false]);
        let body = json!({"access_key_id": id(&first)});
        let explained = place.admin.post(&place.tenant.path("/keys:explain"), body).expect(200);
        assert_eq!(explained.field("/reason"), "held_back", "{explained}");
        assert!(explained.text.contains("restored to a state before"), "{explained}");

        assert_eq!(server.operator().get("/v1/quarantine").expect(200).field("/held_back"), 2);
        let list = server.operator().get("/v1/quarantine/held-back").expect(200).items();
        assert_eq!(list.len(), 2);
        assert!(list.iter().all(|held| held["type"] == "key" && held["decision"].is_null()), "{list:?}");

        let decide = |decision: &str, subjects: Value| {
            let body = json!({"decision": decision, "subjects": subjects});
            server.operator().post("/v1/quarantine/held-back/decide", body)
        };
        let body = json!({"decision": "released", "subjects": null});
        place.admin.post("/v1/quarantine/held-back/decide", body).expect_problem(403, "forbidden");
        decide("released", json!(["KRNOBODY"])).expect_problem(404, "not-found");
        assert_eq!(decide("released", json!([])).expect_problem(422, "invalid").pointers(), ["/subjects"]);

        assert_eq!(decide("released", json!([id(&first)])).expect(200).field("/decided"), 1);
        assert_eq!(verify(server, &gateway, &Signer::of(&first))[0], "allow");
        assert_eq!(shown(), [false, true, false]);
        assert_eq!(decide("confirmed", Value::Null).expect(200).field("/decided"), 1);
        assert_eq!(verify(server, &gateway, &Signer::of(&second)), json!(["deny", "held_back"]));
        assert_eq!(server.operator().get("/v1/quarantine").expect(200).field("/held_back"), 0);
        // A decision can be changed, and is only made once.
        assert_eq!(decide("released", json!([id(&second)])).expect(200).field("/decided"), 1);
        assert_eq!(decide("released", json!([id(&second)])).expect(200).field("/decided"), 0);
        assert_eq!(verify(server, &gateway, &Signer::of(&second))[0], "allow");
        let released = server.operator().get("/v1/audit?action=held_back.released").expect(200);
        assert_eq!(released.items().len(), 2, "{released}");
    }

    fn a_tenant_or_a_gateway_is_held_back_as_a_whole(server: &Server) {
        let place = Place::of(server, "multi");
        let (gateway, other) = (server.gateway(&[REGION], &["verify"]), server.gateway(&[REGION], &["verify"]));
        let made = place.admin.post(&place.keys(), json!({"region": REGION, "label": "k"})).expect(201);
        hold_back(server, "tenant", &place.tenant.id, None);
        hold_back(server, "gateway", &other.id, None);
        assert_eq!(verify(server, &gateway, &Signer::of(&made)), json!(["deny", "held_back"]));
        let held = server.operator().get(&place.keys()).expect(200);
        assert_eq!(held.field("/items/0/held_back"), true);
        let request = Signer::of(&made).request(server.now());
        other.client.post("/v1/gateway/verify", request.clone()).expect_problem(401, "unknown-credentials");
        let body = json!({"decision": "released", "subjects": null});
        server.operator().post("/v1/quarantine/held-back/decide", body).expect(200);
        assert_eq!(verify(server, &gateway, &Signer::of(&made))[0], "allow");
        other.client.post("/v1/gateway/verify", request).expect(200);
    }
}
