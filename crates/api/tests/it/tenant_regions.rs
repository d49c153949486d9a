//! What a tenant has in each region.

use serde_json::{Value, json};
use testkit::on_both_databases;

fn offer(region: &str, service: &str, status: &str, key_model: &str, version: i64) -> Value {
    json!({"region": region, "name": region, "s3_endpoint": format!("https://s3.{region}.example.org"), "service": service,
        "status": status, "key_model": key_model, "key_count": 0, "gateway_secrets": "allowed", "version": version})
}

on_both_databases! {
    fn every_region_is_offered_and_none_is_on(server: &Server) {
        server.region("b", "pair");
        server.region("a", "multi");
        let tenant = server.tenant("Acme");
        let offers =
            [offer("a", "unavailable", "UNAVAILABLE", "multi", 0), offer("b", "unavailable", "UNAVAILABLE", "pair", 0)];
        for client in [&server.operator(), &tenant.admin.client, &tenant.member.client] {
            assert_eq!(client.get(&tenant.path("/regions")).expect(200).items(), offers);
            assert_eq!(client.get(&tenant.path("/regions/a")).expect(200).json(), offers[0]);
        }
    }

    fn a_service_is_switched_on_and_off(server: &Server) {
        server.region("a", "multi");
        let tenant = server.tenant("Acme");
        let other = server.tenant("Other");
        let path = tenant.path("/regions/a");
        let set = |service: &str| tenant.admin.client.put(&path, json!({"service": service})).expect(200).json();
        assert_eq!(set("available"), offer("a", "available", "NOT CONFIGURED", "multi", 1));
        assert_eq!(set("unavailable"), offer("a", "unavailable", "UNAVAILABLE", "multi", 2));
        assert_eq!(set("available")["version"], 3);
        assert_eq!(other.admin.client.get(&other.path("/regions/a")).json()["service"], "unavailable");
        assert_eq!(tenant.admin.client.get(&tenant.path("/audit?action=tenant_region.changed")).items().len(), 3);
    }

    fn which_product_a_tenant_has_is_not_its_own_to_say(server: &Server) {
        server.region("a", "multi");
        let partner = server.partner("Nordic");
        let tenant = server.tenant_of(&partner.client, "Acme");
        let path = tenant.path("/regions/a");
        for model in [json!("pair"), json!(null)] {
            let body = json!({"service": "available", "key_model": model});
            tenant.admin.client.put(&path, body).expect_problem(403, "forbidden");
        }
        let set = |model: Value| partner.client.put(&path, json!({"service": "available", "key_model": model}));
        assert_eq!(set(json!("pair")).expect(200).field("/key_model"), "pair");
        let kept = tenant.admin.client.put(&path, json!({"service": "unavailable"})).expect(200);
        assert_eq!(kept.field("/key_model"), "pair");
        assert_eq!(set(json!("nobody-has-it")).expect_problem(422, "invalid").pointers(), ["/key_model"]);
        assert_eq!(set(json!(null)).expect(200).field("/key_model"), "multi");
    }

    fn another_model_of_the_region_counts_for_who_has_none_of_their_own(server: &Server) {
        server.region("a", "multi");
        let (tenant, other) = (server.tenant("Acme"), server.tenant("Other"));
        server
            .operator()
            .put(&tenant.path("/regions/a"), json!({"service": "available", "key_model": "instance"}))
            .expect(200);
        server.operator().put(&other.path("/regions/a"), json!({"service": "available"})).expect(200);
        server.operator().patch("/v1/regions/a", json!({"key_model": "pair"})).expect(200);
        let model = |path: &str| server.operator().get(path).expect(200).text_at("/key_model");
        assert_eq!(model(&tenant.path("/regions/a")), "instance");
        assert_eq!(model(&other.path("/regions/a")), "pair");
    }

    fn members_read_and_do_not_change(server: &Server) {
        server.region("a", "multi");
        let tenant = server.tenant("Acme");
        for client in [&tenant.member.client, &tenant.member_plus.client] {
            client.put(&tenant.path("/regions/a"), json!({"service": "available"})).expect_problem(403, "forbidden");
        }
        let admin = &tenant.admin.client;
        admin.put(&tenant.path("/regions/b"), json!({"service": "available"})).expect_problem(404, "not-found");
        admin.put(&tenant.path("/regions/A"), json!({"service": "available"})).expect_problem(404, "not-found");
        admin.put(&tenant.path("/regions/a"), json!({"service": "on"})).expect_problem(422, "invalid");
        admin.put(&tenant.path("/regions/a"), json!({})).expect_problem(422, "invalid");
        server.operator().delete(&tenant.path("")).expect(200);
        let refused = server.operator().put(&tenant.path("/regions/a"), json!({"service": "available"}));
        refused.expect_problem(409, "tenant-being-deleted");
    }

    fn a_region_that_a_tenant_has_stays(server: &Server) {
        server.region("a", "multi");
        let tenant = server.tenant("Acme");
        server.operator().put(&tenant.path("/regions/a"), json!({"service": "available"})).expect(200);
        server.operator().put(&tenant.path("/regions/a"), json!({"service": "unavailable"})).expect(200);
        server.operator().delete("/v1/regions/a").expect_problem(409, "region-in-use");
        server.operator().delete(&tenant.path("?delay_seconds=0")).expect(200);
        server.service().keep_house().unwrap();
        server.operator().delete("/v1/regions/a").expect(204);
    }
}
