//! Who is refused leaves a trace where they belong, and nowhere else, and only so much of it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::{Client, Server, on_both_databases};

/// The denials in an audit, the newest first, after what has gathered was written down.
fn denials(server: &Server, client: &Client, audit: &str) -> Vec<Value> {
    server.service().write_down_denials().unwrap();
    client.get(&format!("{audit}?action=access.denied")).expect(200).items()
}

fn refused(event: &Value) -> i64 {
    event["details"]["refused"].as_str().unwrap().parse().unwrap()
}

on_both_databases! {
    fn an_admin_sees_who_was_refused_what(server: &Server) {
        let tenant = server.tenant("Acme");
        server.advance(TimeDelta::seconds(5));
        let (since, member) = (server.now(), tenant.member.client.with("x-request-id", "curious"));
        member.get(&tenant.path("/keys")).expect_problem(403, "forbidden");
        let found = denials(server, &tenant.admin.client, &tenant.path("/audit"));
        assert_eq!(found.len(), 1);
        let event = &found[0];
        assert_eq!(event["actor"], json!({"kind": "user", "id": tenant.member.id}));
        assert_eq!(event["target"], json!({"kind": "list_keys", "id": tenant.id}));
        assert_eq!((&event["chain"], &event["tenant_id"]), (&json!(tenant.id), &json!(tenant.id)));
        assert_eq!((&event["request_id"], &event["address"]), (&json!("curious"), &json!("127.0.0.1")));
        let since = since.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        assert_eq!(event["details"], json!({"refused": "1", "since": since, "answer": "403"}));
    }

    fn a_stranger_leaves_a_trace_at_home_and_none_abroad(server: &Server) {
        let (tenant, stranger) = (server.tenant("Acme"), server.tenant("Stranger"));
        let never = "ten_01jd0000000000000000000000";
        let before = server.operator().get(&tenant.path("/audit")).expect(200).text;
        let mut seen = Vec::new();
        for asked in [tenant.id.as_str(), never] {
            stranger.admin.client.get(&format!("/v1/tenants/{asked}/users")).expect_problem(404, "not-found");
            server.advance(TimeDelta::minutes(1));
            let found = denials(server, &stranger.admin.client, &stranger.path("/audit")).remove(0);
            assert_eq!(found["target"], json!({"kind": "list_users", "id": asked}));
            assert_eq!((&found["details"]["answer"], &found["chain"]), (&json!("404"), &json!(stranger.id)));
            seen.push(found["details"]["refused"].clone());
        }
        assert_eq!(seen[0], seen[1], "what is there and what never was are noted alike");
        assert_eq!(server.operator().get(&tenant.path("/audit")).expect(200).text, before);
        let everywhere = server.operator().get("/v1/audit?action=access.denied").expect(200).items();
        assert!(everywhere.iter().all(|event| event["tenant_id"] == json!(stranger.id)));
    }

    fn each_level_keeps_its_own(server: &Server) {
        let partner = server.partner("Nordic");
        let tenant = server.tenant_of(&partner.client, "Acme");
        let body = json!({"description": "t", "expires_at": server.in_days(1), "scopes": ["tenants:read"]});
        let narrow = server.operator().post("/v1/operator/tokens", body.clone()).expect(201).text_at("/token");
        let of_tenant = tenant.admin.client.post(&tenant.path("/tokens"), body).expect(201).text_at("/token");
        server.bearer(&narrow).get("/v1/audit").expect_problem(403, "forbidden");
        partner.client.get("/v1/operator/tokens").expect_problem(403, "forbidden");
        server.bearer(&of_tenant).delete("/v1/sessions/current").expect_problem(403, "forbidden");
        server.service().write_down_denials().unwrap();
        let events = server.operator().get("/v1/audit?action=access.denied").expect(200).items();
        let mut told: Vec<_> = events
            .iter()
            .map(|event| [&event["chain"], &event["target"]["kind"], &event["target"]["id"]].map(Clone::clone))
            .collect();
        told.sort_by_key(|told| told[1].to_string());
        assert_eq!(told, [
            [json!(tenant.id), json!("end_session"), json!("me")],
            [json!(partner.id), json!("list_operator_tokens"), json!("platform")],
            [json!("platform"), json!("read_audit"), json!("platform")],
        ]);
    }

    fn a_thousand_denials_are_a_few_events(server: &Server) {
        let tenant = server.tenant("Acme");
        let found = || denials(server, &tenant.admin.client, &tenant.path("/audit"));
        let refuse = || tenant.member.client.get(&tenant.path("/keys")).expect(403);
        refuse();
        assert_eq!(found().len(), 1);
        for number in 0..999 {
            refuse();
            if number % 100 == 0 {
                assert_eq!(found().len(), 1);
            }
        }
        server.advance(TimeDelta::minutes(1) - TimeDelta::microseconds(1));
        assert_eq!(found().len(), 1);
        server.advance(TimeDelta::microseconds(1));
        let events = found();
        assert_eq!(events.iter().map(refused).collect::<Vec<_>>(), [999, 1]);
        server.advance(TimeDelta::minutes(5));
        assert_eq!(found().len(), 2);
        // Another operation and another caller are events of their own.
        refuse();
        tenant.member.client.get(&tenant.path("/users")).expect(403);
        tenant.member_plus.client.get(&tenant.path("/users")).expect(403);
        assert_eq!(found().len(), 5);
    }

    fn no_secret_in_a_path_gets_into_the_audit(server: &Server) {
        let tenant = server.tenant("Acme");
        let body = json!({"description": "t", "expires_at": server.in_days(1)});
        let token = tenant.admin.client.post(&tenant.path("/tokens"), body).expect(201).text_at("/token");
        for odd in [token.as_str(), "%00", "..%2f", "a%0ab", &"a".repeat(5_000)] {
            tenant.admin.client.get(&format!("/v1/tenants/{odd}/users")).expect(404);
        }
        let found = denials(server, &tenant.admin.client, &tenant.path("/audit"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["target"], json!({"kind": "list_users", "id": "unreadable"}));
    }

    fn what_cannot_be_written_now_is_written_later(server: &Server) {
        let tenant = server.tenant("Acme");
        server.sql("ALTER TABLE audit_chains RENAME TO gone");
        for _ in 0..3 {
            tenant.member.client.get(&tenant.path("/keys")).expect_problem(403, "forbidden");
            assert!(server.service().write_down_denials().is_err());
        }
        server.sql("ALTER TABLE gone RENAME TO audit_chains");
        let found = denials(server, &tenant.admin.client, &tenant.path("/audit"));
        assert_eq!(found.iter().map(refused).collect::<Vec<_>>(), [3]);
    }

    fn who_is_nobody_or_makes_a_mistake_is_not_denied(server: &Server) {
        let tenant = server.tenant("Acme");
        server.anonymous().get(&tenant.path("/keys")).expect(401);
        tenant.admin.client.get(&tenant.path("/users/usr_01jd0000000000000000000000")).expect(404);
        tenant.admin.client.get(&tenant.path("/users?limit=0")).expect(422);
        tenant.admin.client.get(&tenant.path("/nothing")).expect(404);
        assert!(denials(server, &server.operator(), "/v1/audit").is_empty());
    }
}
