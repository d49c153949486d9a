use serde_json::json;
use testkit::on_both_databases;

on_both_databases! {
    fn a_region_is_created_read_changed_and_deleted(server: &Server) {
        let operator = server.operator();
        let body = json!({"code": "waw3-1", "name": "Warsaw 3", "s3_endpoint": "https://s3.example.org/", "key_model": "multi"});
        let created = operator.post("/v1/regions", body).expect(201);
        assert_eq!(created.header("location"), "/v1/regions/waw3-1");
        assert_eq!(created.header("etag"), "\"1\"");
        assert_eq!(created.field("/s3_endpoint"), "https://s3.example.org");

        let read = operator.get("/v1/regions/waw3-1").expect(200);
        assert_eq!(read.json(), created.json());

        let changed = operator.patch("/v1/regions/waw3-1", json!({"name": "Warsaw"})).expect(200);
        assert_eq!((changed.field("/name"), changed.field("/version")), (json!("Warsaw"), json!(2)));
        assert_eq!(changed.field("/key_model"), "multi");

        operator.delete("/v1/regions/waw3-1").expect(204);
        operator.get("/v1/regions/waw3-1").expect_problem(404, "not-found");
    }

    fn a_code_is_one_regions_and_for_good(server: &Server) {
        server.region("waw3-1", "multi");
        let body = |code: &str| json!({"code": code, "name": "A", "s3_endpoint": "https://a.example.org", "key_model": "pair"});
        server.operator().post("/v1/regions", body("waw3-1")).expect_problem(409, "region-exists");
        server.operator().patch("/v1/regions/waw3-1", json!({"code": "waw3-2"})).expect_problem(422, "invalid");
        for wrong in ["", "WAW", "waw_3", "-a", "a-", "a--b", "a/b", "a b", "a.b", &"a".repeat(33)] {
            let refused = server.operator().post("/v1/regions", body(wrong)).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), ["/code"], "{wrong}");
        }
        for unknown in ["b", "WAW3-1", "waw3-1%20", "waw3-1%00", "%2e%2e"] {
            server.operator().get(&format!("/v1/regions/{unknown}")).expect_problem(404, "not-found");
        }
    }

    fn a_change_is_all_or_nothing(server: &Server) {
        server.region("a", "multi");
        let before = server.operator().get("/v1/regions/a").text;
        for (body, pointer) in [
            (json!({"name": "B", "key_model": "nobody-has-it"}), "/key_model"),
            (json!({"name": "B", "s3_endpoint": "s3.example.org"}), "/s3_endpoint"),
            (json!({"name": "", "s3_endpoint": "https://b.example.org"}), "/name"),
        ] {
            let refused = server.operator().patch("/v1/regions/a", body).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), [pointer]);
        }
        assert_eq!(server.operator().get("/v1/regions/a").text, before);
    }

    fn everybody_reads_and_operators_write(server: &Server) {
        server.region("a", "multi");
        let (partner, tenant) = (server.partner("Nordic"), server.tenant("Acme"));
        for client in [&partner.client, &tenant.admin.client, &tenant.member.client] {
            assert_eq!(client.get("/v1/regions").expect(200).items().len(), 1);
            client.get("/v1/regions/a").expect(200);
            client.post("/v1/regions", json!({})).expect_problem(403, "forbidden");
            client.patch("/v1/regions/a", json!({})).expect_problem(403, "forbidden");
            client.delete("/v1/regions/a").expect_problem(403, "forbidden");
        }
        server.anonymous().get("/v1/regions").expect_problem(401, "unauthenticated");
    }
}
