//! Signing keys and secrets handed to gateways: which, to whom, and never without a row in the tenant's audit.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::{Answer, Server, on_both_databases};

use crate::place::{REGION, Shop};

const CAPABILITIES: &[&str] = &["signing_keys", "secrets", "usage", "verify"];

fn shop(server: &Server) -> Shop {
    Shop::of(server, CAPABILITIES)
}

impl Shop {
    fn item(&self, server: &Server, days: i64) -> Value {
        let date = (server.now() + TimeDelta::days(days)).format("%Y%m%d").to_string();
        json!({"access_key_id": self.signer.access_key_id, "date": date, "region": REGION, "service": "s3"})
    }

    fn issue(&self, items: Value) -> Answer {
        self.gateway.client.post("/v1/gateway/signing-keys", json!({"items": items}))
    }

    fn audited(&self, action: &str) -> Vec<Value> {
        self.place.admin.get(&self.place.tenant.path(&format!("/audit?action={action}"))).expect(200).items()
    }
}

on_both_databases! {
    fn a_signing_key_verifies_what_its_secret_signed(server: &Server) {
        let shop = shop(server);
        let answer = shop.issue(json!([shop.item(server, 0)])).expect(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        let issued = answer.field("/results/0/signing_key");
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(issued["key"].as_str().unwrap()).unwrap();
        let key = verify::sigv4::SigningKey::from_bytes(<[u8; 32]>::try_from(bytes).unwrap().into());
        let text = shop.signer.string_to_sign(server.now());
        let parsed = verify::sigv4::StringToSign::parse(&text).unwrap();
        assert_eq!(key.sign(&parsed).to_hex(), shop.signer.sign(&text));
        let midnight = (server.now().date_naive() + TimeDelta::days(1)).and_time(chrono::NaiveTime::MIN).and_utc();
        assert_eq!(issued["not_after_header"], json!(midnight + TimeDelta::minutes(15)));
        assert_eq!(issued["not_after_presigned"], json!(midnight + TimeDelta::days(7)));
    }

    fn days_too_far_away_are_refused(server: &Server) {
        let shop = shop(server);
        for days in [-8, 1, 2, 365] {
            let refused = shop.issue(json!([shop.item(server, 0), shop.item(server, days)])).expect_problem(422, "invalid");
            assert_eq!(refused.text_at("/errors/0/pointer"), "/items/1/date", "{days}");
        }
        for days in [-7, -2, -1, 0] {
            let issued = shop.issue(json!([shop.item(server, days)])).expect(200);
            assert_eq!(issued.field("/results/0/decision"), "allow");
            let presigned_only = issued.json().pointer("/results/0/presigned_only").cloned();
            assert_eq!(presigned_only, (days < -1).then_some(json!(true)), "{days}");
        }
        let to_midnight = (server.now().date_naive() + TimeDelta::days(1)).and_time(chrono::NaiveTime::MIN).and_utc();
        server.advance(to_midnight - server.now() - TimeDelta::minutes(15) - TimeDelta::seconds(1));
        shop.issue(json!([shop.item(server, 1)])).expect_problem(422, "invalid");
        server.advance(TimeDelta::seconds(1));
        shop.issue(json!([shop.item(server, 1)])).expect(200);
    }

    fn an_etag_saves_sending_a_key_again_until_the_key_changes(server: &Server) {
        let shop = shop(server);
        let first = shop.issue(json!([shop.item(server, 0)])).expect(200);
        let mut item = shop.item(server, 0);
        item["etag"] = first.field("/results/0/cache/etag");
        let again = shop.issue(json!([item])).expect(200);
        assert_eq!(again.field("/results/0/not_modified"), true);
        assert!(again.json().pointer("/results/0/signing_key").is_none());
        shop.place.admin.patch(&shop.key, json!({"permissions": ["read"]})).expect(200);
        let changed = shop.issue(json!([item])).expect(200);
        assert_eq!(changed.field("/results/0/grants/permissions"), json!(["read"]));
        assert!(changed.json().pointer("/results/0/signing_key").is_some());
    }

    fn nothing_is_issued_for_what_is_dead_unknown_or_elsewhere(server: &Server) {
        let shop = shop(server);
        let mut unknown = shop.item(server, 0);
        unknown["access_key_id"] = json!("AKIAIOSFODNN7EXAMPLE");
        let answer = shop.issue(json!([unknown, shop.item(server, 0)])).expect(200);
        assert_eq!(answer.field("/results/0/reason"), "unknown");
        assert_eq!(answer.field("/results/1/decision"), "allow");
        let mut elsewhere = shop.item(server, 0);
        elsewhere["region"] = json!("fra1");
        shop.issue(json!([elsewhere])).expect_problem(403, "forbidden");
        shop.place.admin.act(&format!("{}/revoke", shop.key)).expect(200);
        let answer = shop.issue(json!([shop.item(server, 0)])).expect(200);
        assert_eq!(answer.field("/results/0/reason"), "revoked");
        let secret = format!("/v1/gateway/keys/{}/secret", shop.signer.access_key_id);
        assert_eq!(shop.gateway.client.get(&secret).expect(200).field("/decision"), "deny");
        assert_eq!(shop.audited("secret.issued").len(), 0);
    }

    fn every_issue_is_in_the_tenants_audit(server: &Server) {
        let shop = shop(server);
        for _ in 0..3 {
            shop.issue(json!([shop.item(server, 0), shop.item(server, -1)])).expect(200);
        }
        let events = shop.audited("signing_keys.issued");
        assert_eq!(events.len(), 1, "the same keys of the same days to the same gateway are one event");
        assert_eq!(events[0]["actor"], json!({"kind": "gateway", "id": shop.gateway.id}));
        assert_eq!(events[0]["details"]["access_key_ids"], shop.signer.access_key_id.as_str());
        let secret = format!("/v1/gateway/keys/{}/secret", shop.signer.access_key_id);
        for n in 1..=2 {
            let answer = shop.gateway.client.get(&secret).expect(200);
            assert_eq!(answer.text_at("/secret_access_key"), shop.signer.secret);
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(shop.audited("secret.issued").len(), n);
        }
    }

    fn a_tenant_may_forbid_that_gateways_have_its_secrets(server: &Server) {
        let shop = shop(server);
        let secret = format!("/v1/gateway/keys/{}/secret", shop.signer.access_key_id);
        shop.gateway.client.get(&secret).expect(200);
        let region = shop.place.tenant.path(&format!("/regions/{REGION}"));
        let forbidden = json!({"service": "available", "gateway_secrets": "forbidden"});
        let shown = shop.place.tenant.admin.client.put(&region, forbidden).expect(200);
        assert_eq!(shown.field("/gateway_secrets"), "forbidden");
        shop.gateway.client.get(&secret).expect_problem(403, "secrets-forbidden");
        // What is left out stays, and everything else goes on.
        shop.place.admin.put(&region, json!({"service": "available"})).expect(200);
        shop.gateway.client.get(&secret).expect_problem(403, "secrets-forbidden");
        assert_eq!(shop.issue(json!([shop.item(server, 0)])).expect(200).field("/results/0/decision"), "allow");
        assert_eq!(shop.audited("secret.issued").len(), 1);
        shop.place.admin.put(&region, json!({"service": "available", "gateway_secrets": "allowed"})).expect(200);
        shop.gateway.client.get(&secret).expect(200);
    }

    fn what_a_gateway_is_not_capable_of_is_refused_and_recorded(server: &Server) {
        let shop = shop(server);
        let narrow = server.gateway(&[REGION], &["verify"]);
        let secret = format!("/v1/gateway/keys/{}/secret", shop.signer.access_key_id);
        for _ in 0..3 {
            narrow.client.get(&secret).expect_problem(403, "forbidden");
        }
        server.service().write_down_denials().unwrap();
        let events = server.operator().get("/v1/audit?action=access.denied").expect(200).items();
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["actor"], json!({"kind": "gateway", "id": narrow.id}));
        assert_eq!((&events[0]["target"]["kind"], &events[0]["details"]["refused"]), (&json!("issue_secret"), &json!("3")));
        assert!(shop.audited("secret.issued").is_empty());
    }

    fn a_gateway_that_guesses_ids_raises_an_alarm_once(server: &Server) {
        let shop = shop(server);
        let unknown = |number: usize| {
            let mut item = shop.item(server, 0);
            item["access_key_id"] = json!(format!("IMPORTEDFROMNOWHERE{number:04}"));
            item
        };
        let asked = |from: usize| shop.issue(json!((from..from + 100).map(unknown).collect::<Vec<_>>())).expect(200);
        let alarms = || server.operator().get("/v1/audit?action=gateway.enumeration_suspected").expect(200).items();
        asked(0);
        asked(100);
        assert!(alarms().is_empty());
        asked(200);
        asked(300);
        assert_eq!(alarms().len(), 1);
        assert_eq!((&alarms()[0]["target"]["id"], &alarms()[0]["details"]["unknown"]), (&json!(shop.gateway.id), &json!("300")));
    }

    fn use_is_counted_and_shown_on_the_key(server: &Server) {
        let shop = shop(server);
        let mut body = shop.signer.request(server.now());
        body["context"] = json!({"source_ip": "203.0.113.9", "user_agent": "aws-cli/2"});
        for _ in 0..5 {
            shop.gateway.client.post("/v1/gateway/verify", body.clone()).expect(200);
        }
        let earlier = server.now() - TimeDelta::hours(1);
        let reported = json!({"items": [
            {"access_key_id": shop.signer.access_key_id, "last_used_at": earlier, "count": 7, "source_ip": "198.51.100.1"},
            {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "last_used_at": earlier, "count": 1},
        ]});
        shop.gateway.client.post("/v1/gateway/usage", reported).expect(204);
        server.service().write_down_usage().unwrap();
        let usage = shop.place.admin.get(&format!("{}/usage", shop.key)).expect(200);
        assert_eq!(usage.field("/last_used_at"), json!(server.now()));
        assert_eq!(usage.field("/pairs/0/gateway"), "edge");
        assert_eq!(usage.field("/pairs/0/address"), "203.0.113.9");
        assert_eq!(usage.field("/pairs/0/agent"), "aws-cli/2");
        for (name, value, pointer) in [
            ("count", json!(0), "/items/0/count"),
            ("source_ip", json!("x"), "/items/0/source_ip"),
            ("access_key_id", json!(""), "/items/0/access_key_id"),
        ] {
            let mut item = json!({"access_key_id": shop.signer.access_key_id, "last_used_at": earlier, "count": 7});
            item[name] = value;
            let refused = shop.gateway.client.post("/v1/gateway/usage", json!({"items": [item]}));
            assert_eq!(refused.expect_problem(422, "invalid").text_at("/errors/0/pointer"), pointer);
        }
    }
}
