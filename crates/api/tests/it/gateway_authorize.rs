//! Whole requests, as nginx and Envoy forward them: signatures, scopes, and what is no verdict.

use serde_json::json;
use testkit::world::Gateway;
use testkit::{Answer, Client, Server, Whole, on_both_databases};

use crate::place::{REGION, Shop};

const HOST: &str = "s3.example.org";
const AUTHORIZE: &str = "/v1/gateway/authorize";

const CAPABILITIES: &[&str] = &["verify"];

fn shop(server: &Server) -> Shop {
    Shop::of(server, CAPABILITIES)
}

fn with_headers(client: &Client, headers: &[(String, String)]) -> Client {
    headers.iter().fold(client.clone(), |client, (name, value)| client.with(name, value))
}

/// As nginx asks.
fn ask_at(client: &Client, path: &str, gateway: &Gateway, request: &Whole) -> Answer {
    with_headers(client, &request.headers)
        .with("x-keyreeve-gateway", &gateway.token)
        .with("x-original-method", &request.method)
        .with("x-original-uri", &request.target)
        .get(path)
}

impl Shop {
    fn authorize(&self, server: &Server, request: &Whole) -> Answer {
        ask_at(&server.anonymous(), AUTHORIZE, &self.gateway, request)
    }

    fn signed(&self, server: &Server, method: &str, target: &str, signed: &[(&str, &str)]) -> Whole {
        self.signer.whole(server.now(), method, target, &[&[("host", HOST)][..], signed].concat())
    }

    fn try_to(&self, server: &Server, method: &str, target: &str, signed: &[(&str, &str)]) -> Answer {
        self.authorize(server, &self.signed(server, method, target, signed))
    }
}

#[track_caller]
fn assert_let_in(answer: &Answer) {
    assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{answer}");
}

#[track_caller]
fn assert_refused(answer: &Answer, code: &str) {
    assert_eq!(answer.status, 403, "{answer}");
    assert_eq!(answer.header("x-keyreeve-s3-error"), code, "{answer}");
    assert_eq!(answer.header("content-type"), "application/xml");
    assert!(answer.text.contains(&format!("<Error><Code>{code}</Code><Message>")), "{answer}");
    assert!(answer.text.contains(&format!("<RequestId>{}</RequestId>", answer.header("x-request-id"))), "{answer}");
    assert!(answer.header("x-keyreeve-tenant").is_empty() && answer.header("x-keyreeve-key").is_empty());
}

on_both_databases! {
    fn a_signed_request_is_let_in_and_its_proxy_told_whose_it_is(server: &Server) {
        let shop = shop(server);
        let answer = shop.try_to(server, "PUT", "/media/a%20b/c.jpg?partNumber=1&uploadId=x%2By", &[("content-type", "image/jpeg")]);
        assert_let_in(&answer);
        assert_eq!(answer.header("x-keyreeve-tenant"), shop.place.tenant.id);
        assert_eq!(answer.header("x-keyreeve-namespace"), shop.place.tenant.id);
        assert_eq!(answer.header("x-keyreeve-key"), shop.place.admin.get(&shop.key).expect(200).text_at("/id"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_let_in(&shop.authorize(server, &shop.signer.presigned(server.now(), "GET", "/media/a", HOST, 600)));
    }

    fn whatever_is_changed_after_signing_is_refused(server: &Server) {
        let shop = shop(server);
        let target = "/media/a?versionId=1";
        let signed = shop.signed(server, "GET", target, &[("content-type", "text/plain"), ("x-amz-meta-a", "b")]);
        assert_let_in(&shop.authorize(server, &signed));
        let wrong = "SignatureDoesNotMatch";
        let changed = |change: fn(&mut Whole)| {
            let mut request = signed.clone();
            change(&mut request);
            shop.authorize(server, &request)
        };
        fn set(request: &mut Whole, name: &str, value: &str) {
            request.headers.retain(|(known, _)| known != name);
            request.headers.push((name.to_owned(), value.to_owned()));
        }
        assert_refused(&changed(|request| request.method = "PUT".to_owned()), wrong);
        assert_refused(&changed(|request| request.method = "DELETE".to_owned()), wrong);
        assert_refused(&changed(|request| request.target = "/media/b?versionId=1".to_owned()), wrong);
        assert_refused(&changed(|request| request.target = "/media/a?versionId=2".to_owned()), wrong);
        assert_refused(&changed(|request| request.target = "/media/a".to_owned()), wrong);
        assert_refused(&changed(|request| request.target = "/media/a?versionId=1&acl".to_owned()), wrong);
        assert_refused(&changed(|request| request.target = "/media/A?versionId=1".to_owned()), wrong);
        assert_refused(&changed(|request| set(request, "host", "other.example.org")), wrong);
        assert_refused(&changed(|request| set(request, "content-type", "text/html")), wrong);
        assert_refused(&changed(|request| set(request, "x-amz-meta-a", "c")), wrong);
        assert_refused(&changed(|request| set(request, "x-amz-acl", "public-read")), "AccessDenied");
        assert_refused(&changed(|request| set(request, "x-amz-copy-source", "/media/secret")), "AccessDenied");
        assert_refused(&changed(|request| request.headers.retain(|(name, _)| name != "x-amz-date")), "AuthorizationHeaderMalformed");
        assert_refused(&changed(|request| request.headers.retain(|(name, _)| name != "content-type")), "AccessDenied");
        assert_refused(&changed(|request| request.headers.retain(|(name, _)| name != "authorization")), "AccessDenied");
        assert_refused(&changed(|request| set(request, "authorization", "AWS AKID:c2lnbmF0dXJl")), "AuthorizationHeaderMalformed");
        let other = shop.signer.with_secret(&"x".repeat(40));
        assert_refused(&shop.authorize(server, &other.whole(server.now(), "GET", target, &[("host", HOST)])), wrong);

        let url = shop.signer.presigned(server.now(), "GET", "/media/a", HOST, 600);
        for (from, to) in [("/media/a", "/media/b"), ("Expires=600", "Expires=700")] {
            let changed = Whole { target: url.target.replace(from, to), ..url.clone() };
            assert_refused(&shop.authorize(server, &changed), wrong);
        }
        assert_refused(&shop.authorize(server, &Whole { method: "PUT".to_owned(), ..url.clone() }), wrong);
        server.advance(chrono::TimeDelta::seconds(601));
        assert_refused(&shop.authorize(server, &url), "AccessDenied");
    }

    fn the_length_that_was_signed_is_the_clients_and_not_the_proxys(server: &Server) {
        let shop = shop(server);
        let request = shop.signed(server, "PUT", "/media/a", &[("content-length", "12345")]);
        let mut forwarded = request.clone();
        forwarded.headers.retain(|(name, _)| name != "content-length");
        let ask = |length: &str| {
            let client = server.anonymous().with("x-original-content-length", length);
            ask_at(&client, AUTHORIZE, &shop.gateway, &forwarded)
        };
        assert_let_in(&ask("12345"));
        assert_refused(&ask("12346"), "SignatureDoesNotMatch");
        assert_refused(&ask_at(&server.anonymous(), AUTHORIZE, &shop.gateway, &forwarded), "AccessDenied");
    }

    fn the_keys_limits_are_kept_for_the_proxy(server: &Server) {
        let shop = Shop::with_key(server, CAPABILITIES, json!({
            "label": "k", "buckets": {"access": "specific", "names": ["media"]},
            "prefixes": ["photos/"], "permissions": ["read", "list", "write"]
        }));
        for (method, target) in [
            ("GET", "/media/photos/1.jpg"),
            ("HEAD", "/media/photos/1.jpg"),
            ("GET", "/media?list-type=2&prefix=photos%2F2026"),
            ("PUT", "/media/photos/1.jpg"),
            ("POST", "/media/photos/1.jpg?uploads="),
        ] {
            assert_let_in(&shop.try_to(server, method, target, &[]));
        }
        for (method, target) in [
            ("GET", "/"),
            ("GET", "/media"),
            ("GET", "/media?list-type=2&prefix="),
            ("GET", "/media?list-type=2&prefix=secret"),
            ("GET", "/media?prefix=photos/&prefix=secret"),
            ("GET", "/media?prefix=photos/&policy"),
            ("GET", "/media/secret/1.jpg"),
            ("GET", "/media/photos/../secret/1.jpg"),
            ("GET", "/media/photos/%2E%2E/secret/1.jpg"),
            ("GET", "/backups/photos/1.jpg"),
            ("GET", "/media/../backups/photos/1.jpg"),
            ("PUT", "/media?policy"),
            ("DELETE", "/media/photos/1.jpg"),
            ("DELETE", "/media/photos/1.jpg?uploadId=1"),
            ("POST", "/media?delete="),
            ("MKCOL", "/media/photos/new"),
            ("COPY", "/media/photos/1.jpg"),
        ] {
            assert_refused(&shop.try_to(server, method, target, &[]), "AccessDenied");
        }
        let copy = |source: &str| shop.try_to(server, "PUT", "/media/photos/2.jpg", &[("x-amz-copy-source", source)]);
        assert_let_in(&copy("/media/photos/1.jpg"));
        for source in ["/media/secret/1.jpg", "backups/photos/1.jpg", "/media/photos/../secret", "media"] {
            assert_refused(&copy(source), "AccessDenied");
        }
    }

    fn a_copy_needs_to_read_its_source(server: &Server) {
        let key = json!({"region": REGION, "label": "k", "permissions": ["write"]});
        let shop = Shop::with_key(server, CAPABILITIES, key);
        assert_let_in(&shop.try_to(server, "PUT", "/media/2.jpg", &[]));
        assert_refused(&shop.try_to(server, "PUT", "/media/2.jpg", &[("x-amz-copy-source", "/media/1.jpg")]), "AccessDenied");
    }

    fn a_bucket_in_the_host_counts_where_the_proxy_says_so(server: &Server) {
        let shop = Shop::with_key(server, CAPABILITIES, json!({
            "label": "k", "buckets": {"access": "specific", "names": ["media"]}
        }));
        let ask = |host: &str, target: &str| {
            let request = shop.signer.whole(server.now(), "GET", target, &[("host", host)]);
            ask_at(&server.anonymous(), &format!("{AUTHORIZE}?domain={HOST}"), &shop.gateway, &request)
        };
        assert_let_in(&ask("media.s3.example.org", "/a"));
        assert_let_in(&ask("s3.example.org", "/media/a"));
        assert_refused(&ask("backups.s3.example.org", "/media/a"), "AccessDenied");
        assert_refused(&ask("media.elsewhere.example.org", "/a"), "InvalidRequest");
    }

    fn an_address_counts_only_when_somebody_trusted_says_it(server: &Server) {
        let shop = Shop::with_key(server, CAPABILITIES, json!({
            "label": "k", "allowed_addresses": ["203.0.113.0/24", "127.0.0.0/8"]
        }));
        let behind = server.behind_proxies();
        let request = shop.signed(server, "GET", "/media/a", &[]);
        let from = |client: Client, address: &str| {
            ask_at(&client.with("x-forwarded-for", address), AUTHORIZE, &shop.gateway, &request)
        };
        assert_let_in(&from(behind.anonymous(), "203.0.113.9"));
        assert_let_in(&from(behind.anonymous(), "198.51.100.1, 203.0.113.9"));
        assert_refused(&from(behind.anonymous(), "198.51.100.1"), "AccessDenied");
        assert_refused(&from(behind.anonymous(), "203.0.113.9, 198.51.100.1"), "AccessDenied");
        // Where nobody is trusted, the proxy's own address is nobody's.
        assert_refused(&from(server.anonymous(), "203.0.113.9"), "AccessDenied");
        assert_refused(&ask_at(&behind.anonymous(), AUTHORIZE, &shop.gateway, &request), "AccessDenied");
    }

    fn a_key_that_does_not_count_is_refused_at_once(server: &Server) {
        let shop = shop(server);
        let request = shop.signed(server, "GET", "/media/a", &[]);
        assert_let_in(&shop.authorize(server, &request));
        shop.place.admin.act(&format!("{}/disable", shop.key)).expect(200);
        assert_refused(&shop.authorize(server, &request), "InvalidAccessKeyId");
        shop.place.admin.act(&format!("{}/enable", shop.key)).expect(200);
        assert_let_in(&shop.authorize(server, &request));
        shop.place.admin.act(&format!("{}/revoke", shop.key)).expect(200);
        assert_refused(&shop.authorize(server, &request), "InvalidAccessKeyId");
        let elsewhere = shop.signer.in_region("fra1").whole(server.now(), "GET", "/media/a", &[("host", HOST)]);
        let refused = shop.authorize(server, &elsewhere);
        assert_refused(&refused, "AuthorizationHeaderMalformed");
        assert!(refused.text.contains(&format!("<Region>{REGION}</Region>")), "{refused}");
        let late = shop.signer.whole(server.now() - chrono::TimeDelta::minutes(16), "GET", "/media/a", &[("host", HOST)]);
        assert_refused(&shop.authorize(server, &late), "RequestTimeTooSkewed");
        let temporary = shop.signed(server, "GET", "/media/a", &[("x-amz-security-token", "x")]);
        assert_refused(&shop.authorize(server, &temporary), "InvalidToken");
    }

    fn envoy_asks_with_its_clients_own_method_and_path(server: &Server) {
        let shop = shop(server);
        let ask = |method: &str, target: &str, request: &Whole, lies: &[(&str, &str)]| {
            let client = with_headers(&server.anonymous(), &request.headers).with("x-keyreeve-gateway", &shop.gateway.token);
            let client = lies.iter().fold(client, |client, (name, value)| client.with(name, value));
            client.send(method, &format!("{AUTHORIZE}{target}"), None)
        };
        for (method, target) in [
            ("GET", "/media/a%20b?versionId=1"), ("PUT", "/media/a"), ("DELETE", "/media/a"), ("HEAD", "/media"), ("GET", "/"),
            ("POST", "/media/a?uploads="),
        ] {
            let request = shop.signed(server, method, target, &[]);
            assert_let_in(&ask(method, target, &request, &[]));
        }
        let signed = shop.signed(server, "GET", "/media/a", &[]);
        let lies = [("x-original-method", "GET"), ("x-original-uri", "/media/a")];
        assert_let_in(&ask("GET", "/media/a", &signed, &lies));
        assert_refused(&ask("GET", "/media/b", &signed, &lies), "SignatureDoesNotMatch");
        assert_refused(&ask("PUT", "/media/a", &signed, &lies), "SignatureDoesNotMatch");
    }

    fn trouble_is_never_a_verdict_about_the_client(server: &Server) {
        let shop = shop(server);
        let request = shop.signed(server, "GET", "/media/a", &[]);
        let trouble = |answer: Answer| answer.expect_problem(503, "no-verdict");
        let nobody = Gateway { id: String::new(), token: "krg_nobody".to_owned(), client: server.anonymous() };
        trouble(ask_at(&server.anonymous(), AUTHORIZE, &nobody, &request));
        let blind = server.gateway(&[REGION], &["changes"]);
        trouble(ask_at(&server.anonymous(), AUTHORIZE, &blind, &request));
        trouble(ask_at(&server.anonymous(), &format!("{AUTHORIZE}?colour=red"), &shop.gateway, &request));
        let signed = with_headers(&server.anonymous(), &request.headers);
        trouble(signed.get(AUTHORIZE));
        let known = signed.with("x-keyreeve-gateway", &shop.gateway.token);
        trouble(known.get(AUTHORIZE));
        trouble(known.with("x-original-method", "GET").get(AUTHORIZE));
        trouble(known.with("x-original-uri", "/media/a").get(AUTHORIZE));
        let twice = known.with("x-original-method", "GET").with("x-original-uri", "/media/a");
        assert_let_in(&twice.get(AUTHORIZE));
        trouble(twice.with("x-original-uri", "/media/b").get(AUTHORIZE));
        server.operator().delete(&format!("/v1/gateways/{}", shop.gateway.id)).expect(204);
        trouble(shop.authorize(server, &request));
    }
}
