//! `ETag` and `If-Match`: nobody changes what they have not seen.

use serde_json::{Value, json};
use testkit::world::PASSWORD;
use testkit::{Answer, Client, Server, on_both_databases};

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    match (method, body) {
        ("POST", Value::Null) => client.act(path),
        ("POST", body) => client.post(path, body.clone()),
        ("PATCH", body) => client.patch(path, body.clone()),
        ("PUT", body) => client.put(path, body.clone()),
        _ => client.delete(path),
    }
}

/// Refused with every tag but the one that counts, and then done.
fn guarded(server: &Server, method: &str, path: &str, body: &Value, version: i64) {
    let operator = server.operator();
    let before = operator.get("/v1/audit").text;
    let (stale, ahead) = (format!("\"{}\"", version - 1), format!("\"{}\"", version + 1));
    let (bare, both) = (version.to_string(), format!("{stale}, {ahead}"));
    for wrong in [stale.as_str(), &ahead, &bare, &both, "\"\"", "", "\"x\"", "\"1e0\"", "null"] {
        let refused = send(&operator.with("if-match", wrong), method, path, body);
        assert_eq!(refused.status, 412, "{method} {path} if {wrong}: {refused}");
        refused.expect_problem(412, "not-as-expected");
    }
    assert_eq!(operator.get("/v1/audit").text, before, "{method} {path}");
    let right = format!("{stale}, \"{version}\"");
    let done = send(&operator.with("if-match", &right), method, path, body);
    assert!((200..300).contains(&done.status), "{method} {path}: {done}");
}

fn version(server: &Server, path: &str) -> i64 {
    let read = server.operator().get(path).expect(200);
    let version = read.field("/version").as_i64().unwrap();
    assert_eq!(read.header("etag"), format!("\"{version}\""));
    version
}

on_both_databases! {
    fn regions_and_key_models_are_guarded(server: &Server) {
        let model = json!({"name": "daily", "title": "Daily", "instances": "one", "initial_key": false, "label": "optional",
            "description": "optional", "bucket_scopes": true, "revoke": "keeps_history", "delete": "allowed", "reset": true,
            "id_prefix": "DAY", "id_length": 20, "secret_length": 40});
        server.operator().post("/v1/key-models", model).expect(201);
        server.region("a", "multi");
        for (path, change) in [("/v1/regions/a", json!({"name": "A"})), ("/v1/key-models/daily", json!({"title": "D"}))]
        {
            guarded(server, "PATCH", path, &change, version(server, path));
            guarded(server, "DELETE", path, &Value::Null, version(server, path));
        }
    }

    fn partners_are_guarded(server: &Server) {
        let path =
            server.operator().post("/v1/partners", json!({"name": "Nordic"})).expect(201).header("location").to_owned();
        guarded(server, "PATCH", &path, &json!({"name": "N"}), version(server, &path));
        for action in ["suspend", "resume"] {
            guarded(server, "POST", &format!("{path}/{action}"), &Value::Null, version(server, &path));
        }
        guarded(server, "DELETE", &path, &Value::Null, version(server, &path));
    }

    fn tenants_and_their_regions_are_guarded(server: &Server) {
        server.region("a", "multi");
        let path =
            server.operator().post("/v1/tenants", json!({"name": "Acme"})).expect(201).header("location").to_owned();
        guarded(server, "PATCH", &path, &json!({"name": "A"}), version(server, &path));
        let region = format!("{path}/regions/a");
        for service in ["available", "unavailable", "available"] {
            guarded(server, "PUT", &region, &json!({"service": service}), version(server, &region));
        }
        for action in ["suspend", "resume"] {
            guarded(server, "POST", &format!("{path}/{action}"), &Value::Null, version(server, &path));
        }
        guarded(server, "DELETE", &path, &Value::Null, version(server, &path));
        guarded(server, "POST", &format!("{path}/restore"), &Value::Null, version(server, &path));
    }

    fn users_are_guarded(server: &Server) {
        let tenant = server.tenant("Acme");
        let invited = json!({"email": "ada@example.org", "name": "Ada", "role": "member"});
        let path = server.operator().post(&tenant.path("/users"), invited).expect(201).header("location").to_owned();
        guarded(server, "POST", &format!("{path}/invite"), &Value::Null, version(server, &path));
        guarded(server, "PATCH", &path, &json!({"role": "member+"}), version(server, &path));
        guarded(server, "DELETE", &path, &Value::Null, version(server, &path));
    }

    fn tokens_are_guarded(server: &Server) {
        let (partner, tenant) = (server.partner("Nordic"), server.tenant("Acme"));
        for path in ["/v1/operator/tokens".to_owned(), partner.path("/tokens"), tenant.path("/tokens")] {
            let body = json!({"description": "Portal", "expires_at": server.in_days(9)});
            let made = server.operator().post(&path, body).expect(201);
            assert_eq!(made.header("etag"), "\"1\"");
            let path = made.header("location");
            guarded(server, "POST", &format!("{path}/rotate"), &json!({"grace_seconds": 60}), 1);
            guarded(server, "DELETE", path, &Value::Null, 2);
        }
    }

    fn a_star_and_several_lines_are_understood(server: &Server) {
        server.region("a", "multi");
        let change = |client: Client, name: &str| client.patch("/v1/regions/a", json!({"name": name}));
        change(server.operator().with("if-match", "*"), "B").expect(200);
        change(server.operator().with("if-match", "\"1\"").with("if-match", "\"2\""), "C").expect(200);
        change(server.operator().with("if-match", "\"1\"").with("if-match", "\"2\""), "D").expect(412);
        assert_eq!(server.operator().get("/v1/regions/a").field("/name"), "C");
    }

    fn of_two_changes_at_once_one_is_refused(server: &Server) {
        let tenant = server.tenant("Acme");
        let change =
            |name: &str| server.operator().with("if-match", "\"1\"").patch(&tenant.path(""), json!({"name": name}));
        let statuses = std::thread::scope(|scope| {
            let changing: Vec<_> = ["A", "B", "C", "D"].map(|name| scope.spawn(move || change(name).status)).into();
            changing.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 3, "{statuses:?}");
    }

    fn what_one_may_not_see_has_no_version(server: &Server) {
        let (tenant, other) = (server.tenant("Acme"), server.tenant("Other"));
        let refused = other.admin.client.with("if-match", "\"99\"").patch(&tenant.path(""), json!({"name": "X"}));
        refused.expect_problem(404, "not-found");
        tenant.admin.client.with("if-match", "\"99\"").delete(&tenant.path("")).expect_problem(403, "forbidden");
        let change = json!({"current_password": PASSWORD, "new_password": "another battery staple"});
        tenant.admin.client.put("/v1/me/password", change).expect(204);
    }
}
