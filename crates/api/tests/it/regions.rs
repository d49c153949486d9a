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
}
