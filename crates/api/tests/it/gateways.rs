//! Gateways as operators look after them: registered, bound, given tokens, taken away.

use serde_json::{Value, json};
use testkit::on_both_databases;

const ALL: [&str; 6] = ["verify", "signing_keys", "secrets", "changes", "usage", "keystone"];

on_both_databases! {
    fn a_gateway_is_read_back_as_it_was_registered(server: &Server) {
        server.region("waw3-1", "multi");
        let body = json!({"name": "edge", "regions": ["waw3-1"], "capabilities": ["verify", "changes"]});
        let made = server.operator().post("/v1/gateways", body).expect(201);
        let path = made.header("location").to_owned();
        let read = server.operator().get(&path).expect(200);
        assert_eq!(read.json(), made.json());
        assert_eq!(read.field("/regions"), json!(["waw3-1"]));
        assert_eq!(read.field("/capabilities"), json!(["verify", "changes"]));
        assert_eq!(read.field("/lease"), Value::Null);
        assert_eq!(server.operator().get("/v1/gateways").expect(200).items(), [made.json()]);
    }

    fn what_is_wrong_with_a_gateway_is_said(server: &Server) {
        server.region("waw3-1", "multi");
        let post = |body: Value| server.operator().post("/v1/gateways", body);
        for (body, pointer) in [
            (json!({"name": "", "regions": ["waw3-1"], "capabilities": ["verify"]}), "/name"),
            (json!({"name": "e", "regions": [], "capabilities": ["verify"]}), "/regions"),
            (json!({"name": "e", "regions": ["nowhere"], "capabilities": ["verify"]}), "/regions/0"),
            (json!({"name": "e", "regions": ["waw3-1"], "capabilities": []}), "/capabilities"),
            (json!({"name": "e", "regions": ["waw3-1"], "capabilities": ["admin"]}), "/capabilities/0"),
        ] {
            let refused = post(body).expect_problem(422, "invalid");
            assert_eq!(refused.text_at("/errors/0/pointer"), pointer, "{refused}");
        }
        assert!(server.operator().get("/v1/gateways").expect(200).items().is_empty());
    }

    fn only_operators_know_of_gateways(server: &Server) {
        server.region("waw3-1", "multi");
        let (tenant, partner) = (server.tenant("Acme"), server.partner("Reseller"));
        let gateway = server.gateway(&["waw3-1"], &ALL);
        let path = format!("/v1/gateways/{}", gateway.id);
        for stranger in [&tenant.admin.client, &partner.client, &gateway.client] {
            stranger.get("/v1/gateways").expect_problem(403, "forbidden");
            let of_another = stranger.get("/v1/gateways/gtw_01jd0000000000000000000000").expect(404);
            let of_this = stranger.get(&path).expect(404);
            let but_for_the_id = |answer: &testkit::Answer| {
                let mut body = answer.json();
                body["request_id"] = Value::Null;
                body["instance"] = Value::Null;
                body
            };
            assert_eq!(but_for_the_id(&of_this), but_for_the_id(&of_another));
            stranger.delete(&path).expect(404);
        }
        server.operator().get(&path).expect(200);
    }

    fn a_gateways_token_opens_nothing_but_the_plane(server: &Server) {
        server.region("waw3-1", "multi");
        let tenant = server.tenant("Acme");
        let gateway = server.gateway(&["waw3-1"], &ALL);
        for path in ["/v1/me", "/v1/regions", "/v1/tenants", "/v1/partners", "/v1/audit", "/v1/operator/tokens"] {
            gateway.client.get(path).expect_problem(403, "forbidden");
        }
        gateway.client.get(&tenant.path("")).expect_problem(404, "not-found");
        gateway.client.get(&tenant.path("/keys")).expect_problem(404, "not-found");
        let verify = json!({"access_key_id": "a", "auth": "header", "string_to_sign": "", "signature": ""});
        for other in [&server.operator(), &tenant.admin.client] {
            other.post("/v1/gateway/verify", verify.clone()).expect_problem(403, "forbidden");
        }
        server.anonymous().post("/v1/gateway/verify", verify).expect_problem(401, "unauthenticated");
    }

    fn its_token_has_one_scope_and_its_makers_need_the_platform(server: &Server) {
        server.region("waw3-1", "multi");
        let gateway = server.gateway(&["waw3-1"], &["verify"]);
        let tokens = format!("/v1/gateways/{}/tokens", gateway.id);
        let listed = server.operator().get(&tokens).expect(200).items();
        assert_eq!(listed[0]["scopes"], json!(["gateway:use"]));
        let wider = json!({"description": "w", "expires_at": server.in_days(9), "scopes": ["keys:read"]});
        server.operator().post(&tokens, wider).expect_problem(403, "wider-than-its-maker");
        let body = json!({"description": "t", "expires_at": server.in_days(9), "scopes": ["tokens:write", "tenants:read"]});
        let lesser = server.operator().post("/v1/operator/tokens", body).expect(201).text_at("/token");
        let body = json!({"description": "t", "expires_at": server.in_days(9)});
        server.bearer(&lesser).post(&tokens, body).expect_problem(403, "forbidden");
    }

    fn a_change_holds_at_the_very_next_request_and_so_does_an_end(server: &Server) {
        server.region("waw3-1", "multi");
        let gateway = server.gateway(&["waw3-1"], &["changes"]);
        let path = format!("/v1/gateways/{}", gateway.id);
        let follow = || gateway.client.get("/v1/gateway/changes");
        follow().expect(200);
        server.operator().patch(&path, json!({"capabilities": ["verify"]})).expect(200);
        follow().expect_problem(403, "forbidden");
        server.operator().patch(&path, json!({"capabilities": ["changes"]})).expect(200);
        follow().expect(200);

        let token = server.operator().get(&format!("{path}/tokens")).expect(200).items()[0]["id"].clone();
        let token = format!("{path}/tokens/{}", token.as_str().unwrap());
        let rotated = server.operator().post(&format!("{token}/rotate"), json!({"grace_seconds": 60})).expect(201);
        follow().expect(200);
        let next = server.bearer(&rotated.text_at("/token"));
        next.get("/v1/gateway/changes").expect(200);
        server.advance(chrono::TimeDelta::seconds(60));
        follow().expect_problem(401, "expired");
        next.get("/v1/gateway/changes").expect(200);

        server.operator().delete(&path).expect(204);
        next.get("/v1/gateway/changes").expect_problem(401, "unknown-credentials");
        server.operator().get(&path).expect_problem(404, "not-found");
    }
}
