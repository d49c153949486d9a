use serde_json::{Value, json};
use testkit::world::Tenant;
use testkit::{Answer, Client, Server, on_both_databases};

const SECRET: &str = "marked/Secret+from=elsewhere~1234567890";

fn tenant(server: &Server, name: &str) -> Tenant {
    let tenant = server.tenant(name);
    server.operator().put(&tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);
    tenant
}

fn line(access_key_id: &str) -> Value {
    json!({"region": "waw3-1", "access_key_id": access_key_id, "secret_access_key": SECRET, "label": access_key_id})
}

fn import(client: &Client, tenant: &Tenant, items: Value) -> Answer {
    client.post(&tenant.path("/keys:import"), json!({"items": items}))
}

fn statuses(answer: &Answer) -> Vec<String> {
    let results = answer.field("/results").as_array().unwrap().clone();
    results.iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
}

/// The type of a line's problem.
fn problem(answer: &Answer, index: usize) -> String {
    answer.text_at(&format!("/results/{index}/problem/type")).replace("/problems/", "")
}

on_both_databases! {
    fn each_line_has_its_own_outcome(server: &Server) {
        server.region("waw3-1", "multi");
        let tenant = tenant(server, "Acme");
        let mut broken = line("AKIAIOSFODNN7EXAMPL3");
        broken["secret_access_key"] = json!("short");
        broken["label"] = json!("");
        let mut unknown = line("AKIAIOSFODNN7EXAMPL4");
        unknown["region"] = json!("nowhere-1");
        let mut unlabelled = line("AKIAIOSFODNN7EXAMPL5");
        unlabelled.as_object_mut().unwrap().remove("label");
        let mut scoped = line("minio-backup-1");
        scoped["buckets"] = json!({"access": "specific", "names": ["media"]});
        scoped["permissions"] = json!(["read"]);
        scoped["expires_at"] = server.in_days(30);
        let lines = [line("AKIAIOSFODNN7EXAMPLE"), line("AKIAIOSFODNN7EXAMPLE"), broken, unknown, unlabelled, scoped];
        let answer = import(&tenant.admin.client, &tenant, json!(lines)).expect(200);

        assert_eq!(statuses(&answer), ["created", "refused", "refused", "refused", "refused", "created"]);
        for index in 0..6 {
            assert_eq!(answer.field(&format!("/results/{index}/index")), index);
        }
        assert_eq!(problem(&answer, 1), "access-key-id-taken");
        assert_eq!(problem(&answer, 2), "invalid");
        assert_eq!(answer.field("/results/2/problem/errors/0/pointer"), "/items/2/secret_access_key");
        assert_eq!(answer.field("/results/2/problem/errors/1/pointer"), "/items/2/label");
        assert_eq!(answer.field("/results/3/problem/errors/0/pointer"), "/items/3/region");
        assert_eq!(answer.field("/results/4/problem/errors/0/pointer"), "/items/4/label");
        assert_eq!(answer.field("/results/5/key/buckets/names"), json!(["media"]));
        assert_eq!(answer.field("/results/5/key/permissions"), json!(["read"]));
        let listed = tenant.admin.client.get(&tenant.path("/keys")).expect(200).items();
        let ids: Vec<_> = listed.iter().map(|key| key["access_key_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 2);
        assert!(ids.contains(&"AKIAIOSFODNN7EXAMPLE") && ids.contains(&"minio-backup-1"), "{ids:?}");
        let audit = tenant.admin.client.get(&tenant.path("/audit?action=key.imported")).expect(200);
        assert_eq!(audit.items().len(), 2);
    }

    fn an_id_that_anybody_has_or_had_is_taken_and_nobody_is_told_whose(server: &Server) {
        server.region("waw3-1", "multi");
        let (tenant, other) = (tenant(server, "Acme"), tenant(server, "Other"));
        let operator = server.operator();
        let made = operator.post(&other.path("/keys"), json!({"region": "waw3-1", "label": "x"})).expect(201);
        let first = made.text_at("/key/access_key_id");
        let key = other.path(&format!("/keys/{}", made.text_at("/key/id")));
        let second = operator.act(&format!("{key}/reset")).expect(200).text_at("/key/access_key_id");
        let refused = |id: &str| {
            let answer = import(&tenant.admin.client, &tenant, json!([line(id)])).expect(200);
            assert_eq!(problem(&answer, 0), "access-key-id-taken");
            answer.field("/results/0")
        };
        let own = operator.post(&tenant.path("/keys"), json!({"region": "waw3-1", "label": "x"})).expect(201);
        let of_own = refused(&own.text_at("/key/access_key_id"));
        assert_eq!(refused(&first), of_own, "of an ended pair");
        assert_eq!(refused(&second), of_own, "of a current pair");
        operator.delete(&key).expect(200);
        assert_eq!(refused(&first), of_own, "of a deleted key");
        assert_eq!(refused(&second), of_own, "of a deleted key");
    }

    fn sending_the_same_again_imports_nothing_twice(server: &Server) {
        server.region("waw3-1", "multi");
        let tenant = tenant(server, "Acme");
        let lines: Vec<_> = (0..100).map(|number| line(&format!("imported-number-{number:03}"))).collect();
        let first = import(&tenant.admin.client, &tenant, json!(lines)).expect(200);
        assert!(statuses(&first).iter().all(|status| status == "created"), "{first}");
        let again = import(&tenant.admin.client, &tenant, json!(lines)).expect(200);
        assert!(statuses(&again).iter().all(|status| status == "refused"), "{again}");
        let keys = tenant.admin.client.get(&tenant.path("/keys?limit=500")).expect(200).items();
        assert_eq!(keys.len(), 100);
    }

    fn the_secret_is_in_no_answer_and_no_audit_event_and_in_no_claim_link(server: &Server) {
        server.region("waw3-1", "multi");
        let tenant = tenant(server, "Acme");
        let admin = &tenant.admin.client;
        let answer = import(admin, &tenant, json!([line("AKIAIOSFODNN7EXAMPLE")])).expect(200);
        let key = tenant.path(&format!("/keys/{}", answer.text_at("/results/0/key/id")));
        let mut wrong = line("AKIAIOSFODNN7EXAMPL2");
        wrong["secret_access_key"] = json!([SECRET]);
        let refused = import(admin, &tenant, json!([wrong]));
        assert_eq!(refused.clone().expect_problem(422, "invalid").pointers(), ["/items/0/secret_access_key"]);
        wrong["secret_access_key"] = json!(format!("{SECRET} with spaces"));
        let spaced = import(admin, &tenant, json!([wrong])).expect(200);
        let audit = admin.get(&tenant.path("/audit?limit=500")).expect(200);
        for answer in [answer, refused, spaced, audit, admin.get(&key).expect(200), admin.get(&tenant.path("/keys"))] {
            assert!(!answer.text.contains("marked"), "{answer}");
        }
        admin.post(&format!("{key}/claims"), json!({})).expect_problem(409, "claim-too-late");
    }

    fn the_key_models_rules_hold(server: &Server) {
        server.region("waw3-1", "pair");
        let tenant = tenant(server, "Acme");
        let mut scoped = line("AKIAIOSFODNN7EXAMPL1");
        scoped["buckets"] = json!({"access": "specific", "names": ["media"]});
        let lines = [scoped, line("AKIAIOSFODNN7EXAMPL2"), line("AKIAIOSFODNN7EXAMPL3")];
        let answer = import(&tenant.admin.client, &tenant, json!(lines)).expect(200);
        assert_eq!(statuses(&answer), ["refused", "created", "refused"]);
        assert_eq!(answer.field("/results/0/problem/errors/0/pointer"), "/items/0/buckets");
        assert_eq!(problem(&answer, 2), "too-many-keys");
    }

    fn an_id_that_looks_like_ours_and_fails_the_checksum_is_refused(server: &Server) {
        server.region("waw3-1", "multi");
        let tenant = tenant(server, "Acme");
        let answer = import(&tenant.admin.client, &tenant, json!([line("NQAK0000000000000000")])).expect(200);
        assert_eq!(statuses(&answer), ["refused"]);
        assert_eq!(answer.field("/results/0/problem/errors/0/pointer"), "/items/0/access_key_id");
        // What only begins like one of ours is somebody's.
        let longer = import(&tenant.admin.client, &tenant, json!([line("NQAK00000000000000001")])).expect(200);
        assert_eq!(statuses(&longer), ["created"]);
    }

    fn only_admins_and_tokens_that_write_keys_import(server: &Server) {
        server.region("waw3-1", "multi");
        let tenant = tenant(server, "Acme");
        let lines = || json!([line("AKIAIOSFODNN7EXAMPLE")]);
        import(&tenant.member_plus.client, &tenant, lines()).expect_problem(403, "forbidden");
        import(&server.partner("Elsewhere").client, &tenant, lines()).expect_problem(404, "not-found");
        let admin = &tenant.admin.client;
        assert_eq!(import(admin, &tenant, json!([])).expect_problem(422, "invalid").pointers(), ["/items"]);
        let many: Vec<_> = (0..101).map(|number| line(&format!("imported-number-{number:03}"))).collect();
        assert_eq!(import(admin, &tenant, json!(many)).expect_problem(422, "invalid").pointers(), ["/items"]);
        assert!(admin.get(&tenant.path("/keys")).expect(200).items().is_empty());
    }
}
