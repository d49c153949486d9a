//! What is the same for every operation: how requests are refused, and what every answer carries.

use std::io::{Read, Write};
use std::net::TcpStream;

use chrono::TimeDelta;
use serde_json::json;
use testkit::{Answer, Client, Server, on_both_databases};
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use crate::place::Shop;

/// Everything an operator can see, so that a test can tell that nothing changed.
fn everything(server: &Server) -> Vec<String> {
    let lists = ["/v1/regions", "/v1/key-models", "/v1/partners", "/v1/tenants", "/v1/audit"];
    lists.iter().map(|list| server.operator().get(list).expect(200).text).collect()
}

/// A request to the last byte, for what no proper client sends.
fn raw(server: &Server, request: &str) -> Answer {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // Whoever answers before the body is read may cut the line after the answer.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or("0").parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    Answer { status, headers: lines.map(header).collect::<HeaderMap>(), text: body.to_owned() }
}

fn operator_token(server: &Server, days: i64) -> String {
    let body = json!({"description": "another", "expires_at": server.in_days(days)});
    server.operator().post("/v1/operator/tokens", body).expect(201).text_at("/token")
}

fn post(client: &Client, path: &str, body: &str) -> Answer {
    client.with("content-type", "application/json").send("POST", path, Some(body))
}

on_both_databases! {
    fn what_is_not_json_is_refused(server: &Server) {
        let before = everything(server);
        for body in ["", "{", "nul", "{'code': 1}", "{\"code\": \"a\"} {}", "{\"code\": \"a\",}", "\u{feff}{}"] {
            post(&server.operator(), "/v1/regions", body).expect_problem(400, "malformed-json");
        }
        server
            .operator()
            .with("content-type", "application/json")
            .send("POST", "/v1/regions", None)
            .expect_problem(400, "malformed-json");
        assert_eq!(everything(server), before);
    }

    fn what_is_wrong_in_a_body_is_pointed_at(server: &Server) {
        let before = everything(server);
        let region = |key: &str, value| {
            let mut body =
                json!({"code": "a", "name": "A", "s3_endpoint": "https://a.example.org", "key_model": "multi"});
            body[key] = value;
            body
        };
        for (path, body, pointers) in [
            ("/v1/regions", region("colour", json!("red")), vec!["/colour"]),
            ("/v1/regions", region("name", json!(5)), vec!["/name"]),
            ("/v1/regions", region("name", json!(null)), vec!["/name"]),
            ("/v1/regions", region("key_model", json!("nobody-has-it")), vec!["/key_model"]),
            ("/v1/regions", json!([]), vec![""]),
            ("/v1/regions", json!({"name": "A"}), vec![""]),
            (
                "/v1/regions",
                json!({"code": "A B", "name": "", "s3_endpoint": "ftp://a", "key_model": "-"}),
                vec!["/code", "/name", "/s3_endpoint", "/key_model"],
            ),
            (
                "/v1/tenants",
                json!({"name": "A", "admin": {"email": "ada@example.org", "role": "admin"}}),
                vec!["/admin/role"],
            ),
            ("/v1/tenants", json!({"name": "A", "admin": {"email": 7}}), vec!["/admin/email"]),
            (
                "/v1/tenants",
                json!({"name": "\u{202e}A", "partner_id": "x", "external_ref": "", "admin": {"email": "ada"}}),
                vec!["/name", "/partner_id", "/external_ref", "/admin/email"],
            ),
            ("/v1/operator/tokens", json!({"description": "x", "expires_at": "tomorrow"}), vec!["/expires_at"]),
            (
                "/v1/operator/tokens",
                json!({"description": "x", "expires_at": server.in_days(1), "scopes": ["root"]}),
                vec!["/scopes/0"],
            ),
        ] {
            let refused = server.operator().post(path, body).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), pointers, "{refused}");
        }
        assert_eq!(everything(server), before);
    }

    fn only_json_is_taken(server: &Server) {
        let before = everything(server);
        let body = r#"{"name": "Acme"}"#;
        server.operator().send("POST", "/v1/tenants", Some(body)).expect_problem(415, "unsupported-media-type");
        for wrong in
            ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json; charset=latin1"]
        {
            let client = server.operator().with("content-type", wrong);
            client.send("POST", "/v1/tenants", Some(body)).expect_problem(415, "unsupported-media-type");
        }
        assert_eq!(everything(server), before);
        let client = server.operator().with("content-type", "Application/JSON; charset=UTF-8");
        client.send("POST", "/v1/tenants", Some(body)).expect(201);
    }

    fn a_huge_body_is_refused_however_it_comes(server: &Server) {
        let before = everything(server);
        let head = "POST /v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n";
        raw(server, &format!("{head}Content-Length: 65537\r\n\r\n")).expect_problem(413, "too-large");
        let chunk = "a".repeat(70_000);
        let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{chunk}\r\n0\r\n\r\n", chunk.len());
        raw(server, &chunked).expect_problem(413, "too-large");
        raw(server, "GET /v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 99999999999\r\n\r\n")
            .expect_problem(413, "too-large");
        assert_eq!(everything(server), before);

        let just_fits = format!("{{\"name\": \"Acme\"{}}}", " ".repeat(64 * 1024 - 16));
        assert_eq!(just_fits.len(), 64 * 1024);
        post(&server.operator(), "/v1/tenants", &just_fits).expect(201);
    }

    fn a_body_that_comes_in_pieces_is_read_whole(server: &Server) {
        let token = operator_token(server, 1);
        let post = |body: &str, size: usize| {
            let head = format!(
                "POST /v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n\
                 Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
            );
            let pieces = body.as_bytes().chunks(size).map(|piece| str::from_utf8(piece).unwrap());
            let pieces: String = pieces.map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect();
            raw(server, &format!("{head}{pieces}0\r\n\r\n"))
        };
        for (number, size) in [1, 7, 1000].into_iter().enumerate() {
            let name = format!("In pieces {number}");
            assert_eq!(post(&json!({ "name": name }).to_string(), size).expect(201).json()["name"], name);
        }
        post(&format!("{{\"name\": \"Fits\"{}}}", " ".repeat(64 * 1024 - 16)), 4096).expect(201);
        post(&format!("{{\"name\": \"Does not\"{}}}", " ".repeat(64 * 1024)), 4096).expect_problem(413, "too-large");
        post("", 1).expect_problem(400, "malformed-json");
    }

    fn answers_are_packed_for_whoever_says_so_and_is_no_gateway(server: &Server) {
        let gateway = Shop::of(server, &["changes"]).gateway.token;
        for (path, token, packed) in [
            ("/v1/key-models", operator_token(server, 1), Some("gzip")),
            ("/openapi.json", String::new(), Some("gzip")),
            ("/v1/gateway/changes", gateway, None),
        ] {
            let asked = |accepted: &str| {
                let who = format!("Authorization: Bearer {token}\r\nConnection: close");
                raw(server, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{who}\r\n{accepted}\r\n")).expect(200)
            };
            assert_eq!(asked("").headers.get("content-encoding"), None, "{path}");
            let answer = asked("Accept-Encoding: gzip\r\n");
            assert_eq!(answer.headers.get("content-encoding").map(|it| it.to_str().unwrap()), packed, "{path}");
        }
    }

    fn json_bombs_are_refused(server: &Server) {
        let before = everything(server);
        let deep = "[".repeat(60_000);
        let wide = format!("[{}\"\"]", "\"\",".repeat(15_000));
        let nested = format!("{{\"name\": {}1{}}}", "[".repeat(20), "]".repeat(20));
        for bomb in [deep, wide, nested] {
            post(&server.operator(), "/v1/tenants", &bomb).expect_problem(422, "invalid");
        }
        assert_eq!(everything(server), before);
    }

    fn a_method_that_a_path_does_not_take_is_405_with_those_it_takes(server: &Server) {
        let before = everything(server);
        for (method, path, allow) in [
            ("PUT", "/v1/regions", "GET, POST"),
            ("DELETE", "/v1/tenants", "GET, POST"),
            ("POST", "/v1/me", "GET"),
            ("GET", "/v1/me/password", "PUT"),
            ("GET", "/v1/sessions", "POST"),
            ("PUT", "/v1/tenants/ten_x", "DELETE, GET, PATCH"),
            ("GET", "/v1/tenants/ten_x/suspend", "POST"),
            ("OPTIONS", "/v1/tenants", "GET, POST"),
            ("TRACE", "/v1/tenants", "GET, POST"),
            ("BREW", "/v1/tenants", "GET, POST"),
            ("POST", "/livez", "GET"),
            ("POST", "/openapi.json", "GET"),
            ("TRACE", "/", "GET"),
            ("DELETE", "/docs/", "GET"),
        ] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: secret\r\n\r\n");
            let refused = raw(server, &request);
            assert_eq!((refused.status, refused.header("allow")), (405, allow), "{method} {path}");
            let refused = refused.expect_problem(405, "method-not-allowed");
            assert!(!refused.text.contains("secret"));
        }
        assert_eq!(everything(server), before);
    }

    fn an_unknown_path_is_404(server: &Server) {
        for path in [
            "/v1",
            "/v1/",
            "/v2/tenants",
            "/v1/nothing",
            "/v1/tenants/",
            "/v1//tenants",
            "/V1/tenants",
            "/v1/tenants/a/b/c/d",
            "/v1/regions/../tenants",
            "/v1/%74enants/x/y",
            "/.env",
            "/metrics",
            "/debug/pprof/",
            "/actuator/env",
            "/v1/config",
            "/v1/settings",
            "/docs/../v1/tenants",
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            raw(server, &request).expect_problem(404, "not-found");
        }
        server.operator().get("/v1/nothing").expect_problem(404, "not-found");
        let long = format!("/v1/tenants?external_ref={}", "a".repeat(9_000));
        server.operator().get(&long).expect_problem(414, "uri-too-long");
    }

    fn only_the_whole_credential_opens(server: &Server) {
        let before = everything(server);
        let token = operator_token(server, 10);
        server.tenant("Acme");
        let session = json!({"email": "admin@acme.example.org", "password": testkit::world::PASSWORD});
        let session = server.anonymous().post("/v1/sessions", session).expect(200);
        let (jwt, refresh) = (session.text_at("/access_token"), session.text_at("/refresh_token"));
        server.anonymous().get("/v1/tenants").expect_problem(401, "unauthenticated");
        for scheme in ["Basic", "Token", "Bearer:"] {
            let client = server.anonymous().with("authorization", &format!("{scheme} {token}"));
            client.get("/v1/tenants").expect_problem(401, "unauthenticated");
        }
        for credential in [&token, &jwt] {
            server.bearer(credential).get("/v1/me").expect(200);
            for end in 1..credential.len() {
                server.bearer(&credential[..end]).get("/v1/me").expect_problem(401, "unknown-credentials");
            }
            server.bearer(&format!("{credential}0")).get("/v1/me").expect_problem(401, "unknown-credentials");
        }
        for garbage in [
            &refresh,
            "kro_",
            "a.b.c",
            "null",
            &"k".repeat(5000),
            &token.replace("kro_", "krp_"),
            &token.to_lowercase(),
        ] {
            server.bearer(garbage).get("/v1/me").expect_problem(401, "unknown-credentials");
            server.bearer(garbage).post("/v1/regions", json!({})).expect_problem(401, "unknown-credentials");
        }
        assert_eq!(everything(server)[..3], before[..3]);
    }

    fn two_credentials_are_none(server: &Server) {
        let (token, other) = (operator_token(server, 10), operator_token(server, 10));
        for (first, second) in [(&token, &other), (&token, &token), (&token, &"garbage".to_owned())] {
            let client = server.bearer(first).with("authorization", &format!("Bearer {second}"));
            client.get("/v1/me").expect_problem(401, "unauthenticated");
        }
        let beside = server.anonymous().with("x-user-id", "usr_1").with("x-roles", "admin").with("cookie", "session=1");
        beside.get(&format!("/v1/me?access_token={token}")).expect_problem(401, "unauthenticated");
    }

    fn headers_that_claim_an_identity_count_for_nothing(server: &Server) {
        let (tenant, other) = (server.tenant("Acme"), server.tenant("Other"));
        let operator = operator_token(server, 10);
        let claims = [
            ("x-user-id", tenant.admin.id.as_str()),
            ("x-user", "root"),
            ("x-tenant", other.id.as_str()),
            ("x-tenant-id", other.id.as_str()),
            ("x-project-id", other.id.as_str()),
            ("x-roles", "admin"),
            ("x-role", "operator"),
            ("x-is-admin-project", "true"),
            ("x-identity-status", "Confirmed"),
            ("x-auth-token", operator.as_str()),
            ("x-subject-token", operator.as_str()),
            ("x-service-token", operator.as_str()),
            ("x-forwarded-user", "root"),
            ("x-remote-user", "root"),
            ("x-authorization", operator.as_str()),
            ("x-keyreeve-caller", "operator"),
            ("x-seaweedfs-principal", "admin"),
            ("x-http-method-override", "DELETE"),
            ("x-original-url", "/v1/regions"),
            ("x-rewrite-url", "/v1/regions"),
        ];
        let with = |client: &Client| claims.iter().fold(client.clone(), |client, (name, value)| client.with(name, value));
        let (member, liar) = (&tenant.member.client, with(&tenant.member.client));
        for path in ["/v1/me".to_owned(), tenant.path("")] {
            assert_eq!(liar.get(&path).expect(200).json(), member.get(&path).expect(200).json());
        }
        liar.get(&tenant.path("/keys")).expect_problem(403, "forbidden");
        liar.get(&other.path("")).expect_problem(404, "not-found");
        liar.post("/v1/regions", json!({})).expect_problem(403, "forbidden");
        with(&server.anonymous()).get("/v1/me").expect_problem(401, "unauthenticated");
        with(&server.bearer("garbage")).get("/v1/me").expect_problem(401, "unknown-credentials");
    }

    fn an_expired_token_is_refused_at_the_very_moment(server: &Server) {
        let token = server.bearer(&operator_token(server, 1));
        server.advance(TimeDelta::days(1) - TimeDelta::microseconds(1));
        token.get("/v1/me").expect(200);
        server.advance(TimeDelta::microseconds(1));
        token.get("/v1/me").expect_problem(401, "expired");
        token.post("/v1/tenants", json!({"name": "Acme"})).expect_problem(401, "expired");
        assert!(server.operator().get("/v1/tenants").items().is_empty());
    }

    fn a_request_keeps_its_id(server: &Server) {
        let named = server.operator().with("x-request-id", "My_request-1");
        assert_eq!(named.get("/v1/me").expect(200).header("x-request-id"), "My_request-1");
        assert_eq!(named.get("/v1/nothing").expect(404).field("/request_id"), "My_request-1");
        named.post("/v1/partners", json!({"name": "Nordic"})).expect(201);
        assert_eq!(server.operator().get("/v1/audit?action=partner.created").items()[0]["request_id"], "My_request-1");
        for odd in ["", "a b", "a\"b", "a/b", "..;", &"a".repeat(65)] {
            let answer = server.operator().with("x-request-id", odd).get("/v1/me").expect(200);
            assert!(answer.header("x-request-id").starts_with("req_"), "{odd}");
        }
    }

    fn every_answer_says_what_browsers_may_do_with_it(server: &Server) {
        for path in
            ["/v1/me", "/v1/tenants", "/v1/nothing", "/openapi.json", "/docs/", "/setup", "/invitation", "/livez"]
        {
            for client in [server.operator(), server.anonymous()] {
                let answer = client.with("origin", "https://evil.example.org").get(path);
                assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
                assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
                assert_eq!(answer.header("cache-control"), "no-store", "{path}");
                let policy = answer.header("content-security-policy");
                assert!(
                    policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                    "{path}: {policy}"
                );
                assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{path}");
                assert_eq!(answer.header("server"), "", "{path}");
            }
        }
    }

    fn a_caller_is_told_how_much_is_left_and_then_to_wait(server: &Server) {
        let limited = server.limited_to(2);
        let (busy, other) = (limited.operator(), limited.bearer(&operator_token(server, 1)));
        let first = busy.get("/v1/me").expect(200);
        assert_eq!(first.header("ratelimit-policy"), "\"caller\";q=20;w=10");
        assert!(first.header("ratelimit").starts_with("\"caller\";r=19;t="), "{}", first.header("ratelimit"));
        let refused = (0..200).map(|_| busy.get("/v1/me")).find(|answer| answer.status != 200).unwrap();
        let wait = refused.expect_problem(429, "too-many-requests").header("retry-after").parse::<u64>().unwrap();
        assert!((1..=10).contains(&wait));
        let unread = (0..200).map(|_| post(&busy, "/v1/tenants", "not even JSON")).find(|answer| answer.status != 400);
        unread.unwrap().expect_problem(429, "too-many-requests");
        other.get("/v1/me").expect(200);
        assert!(server.operator().get("/v1/tenants").items().is_empty());
    }

    fn strangers_are_limited_too(server: &Server) {
        let try_one = || server.anonymous().post("/v1/sessions", json!({"email": "nobody", "password": "x"}));
        let first = try_one().expect_problem(422, "invalid");
        assert!(first.header("ratelimit-policy").starts_with("\"stranger\";"));
        let refused = (0..1000).map(|_| try_one()).find(|answer| answer.status != 422).unwrap();
        assert!(!refused.expect_problem(429, "too-many-requests").header("retry-after").is_empty());
    }

    fn what_is_wrong_in_a_query_is_pointed_at(server: &Server) {
        let tenant = server.tenant("Acme");
        for (path, pointer) in [
            ("/v1/tenants?limit=x".to_owned(), "?limit"),
            ("/v1/tenants?limit=".to_owned(), "?limit"),
            ("/v1/tenants?limit=1.5".to_owned(), "?limit"),
            ("/v1/tenants?limit=9999999999999999999".to_owned(), "?limit"),
            ("/v1/tenants?limit=0".to_owned(), "?limit"),
            ("/v1/tenants?external_ref=a&limit=501".to_owned(), "?limit"),
            ("/v1/tenants?limit=1&limit=2".to_owned(), "?limit"),
            ("/v1/tenants?colour=red".to_owned(), "?colour"),
            ("/v1/tenants?limit=1&c%C3%B6lour=red".to_owned(), "?cölour"),
            ("/v1/tenants?status=gone".to_owned(), "?status"),
            ("/v1/tenants?partner_id=1".to_owned(), "?partner_id"),
            ("/v1/tenants?external_ref=a%00b".to_owned(), "?external_ref"),
            ("/v1/audit?from=yesterday".to_owned(), "?from"),
            ("/v1/audit?to=2026-11-20".to_owned(), "?to"),
            ("/v1/audit?action=nothing.done".to_owned(), "?action"),
            (tenant.path("/keys?instance=1"), "?instance"),
            (tenant.path("/keys?status=gone"), "?status"),
            (tenant.path("/keys?older_than_days=old"), "?older_than_days"),
            (tenant.path("/users?role=admin"), "?role"),
        ] {
            let refused = server.operator().get(&path).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), [pointer], "{path}: {refused}");
            assert!(refused.text_at("/errors/0/detail").ends_with('.'), "{refused}");
        }
        let refused = server.operator().delete(&tenant.path("?delay_seconds=soon")).expect_problem(422, "invalid");
        assert_eq!(refused.pointers(), ["?delay_seconds"]);
        let refused = server.operator().get("/v1/tenants?cursor=made-up").expect_problem(422, "bad-cursor");
        assert_eq!(refused.pointers(), ["?cursor"]);
        // What was sent is not said again: it may be a secret in the wrong place.
        for query in ["limit=hunter2", "status=hunter2", "partner_id=hunter2"] {
            let refused = server.operator().get(&format!("/v1/tenants?{query}")).expect(422);
            assert!(!refused.text.contains("hunter2"), "{refused}");
        }
        server.operator().get("/v1/tenants?limit=5&status=active&external_ref=C%2B1+a").expect(200);
    }

    fn odd_queries_are_refused(server: &Server) {
        for query in
            ["limit=x", "limit=1&limit=2", "colour=red", "status=gone", "partner_id=1", "limit=9999999999999999999"]
        {
            server.operator().get(&format!("/v1/tenants?{query}")).expect_problem(422, "invalid");
        }
        server.operator().get("/v1/audit?from=yesterday").expect_problem(422, "invalid");
        server.operator().get("/v1/audit?action=nothing.done").expect_problem(422, "invalid");
        for text in ["tenants?external_ref", "audit?actor", "audit?target"] {
            server.operator().get(&format!("/v1/{text}=a%00b")).expect_problem(422, "invalid");
            server.operator().get(&format!("/v1/{text}=%2500%27%22%5C%F0%9F%A6%80")).expect(200);
        }
    }
}
