//! Verify: the deny table as gateways are promised it, and what an allowed request's gateway is told.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::{Answer, Client, Server, Signer, on_both_databases};

use crate::place::{REGION, Shop};

const CAPABILITIES: &[&str] = &["verify", "signing_keys", "changes", "secrets", "usage"];

fn shop(server: &Server) -> Shop {
    Shop::of(server, CAPABILITIES)
}

impl Shop {
    fn ask(&self, body: Value) -> Answer {
        self.gateway.client.post("/v1/gateway/verify", body).expect(200)
    }

    fn verify(&self, server: &Server, signer: &Signer) -> Answer {
        self.ask(signer.request(server.now()))
    }

    fn in_context(&self, server: &Server, context: Value) -> Answer {
        let mut body = self.signer.request(server.now());
        body["context"] = context;
        self.ask(body)
    }
}

#[track_caller]
fn assert_allowed(answer: &Answer) {
    assert_eq!(answer.field("/decision"), "allow", "{answer}");
}

#[track_caller]
fn assert_denied(answer: &Answer, code: &str, status: u16, reason: &str) {
    assert_eq!(answer.field("/decision"), "deny", "{answer}");
    assert_eq!(answer.field("/s3_error/code"), code, "{answer}");
    assert_eq!(answer.field("/s3_error/status"), status, "{answer}");
    assert_eq!(answer.field("/reason"), reason, "{answer}");
    assert_eq!(answer.field("/cache"), json!({"ttl_s": 0}), "{answer}");
    assert!(answer.json().get("principal").is_none() && answer.json().get("signing_key").is_none(), "{answer}");
}

on_both_databases! {
    fn a_right_signature_is_let_in_and_its_gateway_told_who_it_is_from(server: &Server) {
        let shop = shop(server);
        let mut body = shop.signer.request(server.now());
        body["want"] = json!(["principal", "signing_key"]);
        let answer = shop.ask(body);
        assert_allowed(&answer);
        assert_eq!(answer.header("cache-control"), "no-store");
        let principal = answer.field("/principal");
        let read = shop.place.admin.get(&shop.key).expect(200);
        assert_eq!(principal["tenant_id"], shop.place.tenant.id.as_str());
        assert_eq!(principal["namespace"], shop.place.tenant.id.as_str(), "one instance: the tenant is the account");
        assert_eq!(principal["key_id"], read.field("/id"));
        assert_eq!(principal["instance_id"], read.field("/instance_id"));
        assert_eq!(principal["access_key_id"], shop.signer.access_key_id.as_str());
        assert_eq!(principal["label"], "k");
        assert_eq!(principal["region"], REGION);
        let account = principal["account_id"].as_str().unwrap();
        assert!(account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit()));
        assert_eq!(principal["canonical_id"].as_str().unwrap().len(), 64);
        assert_eq!(answer.field("/grants/buckets"), json!({"access": "all", "names": []}));
        assert_eq!(answer.field("/grants/permissions"), json!(["read", "write", "list", "delete"]));
        assert_eq!(answer.field("/cache/ttl_s"), 300);
        assert!(answer.field("/cache/sequence").as_i64().unwrap() > 0);
        assert_eq!(answer.field("/signing_key/region"), REGION);
        assert_eq!(answer.field("/signing_key/service"), "s3");
        let issued = shop.place.admin.get(&shop.place.tenant.path("/audit?action=signing_keys.issued")).expect(200);
        assert_eq!(issued.items().len(), 1, "{issued}");
        assert_eq!(issued.items()[0]["details"]["access_key_ids"], shop.signer.access_key_id.as_str());
        assert!(!issued.text.contains(&answer.text_at("/signing_key/key")));
    }

    fn a_wrong_signature_is_refused(server: &Server) {
        let shop = shop(server);
        let wrong = shop.signer.with_secret(&"x".repeat(40));
        assert_denied(&shop.verify(server, &wrong), "SignatureDoesNotMatch", 403, "signature");
        let mut body = shop.signer.request(server.now());
        for signature in ["", "00", &"A".repeat(64), &"0".repeat(63), &"g".repeat(64)] {
            body["signature"] = json!(signature);
            assert_denied(&shop.ask(body.clone()), "SignatureDoesNotMatch", 403, "signature");
        }
    }

    fn an_id_that_nobody_has_is_unknown(server: &Server) {
        let shop = shop(server);
        for id in ["NQAK8F7X9K2M1PQ0ABCD", "AKIAIOSFODNN7EXAMPLE", "x", "has/slash/in/it", ""] {
            let signer = Signer { access_key_id: id.to_owned(), ..shop.signer.clone() };
            assert_denied(&shop.verify(server, &signer), "InvalidAccessKeyId", 403, "unknown");
        }
    }

    fn a_stopped_key_says_why_to_whoever_holds_its_secret_and_to_nobody_else(server: &Server) {
        let shop = shop(server);
        assert_allowed(&shop.verify(server, &shop.signer));
        let wrong = shop.signer.with_secret(&"x".repeat(40));
        shop.place.admin.act(&format!("{}/disable", shop.key)).expect(200);
        assert_denied(&shop.verify(server, &shop.signer), "InvalidAccessKeyId", 403, "disabled");
        assert_denied(&shop.verify(server, &wrong), "SignatureDoesNotMatch", 403, "signature");
        shop.place.admin.act(&format!("{}/enable", shop.key)).expect(200);
        assert_allowed(&shop.verify(server, &shop.signer));

        let suspend = |what: &str| server.operator().act(&shop.place.tenant.path(what)).expect(200);
        suspend("/suspend");
        assert_denied(&shop.verify(server, &shop.signer), "InvalidAccessKeyId", 403, "suspended");
        suspend("/resume");
        assert_allowed(&shop.verify(server, &shop.signer));

        let region = |service: &str| shop.place.admin.put(&shop.place.region(), json!({"service": service})).expect(200);
        region("unavailable");
        assert_denied(&shop.verify(server, &shop.signer), "InvalidAccessKeyId", 403, "suspended");
        region("available");
        assert_allowed(&shop.verify(server, &shop.signer));

        shop.place.admin.act(&format!("{}/revoke", shop.key)).expect(200);
        assert_denied(&shop.verify(server, &shop.signer), "InvalidAccessKeyId", 403, "revoked");
        shop.place.admin.delete(&shop.key).expect(200);
        assert_denied(&shop.verify(server, &shop.signer), "InvalidAccessKeyId", 403, "unknown");
    }

    fn a_partner_that_is_suspended_takes_its_tenants_keys_along(server: &Server) {
        server.region(REGION, "multi");
        let distributor = server.partner("Distributor");
        let reseller = server.partner_below(&distributor.client, "Reseller");
        let tenant = server.tenant_of(&reseller.client, "Acme");
        tenant.admin.client.put(&tenant.path(&format!("/regions/{REGION}")), json!({"service": "available"})).expect(200);
        let made = tenant.admin.client.post(&tenant.path("/keys"), json!({"region": REGION, "label": "k"})).expect(201);
        let (signer, gateway) = (Signer::of(&made), server.gateway(&[REGION], &["verify"]));
        let verify = || gateway.client.post("/v1/gateway/verify", signer.request(server.now())).expect(200);
        assert_allowed(&verify());
        for partner in [&distributor, &reseller] {
            server.operator().act(&partner.path("/suspend")).expect(200);
            assert_denied(&verify(), "InvalidAccessKeyId", 403, "suspended");
            server.operator().act(&partner.path("/resume")).expect(200);
            assert_allowed(&verify());
        }
    }

    fn a_key_ends_by_the_clock_alone(server: &Server) {
        let ends = server.now() + TimeDelta::minutes(4);
        let shop = Shop::with_key(server, CAPABILITIES, json!({"label": "k", "expires_at": ends}));
        let answer = shop.verify(server, &shop.signer);
        assert_allowed(&answer);
        assert_eq!(answer.field("/cache/ttl_s"), 240, "never beyond its end");
        server.advance(TimeDelta::minutes(4) - TimeDelta::microseconds(1));
        assert_allowed(&shop.verify(server, &shop.signer));
        server.advance(TimeDelta::microseconds(1));
        assert_denied(&shop.verify(server, &shop.signer), "InvalidAccessKeyId", 403, "expired");
    }

    fn a_reset_kills_the_old_pair_and_a_rotation_lets_it_live_for_its_grace(server: &Server) {
        let shop = shop(server);
        assert_allowed(&shop.verify(server, &shop.signer));
        let next = Signer::of(&shop.place.admin.act(&format!("{}/reset", shop.key)).expect(200));
        assert_denied(&shop.verify(server, &shop.signer), "InvalidAccessKeyId", 403, "retired");
        assert_allowed(&shop.verify(server, &next));

        let grace = json!({"grace_seconds": 120});
        let last = Signer::of(&shop.place.admin.post(&format!("{}/rotate", shop.key), grace).expect(200));
        let answer = shop.verify(server, &next);
        assert_allowed(&answer);
        assert_eq!(answer.field("/cache/ttl_s"), 120);
        assert_allowed(&shop.verify(server, &last));
        server.advance(TimeDelta::seconds(120));
        assert_denied(&shop.verify(server, &next), "InvalidAccessKeyId", 403, "retired");
        assert_allowed(&shop.verify(server, &last));
    }

    fn time_counts_either_way(server: &Server) {
        let shop = shop(server);
        for (seconds, is_near) in [(900, true), (-900, true), (901, false), (-901, false)] {
            let answer = shop.ask(shop.signer.request(server.now() + TimeDelta::seconds(seconds)));
            if is_near { assert_allowed(&answer) } else { assert_denied(&answer, "RequestTimeTooSkewed", 403, "skew") }
        }
        let mut body = shop.signer.request(server.now() - TimeDelta::seconds(600));
        body["auth"] = json!("presigned");
        body["expires_in"] = json!(600);
        assert_allowed(&shop.ask(body.clone()));
        body["expires_in"] = json!(599);
        assert_denied(&shop.ask(body.clone()), "AccessDenied", 403, "request_expired");
        for seconds in [json!(0), json!(604_801), json!(-1), Value::Null] {
            body["expires_in"] = seconds;
            assert_denied(&shop.ask(body.clone()), "AuthorizationQueryParametersError", 400, "request_expired");
        }
    }

    fn a_scope_that_is_not_ours_is_malformed_and_says_which_would_be(server: &Server) {
        let shop = shop(server);
        let answer = shop.verify(server, &shop.signer.in_region("fra1"));
        assert_denied(&answer, "AuthorizationHeaderMalformed", 400, "scope");
        assert_eq!(answer.field("/s3_error/expected_region"), REGION);
        let right = shop.signer.string_to_sign(server.now());
        let yesterday = server.now() - TimeDelta::days(1);
        let day = |at: domain::Timestamp| at.format("/%Y%m%d").to_string();
        for wrong in [
            right.replace("/s3/", "/iam/"),
            right.replace("aws4_request", "aws5_request"),
            right.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
            right.replace(&day(server.now())[1..], &day(yesterday)[1..]).replacen(&day(yesterday)[1..], &day(server.now())[1..], 1),
        ] {
            let mut body = shop.signer.request(server.now());
            body["string_to_sign"] = json!(base64(&wrong));
            assert_denied(&shop.ask(body), "AuthorizationHeaderMalformed", 400, "scope");
        }
    }

    fn what_the_key_may_not_is_denied_where_the_gateway_names_it(server: &Server) {
        let shop = Shop::with_key(server, CAPABILITIES, json!({
            "label": "k", "buckets": {"access": "specific", "names": ["media"]},
            "prefixes": ["photos/"], "permissions": ["read", "list"], "allowed_addresses": ["203.0.113.0/24"]
        }));
        let within = json!({
            "method": "GET", "operation": "GetObject", "bucket": "media", "key": "photos/1.jpg", "source_ip": "203.0.113.9"
        });
        assert_allowed(&shop.in_context(server, within.clone()));
        assert_allowed(&shop.in_context(server, json!({})));
        for (name, value, reason) in [
            ("bucket", "backups", "bucket"),
            ("key", "secret/1.jpg", "prefix"),
            ("operation", "PutObject", "permission"),
            ("operation", "DeleteObject", "permission"),
            ("operation", "Unheard-of", "permission"),
            ("source_ip", "198.51.100.1", "address"),
        ] {
            let mut context = within.clone();
            context[name] = json!(value);
            assert_denied(&shop.in_context(server, context), "AccessDenied", 403, reason);
            if name != "operation" {
                assert_denied(&shop.in_context(server, json!({name: value})), "AccessDenied", 403, reason);
            }
        }
        assert_denied(&shop.in_context(server, json!({"operation": "ListBuckets"})), "AccessDenied", 403, "bucket");
        assert_denied(&shop.in_context(server, json!({"method": "PUT"})), "AccessDenied", 403, "permission");
    }

    fn a_key_of_another_region_answers_as_one_that_nobody_has(server: &Server) {
        let shop = shop(server);
        server.region("fra1", "multi");
        let far = server.gateway(&["fra1"], &["verify", "signing_keys", "secrets"]);
        let verify = |signer: &Signer| far.client.post("/v1/gateway/verify", signer.request(server.now())).expect(200);
        let nobody = Signer { access_key_id: "NQAK8F7X9K2M1PQ0ABCD".to_owned(), ..shop.signer.clone() };
        let of_another = verify(&shop.signer.in_region("fra1"));
        assert_denied(&of_another, "InvalidAccessKeyId", 403, "unknown");
        assert_eq!(of_another.json(), verify(&nobody.in_region("fra1")).json());
        let secret = far.client.get(&format!("/v1/gateway/keys/{}/secret", shop.signer.access_key_id)).expect(200);
        assert_denied(&secret, "InvalidAccessKeyId", 403, "unknown");
    }

    fn what_one_gateway_was_told_is_nothing_to_another(server: &Server) {
        let shop = shop(server);
        server.region("fra1", "multi");
        let far = server.gateway(&["fra1"], CAPABILITIES);
        let both = server.gateway(&[REGION, "fra1"], CAPABILITIES);
        let ask = |client: &Client, body: Value| client.post("/v1/gateway/verify", body).expect(200);
        // What is remembered by now is remembered for its own region, day and wording only.
        for _ in 0..3 {
            let mut body = shop.signer.request(server.now());
            body["want"] = json!(["signing_key"]);
            assert_allowed(&shop.ask(body.clone()));
            assert_allowed(&ask(&both.client, body));
        }
        let here = shop.signer.request(server.now());
        let there = shop.signer.in_region("fra1").request(server.now());
        assert_denied(&ask(&far.client, here.clone()), "AuthorizationHeaderMalformed", 400, "scope");
        assert_denied(&ask(&far.client, there.clone()), "InvalidAccessKeyId", 403, "unknown");
        assert_denied(&ask(&both.client, there), "InvalidAccessKeyId", 403, "unknown");
        let mut mixed = shop.signer.request(server.now());
        mixed["string_to_sign"] = shop.signer.request(server.now() + TimeDelta::seconds(1))["string_to_sign"].clone();
        assert_denied(&shop.ask(mixed), "SignatureDoesNotMatch", 403, "signature");
        let tomorrow = shop.signer.request(server.now() + TimeDelta::days(1));
        assert!(shop.ask(tomorrow).field("/decision") == "deny");
        assert_allowed(&shop.ask(here));
    }

    fn temporary_keys_are_refused(server: &Server) {
        let shop = shop(server);
        let mut body = shop.signer.request(server.now());
        body["session_token"] = json!("FwoGZXIvYXdzE");
        assert_denied(&shop.ask(body), "InvalidToken", 400, "session_token");
    }

    fn bad_input_is_pointed_at(server: &Server) {
        let shop = shop(server);
        let right = shop.signer.request(server.now());
        for (name, value, pointer) in [
            ("string_to_sign", json!("***"), "/string_to_sign"),
            ("string_to_sign", Value::Null, "/string_to_sign"),
            ("auth", json!("cookie"), "/auth"),
            ("canonical_request", json!("YQ=="), "/string_to_sign"),
            ("context", json!({"source_ip": "here"}), "/context/source_ip"),
            ("context", json!({"region": "waw3-1"}), "/context/region"),
            ("want", json!(["everything"]), "/want/0"),
        ] {
            let mut body = right.clone();
            body[name] = value;
            let refused = shop.gateway.client.post("/v1/gateway/verify", body).expect_problem(422, "invalid");
            assert_eq!(refused.text_at("/errors/0/pointer"), pointer, "{refused}");
        }
    }

    fn what_a_gateway_cannot_it_may_not(server: &Server) {
        let shop = shop(server);
        let lesser = server.gateway(&[REGION], &["verify"]);
        let mut body = shop.signer.request(server.now());
        body["want"] = json!(["signing_key"]);
        lesser.client.post("/v1/gateway/verify", body).expect_problem(403, "forbidden");
        let today = server.now().format("%Y%m%d").to_string();
        let item = json!({"access_key_id": shop.signer.access_key_id, "date": today, "region": REGION, "service": "s3"});
        lesser.client.post("/v1/gateway/signing-keys", json!({"items": [item]})).expect_problem(403, "forbidden");
        lesser.client.get("/v1/gateway/changes").expect_problem(403, "forbidden");
        let secret = format!("/v1/gateway/keys/{}/secret", shop.signer.access_key_id);
        lesser.client.get(&secret).expect_problem(403, "forbidden");
    }
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
