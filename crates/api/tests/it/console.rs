//! The console's files, and the cookies that stand for a session.

use serde_json::json;
use testkit::world::PASSWORD;
use testkit::{Answer, Client, Server, on_both_databases};

/// A browser on one of our own pages, with these cookies.
fn browser(server: &Server, cookies: &str) -> Client {
    let client = server.anonymous().with("origin", "https://keys.example.org").with("host", "keys.example.org");
    let client = client.with("sec-fetch-site", "same-origin").with("x-keyreeve-console", "1");
    if cookies.is_empty() { client } else { client.with("cookie", cookies) }
}

fn cookies(answer: &Answer) -> String {
    let set = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let pairs: Vec<_> = set
        .filter(|cookie| !cookie.contains("Max-Age=0"))
        .map(|cookie| {
            for flag in ["__Host-", "HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
                assert!(cookie.contains(flag), "{flag}: {cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
            cookie.split(';').next().unwrap().to_owned()
        })
        .collect();
    pairs.join("; ")
}

fn sign_in(server: &Server, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD});
    cookies(&browser(server, "").post("/console/session", body).expect(204))
}

on_both_databases! {
    fn a_cookie_is_one_more_way_in_to_the_same_api(server: &Server) {
        let tenant = server.tenant("Acme");
        let cookies = sign_in(server, &tenant.admin.email);
        let me = browser(server, &cookies).get("/v1/me").expect(200);
        assert_eq!(me.field("/id"), tenant.admin.id.as_str());
        let body = json!({"description": "CI", "expires_at": server.in_days(1)});
        browser(server, &cookies).post(&tenant.path("/tokens"), body).expect(201);
        // A cookie is no bearer token's equal beside one: whoever sends the header means it.
        browser(server, &cookies).with("authorization", "Bearer nonsense").get("/v1/me").expect(401);
    }

    fn what_another_site_makes_a_browser_send_changes_nothing(server: &Server) {
        let tenant = server.tenant("Acme");
        let cookies = sign_in(server, &tenant.admin.email);
        let forged: [&[(&str, &str)]; 5] = [
            &[("origin", "https://keys.example.org")],
            &[("x-keyreeve-console", "1")],
            &[("origin", "https://evil.example.org"), ("x-keyreeve-console", "1")],
            &[("origin", "https://keys.example.org"), ("x-keyreeve-console", "1"), ("sec-fetch-site", "cross-site")],
            &[("origin", "null"), ("x-keyreeve-console", "1")],
        ];
        for headers in forged {
            let client = server.anonymous().with("host", "keys.example.org").with("cookie", &cookies);
            let client = headers.iter().fold(client, |client, (name, value)| client.with(name, value));
            let body = json!({"description": "CI", "expires_at": server.in_days(1)});
            client.post(&tenant.path("/tokens"), body).expect_problem(403, "cross-site");
            client.delete("/console/session").expect_problem(403, "cross-site");
        }
        let read = server.anonymous().with("host", "keys.example.org").with("cookie", &cookies);
        read.with("sec-fetch-site", "cross-site").get("/v1/me").expect_problem(403, "cross-site");
        assert!(tenant.admin.client.get(&tenant.path("/tokens")).items().is_empty());
        let body = json!({"email": tenant.admin.email, "password": PASSWORD});
        server.anonymous().post("/console/session", body).expect_problem(403, "cross-site");
    }

    fn a_browser_refreshes_and_its_other_tab_does_no_harm(server: &Server) {
        let tenant = server.tenant("Acme");
        let first = sign_in(server, &tenant.admin.email);
        server.advance(chrono::TimeDelta::minutes(11));
        browser(server, &first).get("/v1/me").expect_problem(401, "expired");
        let second = cookies(&browser(server, &first).act("/console/session/refresh").expect(204));
        browser(server, &second).get("/v1/me").expect(200);

        let late = browser(server, &first).act("/console/session/refresh").expect(204);
        assert_eq!(late.header("set-cookie"), "", "it buys nothing");
        browser(server, &second).get("/v1/me").expect(200);

        // Later it was stolen.
        server.advance(chrono::TimeDelta::minutes(1));
        browser(server, &first).act("/console/session/refresh").expect_problem(401, "unknown-credentials");
        browser(server, &second).get("/v1/me").expect_problem(401, "expired");
        browser(server, &second).act("/console/session/refresh").expect(401);
        browser(server, "").act("/console/session/refresh").expect_problem(401, "unauthenticated");
    }

    fn a_token_is_exchanged_for_a_cookie_that_dies_with_it(server: &Server) {
        let partner = server.partner("Nordic");
        let body = json!({"description": "Console", "expires_at": server.in_days(100)});
        let made = partner.client.post(&partner.path("/tokens"), body).expect(201);
        let token = made.text_at("/token");
        let answer = browser(server, "").post("/console/session/token", json!({"token": token})).expect(204);
        let cookie = cookies(&answer);
        assert!(!cookie.contains(&token), "the token itself is in no cookie");
        let me = browser(server, &cookie).get("/v1/me").expect(200);
        assert_eq!((me.text_at("/kind"), me.text_at("/id")), ("partner_token".to_owned(), made.text_at("/id")));
        let proof = cookie.split_once('=').unwrap().1;
        server.bearer(proof).get("/v1/me").expect_problem(401, "unknown-credentials");

        server.advance(chrono::TimeDelta::hours(12));
        browser(server, &cookie).get("/v1/me").expect_problem(401, "expired");
        let again = browser(server, "").post("/console/session/token", json!({"token": token})).expect(204);
        let cookie = cookies(&again);
        browser(server, &cookie).get("/v1/me").expect(200);
        partner.client.delete(&partner.path(&format!("/tokens/{}", made.text_at("/id")))).expect(204);
        browser(server, &cookie).get("/v1/me").expect_problem(401, "unknown-credentials");
        browser(server, "").post("/console/session/token", json!({"token": token})).expect(401);
    }

    fn a_tokens_networks_hold_for_its_cookie_as_well(server: &Server) {
        let body = json!({"description": "Far", "expires_at": server.in_days(1), "allowed_addresses": ["203.0.113.0/24"]});
        let token = server.operator().post("/v1/operator/tokens", body).expect(201).text_at("/token");
        browser(server, "").post("/console/session/token", json!({"token": token})).expect_problem(403, "wrong-address");
        let session = server.tenant("Acme").admin.refresh_token;
        for odd in ["", "kro_", &session] {
            browser(server, "").post("/console/session/token", json!({"token": odd})).expect(401);
        }
    }

    fn an_invited_person_is_in_at_once(server: &Server) {
        let tenant = server.tenant("Acme");
        let body = json!({"email": "grace@example.org", "name": "Grace", "role": "member"});
        let invited = tenant.admin.client.post(&tenant.path("/users"), body).expect(201);
        let body = json!({"invitation": invited.text_at("/invitation/token"), "password": PASSWORD});
        let cookies = cookies(&browser(server, "").post("/console/session/invitation", body.clone()).expect(204));
        assert_eq!(browser(server, &cookies).get("/v1/me").expect(200).text_at("/role"), "member");
        browser(server, "").post("/console/session/invitation", body).expect_problem(404, "dead-link");
        browser(server, &cookies).delete("/v1/sessions/current").expect(204);
        let out = browser(server, &cookies).delete("/console/session").expect(204);
        assert_eq!(out.headers.get_all("set-cookie").iter().count(), 2);
        browser(server, &cookies).get("/v1/me").expect_problem(401, "expired");
    }

    fn files_are_kept_by_browsers_until_they_change(server: &Server) {
        let page = server.anonymous().get("/console/keys").expect(200);
        assert_eq!(page.header("cache-control"), "no-cache");
        let tag = page.header("etag").to_owned();
        server.anonymous().with("if-none-match", &tag).get("/console").expect(304);
        let script = page.text.split('"').find(|part| part.ends_with("/console.js")).unwrap().to_owned();
        let script_answer = server.anonymous().get(&script).expect(200);
        assert_eq!(script_answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(script_answer.header("content-type").starts_with("text/javascript"));
        let elsewhere = "/console/assets/0000000000000000/console.js";
        assert_eq!(server.anonymous().get(elsewhere).expect(200).header("cache-control"), "no-store");
        for missing in ["nothing.js", "vendor/README.md", "../../Cargo.toml", "index.html"] {
            server.anonymous().get(&format!("/console/assets/x/{missing}")).expect(404);
        }
        server.anonymous().post("/console/keys", json!({})).expect_problem(405, "method-not-allowed");
        server.anonymous().get("/console/session/token").expect(200);
    }
}
