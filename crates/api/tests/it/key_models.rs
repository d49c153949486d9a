//! Key models: three that are built in, and those that operators make of switches.

use serde_json::{Value, json};
use testkit::{Answer, Server, on_both_databases};

fn daily() -> Value {
    json!({"name": "daily", "title": "Keys for a day", "instances": "one", "max_keys": 10, "initial_key": false, "label": "required",
        "description": "optional", "bucket_scopes": true, "revoke": "keeps_history", "delete": "after_revoke", "reset": true,
        "rotate_max_grace_seconds": 3600, "max_ttl_seconds": 86400, "rotate_after_days": null, "id_prefix": "DAY", "id_length": 20,
        "secret_length": 40})
}

fn create(server: &Server, key: &str, value: Value) -> Answer {
    let mut body = daily();
    body[key] = value;
    server.operator().post("/v1/key-models", body)
}

on_both_databases! {
    fn three_are_built_in_and_stay_as_they_are(server: &Server) {
        let models = server.operator().get("/v1/key-models").expect(200).items();
        assert_eq!(models.iter().map(|model| &model["name"]).collect::<Vec<_>>(), ["instance", "multi", "pair"]);
        for model in &models {
            assert_eq!(model["built_in"], true);
            let path = format!("/v1/key-models/{}", model["name"].as_str().unwrap());
            server.operator().patch(&path, json!({"title": "X"})).expect_problem(409, "key-model-built-in");
            server.operator().delete(&path).expect_problem(409, "key-model-built-in");
            assert_eq!(server.operator().get(&path).expect(200).json(), *model);
        }
        create(server, "name", json!("pair")).expect_problem(409, "key-model-exists");
    }

    fn a_model_is_created_read_changed_and_deleted(server: &Server) {
        let operator = server.operator();
        let created = operator.post("/v1/key-models", daily()).expect(201);
        assert_eq!(created.header("location"), "/v1/key-models/daily");
        for (switch, value) in daily().as_object().unwrap() {
            assert_eq!(&created.json()[switch], value, "{switch}");
        }
        assert_eq!(operator.get("/v1/key-models/daily").expect(200).json(), created.json());
        let changed = operator
            .patch("/v1/key-models/daily", json!({"max_keys": null, "max_ttl_seconds": 60, "label": "optional"}))
            .expect(200);
        assert_eq!((changed.field("/max_keys"), changed.field("/max_ttl_seconds")), (json!(null), json!(60)));
        assert_eq!((changed.field("/label"), changed.field("/id_prefix")), (json!("optional"), json!("DAY")));
        operator.post("/v1/key-models", daily()).expect_problem(409, "key-model-exists");
        operator.delete("/v1/key-models/daily").expect(204);
        operator.get("/v1/key-models/daily").expect_problem(404, "not-found");
    }

    fn switches_that_make_no_sense_are_refused(server: &Server) {
        for (switch, wrong) in [
            ("max_keys", json!(0)),
            ("max_keys", json!(-1)),
            ("max_keys", json!(4_294_967_296_u64)),
            ("max_ttl_seconds", json!(59)),
            ("rotate_max_grace_seconds", json!(0)),
            ("rotate_max_grace_seconds", json!(2_592_001)),
            ("rotate_after_days", json!(0)),
            ("rotate_after_days", json!(3661)),
            ("id_prefix", json!("day")),
            ("id_prefix", json!("NINECHARS")),
            ("id_prefix", json!("D\u{0}")),
            ("id_length", json!(15)),
            ("id_length", json!(129)),
            ("id_length", json!(256)),
            ("secret_length", json!(39)),
            ("secret_length", json!(129)),
            ("instances", json!("two")),
            ("revoke", json!(true)),
            ("name", json!("Daily")),
            ("name", json!("a--b")),
            ("title", json!("")),
            ("max_ttl_seconds", json!(i64::MAX)),
            ("built_in", json!(true)),
        ] {
            let refused = create(server, switch, wrong.clone());
            assert_eq!(refused.status, 422, "{switch} {wrong}: {refused}");
            assert_eq!(refused.pointers(), [format!("/{switch}")], "{wrong}");
        }
        assert_eq!(server.operator().get("/v1/key-models").items().len(), 3);
    }

    fn no_model_leaves_a_leaked_key_alive(server: &Server) {
        let mut body = daily();
        for (switch, value) in [("revoke", json!("off")), ("delete", json!("forbidden")), ("reset", json!(false))] {
            body[switch] = value;
        }
        server.operator().post("/v1/key-models", body).expect_problem(422, "invalid");
        server.operator().post("/v1/key-models", daily()).expect(201);
        let body = json!({"revoke": "off", "delete": "forbidden", "reset": false});
        server.operator().patch("/v1/key-models/daily", body).expect_problem(422, "invalid");
        assert_eq!(server.operator().get("/v1/key-models/daily").field("/version"), 1);
    }

    fn a_model_that_is_used_stays(server: &Server) {
        let operator = server.operator();
        create(server, "name", json!("daily")).expect(201);
        create(server, "name", json!("other")).expect(201);
        server.region("a", "daily");
        let tenant = server.tenant("Acme");
        operator.put(&tenant.path("/regions/a"), json!({"service": "available", "key_model": "other"})).expect(200);
        for name in ["daily", "other"] {
            operator.delete(&format!("/v1/key-models/{name}")).expect_problem(409, "key-model-in-use");
        }
        operator.patch("/v1/regions/a", json!({"key_model": "multi"})).expect(200);
        operator.put(&tenant.path("/regions/a"), json!({"service": "available", "key_model": null})).expect(200);
        for name in ["daily", "other"] {
            operator.delete(&format!("/v1/key-models/{name}")).expect(204);
        }
    }

    fn everybody_reads_and_operators_write(server: &Server) {
        let (partner, tenant) = (server.partner("Nordic"), server.tenant("Acme"));
        for client in [&partner.client, &tenant.admin.client, &tenant.member.client] {
            assert_eq!(client.get("/v1/key-models").expect(200).items().len(), 3);
            client.get("/v1/key-models/pair").expect(200);
            client.post("/v1/key-models", daily()).expect_problem(403, "forbidden");
            client.patch("/v1/key-models/pair", json!({})).expect_problem(403, "forbidden");
            client.delete("/v1/key-models/pair").expect_problem(403, "forbidden");
        }
    }
}
