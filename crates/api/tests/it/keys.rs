use serde_json::json;
use testkit::on_both_databases;

on_both_databases! {
    fn a_key_is_created_reset_rotated_revoked_and_deleted(server: &Server) {
        server.region("waw3-1", "multi");
        let tenant = server.tenant("Acme");
        tenant.admin.client.put(&tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);
        let keys = tenant.path("/keys");
        let made = tenant.admin.client.post(&keys, json!({"region": "waw3-1", "label": "Backups"})).expect(201);
        let path = format!("{keys}/{}", made.text_at("/key/id"));

        let reset = tenant.admin.client.act(&format!("{path}/reset")).expect(200);
        assert_ne!(reset.text_at("/key/access_key_id"), made.text_at("/key/access_key_id"));
        assert_ne!(reset.text_at("/secret_access_key"), made.text_at("/secret_access_key"));

        let rotated = tenant.admin.client.post(&format!("{path}/rotate"), json!({"grace_seconds": 60})).expect(200);
        assert_eq!(rotated.field("/key/pairs/1/access_key_id"), reset.field("/key/access_key_id"));
        server.advance(chrono::TimeDelta::seconds(60));
        assert_eq!(tenant.admin.client.get(&path).expect(200).field("/pairs").as_array().unwrap().len(), 1);

        let revoked = tenant.admin.client.act(&format!("{path}/revoke")).expect(200);
        assert_eq!(revoked.field("/key/status"), "revoked");
        assert_eq!(revoked.field("/receipt/state"), "confirmed");
        tenant.admin.client.delete(&path).expect(200);
        tenant.admin.client.get(&path).expect_problem(404, "not-found");
    }
}
