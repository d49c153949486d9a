//! Keystone's S3 protocol, as Swift and RGW speak it. The gateways themselves are in crates/keyreeve/tests/it.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use chrono::TimeDelta;
use domain::Timestamp;
use serde_json::{Value, json};
use testkit::{Answer, Client, Server, Signer, on_both_databases};

use crate::place::{Place, REGION, Shop};

const CAPABILITIES: &[&str] = &["keystone", "secrets"];

fn shop(server: &Server) -> Shop {
    Shop::of(server, CAPABILITIES)
}

fn shown(server: &Server, token: &str) -> Client {
    server.anonymous().with("x-auth-token", token)
}

fn credentials(signer: &Signer, at: Timestamp) -> Value {
    let text = signer.string_to_sign(at);
    let signature = signer.sign(&text);
    json!({"credentials": {"access": signer.access_key_id, "token": STANDARD.encode(&text), "signature": signature}})
}

fn log_in(server: &Server, user: &Value, password: &str) -> Answer {
    let mut user = user.clone();
    user["password"] = json!(password);
    let identity = json!({"methods": ["password"], "password": {"user": user}});
    server
        .anonymous()
        .post("/v3/auth/tokens", json!({"auth": {"identity": identity, "scope": {"project": {"name": "service"}}}}))
}

impl Shop {
    fn token(&self, server: &Server, signer: &Signer) -> Answer {
        self.token_at(server, signer, server.now())
    }

    fn token_at(&self, server: &Server, signer: &Signer, at: Timestamp) -> Answer {
        shown(server, &self.gateway.token).post("/v3/s3tokens", credentials(signer, at))
    }

    fn credential(&self, server: &Server, token: &str) -> Answer {
        let user = self.place.admin.get(&self.key).expect(200).text_at("/id");
        let path = format!("/v3/users/{user}/credentials/OS-EC2/{}", self.signer.access_key_id);
        shown(server, token).get(&path)
    }
}

on_both_databases! {
    fn a_signature_becomes_an_account_and_a_role(server: &Server) {
        let shop = shop(server);
        let answer = shop.token(server, &shop.signer).expect(200);
        assert_eq!(answer.field("/token/methods"), json!(["ec2credential"]));
        assert_eq!(answer.field("/token/roles"), json!([{"id": "member", "name": "member"}]));
        let tenant = shop.place.tenant.id.as_str();
        let domain = json!({"id": "default", "name": "Default"});
        assert_eq!(answer.field("/token/project"), json!({"id": tenant, "name": tenant, "domain": domain}));
        assert_eq!(answer.field("/token/user/id"), shop.place.admin.get(&shop.key).expect(200).field("/id"));
        assert_eq!(answer.field("/token/user/domain"), domain);
        let time = |at: Timestamp| at.format("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        assert_eq!(answer.text_at("/token/issued_at"), time(server.now()));
        assert_eq!(answer.text_at("/token/expires_at"), time(server.now() + TimeDelta::seconds(30)));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("x-subject-token").is_empty(), "{answer}");
        let used = shop.place.admin.get(&format!("{}/usage", shop.key));
        assert!(used.status == 200, "{used}");
    }

    fn both_alphabets_of_base64_are_read(server: &Server) {
        let shop = shop(server);
        let text = shop.signer.string_to_sign(server.now());
        let mut body = credentials(&shop.signer, server.now());
        for token in [STANDARD.encode(&text), URL_SAFE.encode(&text), STANDARD_NO_PAD.encode(&text)] {
            body["credentials"]["token"] = json!(token);
            shown(server, &shop.gateway.token).post("/v3/s3tokens", body.clone()).expect(200);
        }
        for token in ["=", "AWS4", "/+/+", "-_-_"] {
            body["credentials"]["token"] = json!(token);
            let refused = shown(server, &shop.gateway.token).post("/v3/s3tokens", body.clone());
            assert!(matches!(refused.status, 401 | 422), "{token}: {refused}");
        }
    }

    fn a_key_that_does_not_count_is_not_found_and_a_wrong_signature_not_let_in(server: &Server) {
        let shop = shop(server);
        shop.token(server, &shop.signer).expect(200);
        let wrong = shop.signer.with_secret(&"x".repeat(40));
        shop.token(server, &wrong).expect_problem(401, "signature-refused");
        for id in ["NQAK8F7X9K2M1PQ0ABCD", "AKIAIOSFODNN7EXAMPLE", "x", ""] {
            let nobody = Signer { access_key_id: id.to_owned(), ..shop.signer.clone() };
            shop.token(server, &nobody).expect_problem(404, "not-found");
        }
        shop.place.admin.act(&format!("{}/disable", shop.key)).expect(200);
        shop.token(server, &shop.signer).expect_problem(404, "not-found");
        shop.token(server, &wrong).expect_problem(401, "signature-refused");
        shop.place.admin.act(&format!("{}/enable", shop.key)).expect(200);
        server.operator().act(&shop.place.tenant.path("/suspend")).expect(200);
        shop.token(server, &shop.signer).expect_problem(404, "not-found");
        server.operator().act(&shop.place.tenant.path("/resume")).expect(200);
        shop.token(server, &shop.signer).expect(200);
        shop.place.admin.act(&format!("{}/revoke", shop.key)).expect(200);
        shop.token(server, &shop.signer).expect_problem(404, "not-found");
    }

    fn time_region_service_and_algorithm_count(server: &Server) {
        let shop = shop(server);
        let minutes = TimeDelta::minutes;
        for (at, is_let_in) in [
            (minutes(15), true),
            (minutes(15) + TimeDelta::seconds(1), false),
            (TimeDelta::days(-7), true),
            (TimeDelta::days(-7) - TimeDelta::seconds(1), false),
        ] {
            let answer = shop.token_at(server, &shop.signer, server.now() + at);
            if is_let_in { answer.expect(200) } else { answer.expect_problem(401, "signature-refused") };
        }
        shop.token(server, &shop.signer.in_region("fra1")).expect_problem(401, "signature-refused");
        let right = shop.signer.string_to_sign(server.now());
        let chunk = format!("{}\n{}", right.replace("HMAC-SHA256", "HMAC-SHA256-PAYLOAD"), "ab".repeat(32));
        for text in [
            right.replace("/s3/", "/iam/"),
            right.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
            right.replace("aws4_request", "aws5_request"),
            chunk,
            "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/media/a".to_owned(),
        ] {
            let mut body = credentials(&shop.signer, server.now());
            body["credentials"]["token"] = json!(STANDARD.encode(&text));
            shown(server, &shop.gateway.token).post("/v3/s3tokens", body).expect_problem(401, "signature-refused");
        }
    }

    fn a_key_of_another_region_is_nobodys(server: &Server) {
        let shop = shop(server);
        server.region("fra1", "multi");
        let far = server.gateway(&["fra1"], &["keystone", "secrets"]);
        let body = credentials(&shop.signer.in_region("fra1"), server.now());
        shown(server, &far.token).post("/v3/s3tokens", body).expect_problem(404, "not-found");
        shop.credential(server, &far.token).expect_problem(404, "not-found");
    }

    fn limits_that_the_protocol_has_no_words_for_leave_no_role(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = server.gateway(&[REGION], &["keystone"]);
        for (limits, roles) in [
            (json!({}), json!([{"id": "member", "name": "member"}])),
            (json!({"permissions": ["read", "list"]}), json!([{"id": "reader", "name": "reader"}])),
            (json!({"permissions": ["read"]}), json!([])),
            (json!({"permissions": ["read", "list", "write"]}), json!([])),
            (json!({"buckets": {"access": "specific", "names": ["media"]}}), json!([])),
            (json!({"prefixes": ["photos/"]}), json!([])),
            (json!({"allowed_addresses": ["203.0.113.0/24"]}), json!([])),
        ] {
            let mut key = limits.clone();
            key["label"] = json!(format!("k {limits}").chars().filter(char::is_ascii_alphanumeric).collect::<String>());
            let signer = Signer::of(&place.ask(key).expect(201));
            let body = credentials(&signer, server.now());
            let answer = shown(server, &gateway.token).post("/v3/s3tokens", body).expect(200);
            assert_eq!(answer.field("/token/roles"), roles, "{limits}");
        }
    }

    fn no_answer_outlives_its_key(server: &Server) {
        let ends = server.now() + TimeDelta::seconds(10);
        let shop = Shop::with_key(server, CAPABILITIES, json!({"label": "k", "expires_at": ends}));
        let answer = shop.token(server, &shop.signer).expect(200);
        assert_eq!(answer.text_at("/token/expires_at"), ends.format("%Y-%m-%dT%H:%M:%S.%6fZ").to_string());
        server.advance(TimeDelta::seconds(10));
        shop.token(server, &shop.signer).expect_problem(404, "not-found");
    }

    fn a_gateway_logs_in_with_its_id_and_token_and_no_restart_takes_that_away(server: &Server) {
        let shop = shop(server);
        let gateway = shop.gateway.id.as_str();
        let answer = log_in(server, &json!({"name": gateway, "domain": {"name": "Default"}}), &shop.gateway.token).expect(201);
        let token = answer.header("x-subject-token").to_owned();
        assert_eq!(answer.field("/token/catalog/0/endpoints/0/url"), format!("{}/v3", server.url()));
        assert!(!answer.text.contains(&token) && !answer.text.contains(&shop.gateway.token), "{answer}");
        log_in(server, &json!({"id": gateway}), &shop.gateway.token).expect(201);

        let verify = |server: &Server, token: &str| {
            shown(server, token).post("/v3/s3tokens", credentials(&shop.signer, server.now()))
        };
        verify(server, &token).expect(200);
        let restarted = server.replica();
        verify(&restarted, &token).expect(200);
        verify(&restarted, &token).expect(200);

        server.advance(TimeDelta::hours(1) - TimeDelta::seconds(1));
        verify(server, &token).expect(200);
        server.advance(TimeDelta::seconds(1));
        verify(server, &token).expect_problem(401, "expired");
    }

    fn what_a_gateway_got_ends_with_its_token(server: &Server) {
        let shop = shop(server);
        let user = json!({"name": shop.gateway.id});
        let token = log_in(server, &user, &shop.gateway.token).expect(201).header("x-subject-token").to_owned();
        let verify = || shown(server, &token).post("/v3/s3tokens", credentials(&shop.signer, server.now()));
        verify().expect(200);
        let tokens = format!("/v1/gateways/{}/tokens", shop.gateway.id);
        let id = server.operator().get(&tokens).expect(200).items()[0]["id"].as_str().unwrap().to_owned();
        server.operator().delete(&format!("{tokens}/{id}")).expect(204);
        verify().expect_problem(401, "unknown-credentials");
        log_in(server, &user, &shop.gateway.token).expect_problem(401, "unknown-credentials");
    }

    fn nobody_else_logs_in(server: &Server) {
        let shop = shop(server);
        let other = server.gateway(&[REGION], &["keystone"]);
        let operator = json!({"description": "another", "expires_at": server.in_days(1)});
        let operator = server.operator().post("/v1/operator/tokens", operator).expect(201).text_at("/token");
        let user = json!({"name": shop.gateway.id});
        let made = log_in(server, &user, &shop.gateway.token).expect(201).header("x-subject-token").to_owned();
        for password in [other.token.as_str(), &operator, &made, "", "krg_", &shop.gateway.token[..30]] {
            log_in(server, &user, password).expect_problem(401, "unknown-credentials");
        }
        log_in(server, &json!({}), &shop.gateway.token).expect_problem(401, "unknown-credentials");
        log_in(server, &json!({"name": "admin"}), &shop.gateway.token).expect_problem(401, "unknown-credentials");
        let blind = server.gateway(&[REGION], &["verify"]);
        log_in(server, &json!({"name": blind.id}), &blind.token).expect_problem(403, "forbidden");
        let body = credentials(&shop.signer, server.now());
        shown(server, &blind.token).post("/v3/s3tokens", body.clone()).expect_problem(403, "forbidden");
        shown(server, &operator).post("/v3/s3tokens", body.clone()).expect_problem(401, "unknown-credentials");
        server.anonymous().post("/v3/s3tokens", body).expect_problem(401, "unauthenticated");
    }

    fn nothing_from_here_opens_anything_else(server: &Server) {
        let shop = shop(server);
        let user = json!({"name": shop.gateway.id});
        let token = log_in(server, &user, &shop.gateway.token).expect(201).header("x-subject-token").to_owned();
        let told = shop.token(server, &shop.signer).expect(200).text_at("/token/user/id");
        for text in [token.as_str(), &told] {
            for path in ["/v1/me", "/v1/tenants", "/v1/gateway/changes", "/v1/regions"] {
                server.bearer(text).get(path).expect_problem(401, "unknown-credentials");
                shown(server, text).get(path).expect_problem(401, "unauthenticated");
            }
            server.anonymous().with("cookie", &format!("__Host-keyreeve={text}")).get("/v1/me").expect_problem(401, "unknown-credentials");
        }
        let verify = server.anonymous().with("x-keyreeve-gateway", &token).with("x-original-method", "GET");
        verify.with("x-original-uri", "/").get("/v1/gateway/authorize").expect_problem(503, "no-verdict");
        for path in ["/v3/ec2tokens", "/v2.0/s3tokens", "/v2.0/ec2tokens", "/v3/credentials", "/v3/OS-TRUST/trusts"] {
            let body = credentials(&shop.signer, server.now());
            shown(server, &shop.gateway.token).post(path, body).expect_problem(404, "not-found");
        }
    }

    fn a_secret_needs_a_capability_more_and_leaves_a_trace(server: &Server) {
        let shop = shop(server);
        let answer = shop.credential(server, &shop.gateway.token).expect(200);
        assert_eq!(answer.text_at("/credential/access"), shop.signer.access_key_id);
        assert_eq!(answer.text_at("/credential/secret"), shop.signer.secret);
        assert_eq!(answer.text_at("/credential/tenant_id"), shop.place.tenant.id);
        assert_eq!(answer.field("/credential/trust_id"), Value::Null);
        assert_eq!(answer.header("cache-control"), "no-store");
        let audit = || shop.place.admin.get(&shop.place.tenant.path("/audit?action=secret.issued")).expect(200).items().len();
        assert_eq!(audit(), 1);

        let poor = server.gateway(&[REGION], &["keystone"]);
        shop.credential(server, &poor.token).expect_problem(403, "forbidden");
        let native = server.gateway(&[REGION], &["secrets"]);
        shop.credential(server, &native.token).expect_problem(403, "forbidden");
        let path = format!("/v3/users/key_01jd0000000000000000000000/credentials/OS-EC2/{}", shop.signer.access_key_id);
        shown(server, &shop.gateway.token).get(&path).expect_problem(404, "not-found");
        shop.place.admin.act(&format!("{}/revoke", shop.key)).expect(200);
        shop.credential(server, &shop.gateway.token).expect_problem(404, "not-found");
        assert_eq!(audit(), 1);
    }

    fn the_way_to_us_is_found_from_the_version(server: &Server) {
        let answer = server.anonymous().get("/v3").expect(200);
        assert_eq!(answer.field("/version/status"), "stable");
        assert_eq!(answer.field("/version/links/0/href"), format!("{}/v3/", server.url()));
    }

    fn gateways_are_not_told_to_slow_down(server: &Server) {
        let shop = shop(server);
        let limited = server.limited_to(1);
        for _ in 0..100 {
            shop.token(&limited, &shop.signer).expect(200);
        }
    }

    fn an_answer_comes_in_one_piece(server: &Server) {
        let shop = shop(server);
        let body = credentials(&shop.signer, server.now()).to_string();
        let head = format!(
            "POST /v3/s3tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\
             X-Auth-Token: {}\r\nContent-Length: {}\r\n\r\n",
            shop.gateway.token,
            body.len()
        );
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut buffer = [0; 16 * 1024];
        let length = stream.read(&mut buffer).unwrap();
        let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
        assert!(text.starts_with("HTTP/1.1 200") && text.contains("\r\n\r\n{") && text.ends_with("}}"), "{text}");
        assert!(!text.to_ascii_lowercase().contains("transfer-encoding"), "{text}");
    }
}
