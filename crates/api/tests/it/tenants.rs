//! Tenants: made, found, suspended, deleted and brought back, and gone for good.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::world::PASSWORD;
use testkit::{Client, Signer, on_both_databases};

const NOBODY: &str = "ten_01jd0000000000000000000000";

fn names(client: &Client, query: &str) -> Vec<String> {
    let items = client.get(&format!("/v1/tenants{query}")).expect(200).items();
    let mut names: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn bare(client: &Client, body: Value) -> String {
    client.post("/v1/tenants", body).expect(201).header("location").to_owned()
}

on_both_databases! {
    fn a_tenant_is_created_read_and_changed(server: &Server) {
        let operator = server.operator();
        let created = operator.post("/v1/tenants", json!({"name": "Acme", "external_ref": "C-4711"})).expect(201);
        let path = created.header("location").to_owned();
        assert_eq!(
            created.json(),
            json!({"id": created.field("/id"), "name": "Acme", "partner_id": null, "external_ref": "C-4711",
            "status": "active", "created_at": server.now(), "suspended_at": null, "delete_at": null, "version": 1})
        );
        assert_eq!(operator.get(&path).expect(200).json(), created.json());
        let changed = operator.patch(&path, json!({"name": "Acme International"})).expect(200);
        assert_eq!(
            (changed.field("/name"), changed.field("/external_ref")),
            (json!("Acme International"), json!("C-4711"))
        );
        let changed = operator.patch(&path, json!({"external_ref": null})).expect(200);
        assert_eq!((changed.field("/external_ref"), changed.header("etag")), (json!(null), "\"3\""));
        for fixed in ["id", "partner_id", "status", "delete_at", "suspended_at", "version"] {
            let refused = operator.patch(&path, json!({fixed: "x"})).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), [format!("/{fixed}")]);
        }
    }

    fn a_first_admin_comes_with_the_tenant(server: &Server) {
        let operator = server.operator();
        let known = json!({"name": "Acme", "admin": {"email": "Ada@Example.org", "name": "Ada", "password": PASSWORD}});
        let made = operator.post("/v1/tenants", known).expect(201);
        assert_eq!((made.field("/admin/role"), made.field("/admin/status")), (json!("admin"), json!("active")));
        let ada = server.log_in("ada@example.org").0;
        assert_eq!(ada.get("/v1/me").field("/tenant_id"), made.field("/id"));
        assert_eq!(names(&ada, ""), ["Acme"]);

        let invited =
            operator.post("/v1/tenants", json!({"name": "Other", "admin": {"email": "grace@example.org"}})).expect(201);
        assert_eq!(
            (invited.field("/admin/name"), invited.field("/admin/status")),
            (json!("grace@example.org"), json!("invited"))
        );
        server.accept(&invited.text_at("/admin/invitation/token"), PASSWORD).expect(200);
        let weak = json!({"name": "Weak", "admin": {"email": "z@example.org", "password": "short"}});
        assert_eq!(operator.post("/v1/tenants", weak).expect_problem(422, "invalid").pointers(), ["/admin/password"]);
        assert_eq!(names(&operator, ""), ["Acme", "Other"]);
    }

    fn a_partner_makes_its_own_customers(server: &Server) {
        let (distributor, other) = (server.partner("Nordic"), server.partner("Southern"));
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let make = |client: &Client, partner: Value| {
            client.post("/v1/tenants", json!({"name": "Acme", "partner_id": partner}))
        };
        assert_eq!(make(&reseller.client, json!(null)).expect(201).field("/partner_id"), reseller.id);
        assert_eq!(make(&distributor.client, json!(reseller.id)).expect(201).field("/partner_id"), reseller.id);
        assert_eq!(make(&server.operator(), json!(reseller.id)).expect(201).field("/partner_id"), reseller.id);
        let nowhere = make(&reseller.client, json!("ptr_01jd0000000000000000000000")).expect_problem(422, "invalid");
        for unseen in [&distributor.id, &other.id] {
            assert_eq!(make(&reseller.client, json!(unseen)).without_request(), nowhere.without_request());
        }
        let tenant = server.tenant("Own");
        for client in [&tenant.admin.client, &tenant.member.client] {
            make(client, json!(null)).expect_problem(403, "forbidden");
        }
    }

    fn a_list_has_what_its_reader_may_see(server: &Server) {
        let (distributor, other) = (server.partner("Nordic"), server.partner("Southern"));
        let reseller = server.partner_below(&distributor.client, "Baltic");
        for (maker, name) in
            [(&server.operator(), "A"), (&distributor.client, "B"), (&reseller.client, "C"), (&other.client, "D")]
        {
            bare(maker, json!({"name": name, "external_ref": name.to_lowercase()}));
        }
        assert_eq!(names(&server.operator(), ""), ["A", "B", "C", "D"]);
        assert_eq!(names(&distributor.client, ""), ["B", "C"]);
        assert_eq!(
            (names(&reseller.client, ""), names(&other.client, "")),
            (vec!["C".to_owned()], vec!["D".to_owned()])
        );
        assert_eq!(names(&distributor.client, &format!("?partner_id={}", distributor.id)), ["B"]);
        assert_eq!(names(&distributor.client, &format!("?partner_id={}", reseller.id)), ["C"]);
        assert!(names(&distributor.client, &format!("?partner_id={}", other.id)).is_empty());
        assert!(names(&distributor.client, "?external_ref=d").is_empty());
        assert_eq!(names(&server.operator(), "?external_ref=d"), ["D"]);
    }

    fn a_list_is_filtered_by_status(server: &Server) {
        let operator = server.operator();
        let [_, suspended, deleted, both] = ["A", "S", "D", "B"].map(|name| bare(&operator, json!({"name": name})));
        for path in [&suspended, &both] {
            operator.act(&format!("{path}/suspend")).expect(200);
        }
        for path in [&deleted, &both] {
            operator.delete(path).expect(200);
        }
        assert_eq!(names(&operator, "?status=active"), ["A"]);
        assert_eq!(names(&operator, "?status=suspended"), ["S"]);
        assert_eq!(names(&operator, "?status=deleting"), ["B", "D"]);
        assert_eq!(names(&operator, ""), ["A", "B", "D", "S"]);
    }

    fn suspending_and_resuming_are_receipted_and_change_nothing_twice(server: &Server) {
        let path = bare(&server.operator(), json!({"name": "Acme"}));
        let act = |action: &str| server.operator().act(&format!("{path}/{action}")).expect(200);
        let first = act("suspend");
        assert_eq!(
            (first.field("/tenant/status"), first.field("/tenant/suspended_at")),
            (json!("suspended"), json!(server.now()))
        );
        assert_eq!((first.field("/receipt/state"), first.header("etag")), (json!("confirmed"), "\"2\""));
        server.advance(TimeDelta::minutes(1));
        assert_eq!(act("suspend").json(), first.json());
        assert_eq!(act("resume").field("/tenant/suspended_at"), json!(null));
        assert_eq!(server.operator().get("/v1/audit?action=tenant.suspended").items().len(), 1);
    }

    fn a_deleted_tenant_can_be_restored_as_it_was(server: &Server) {
        let tenant = server.tenant("Acme");
        let operator = server.operator();
        operator.act(&tenant.path("/suspend")).expect(200);
        let before = operator.get(&tenant.path("")).json();
        let deleted = operator.delete(&tenant.path("")).expect(200);
        assert_eq!(
            (deleted.field("/tenant/status"), deleted.field("/tenant/delete_at")),
            (json!("deleting"), server.in_days(30))
        );
        for refused in [
            operator.delete(&tenant.path("")),
            operator.act(&tenant.path("/suspend")),
            operator.act(&tenant.path("/resume")),
            operator.patch(&tenant.path(""), json!({"name": "X"})),
        ] {
            refused.expect_problem(409, "tenant-being-deleted");
        }
        server.advance(TimeDelta::days(30) - TimeDelta::microseconds(1));
        server.service().keep_house().unwrap();
        let mut restored = operator.act(&tenant.path("/restore")).expect(200).field("/tenant");
        restored["version"] = before["version"].clone();
        assert_eq!(restored, before);
        operator.act(&tenant.path("/restore")).expect_problem(409, "tenant-not-deleted");
        operator.act(&tenant.path("/resume")).expect(200);
        server.log_in(&tenant.member.email);
    }

    fn past_its_deletion_a_tenant_is_nowhere(server: &Server) {
        let tenant = server.tenant("Acme");
        let operator = server.operator();
        operator.delete(&tenant.path("?delay_seconds=300")).expect(200);
        server.advance(TimeDelta::seconds(300));
        let never = operator.get(&format!("/v1/tenants/{NOBODY}")).expect_problem(404, "not-found").without_request();
        for is_purged in [false, true] {
            if is_purged {
                server.service().keep_house().unwrap();
                assert_eq!(operator.get("/v1/audit?action=tenant.purged").items()[0]["target"]["id"], tenant.id);
            }
            for gone in [
                operator.get(&tenant.path("")),
                operator.act(&tenant.path("/restore")),
                operator.get(&tenant.path("/users")),
                operator.get(&tenant.path("/audit")),
                operator.delete(&tenant.path("")),
            ] {
                assert_eq!(gone.without_request(), never);
            }
            assert!(names(&operator, "").is_empty() && names(&operator, "?status=deleting").is_empty());
            tenant.admin.client.get("/v1/me").expect_problem(401, "unknown-credentials");
            let log_in = json!({"email": tenant.admin.email, "password": PASSWORD});
            server.anonymous().post("/v1/sessions", log_in).expect_problem(401, "wrong-password");
        }
        assert!(!operator.get(&format!("/v1/audit?target={}", tenant.id)).items().is_empty(), "what was done stays");
        server.service().keep_house().unwrap();
        assert_eq!(operator.get("/v1/audit?action=tenant.purged").items().len(), 1);
    }

    fn many_tenants_are_purged_round_by_round(server: &Server) {
        for number in 0..25 {
            let path = bare(&server.operator(), json!({"name": format!("{number}")}));
            server.operator().delete(&format!("{path}?delay_seconds=0")).expect(200);
        }
        let purged = || server.operator().get("/v1/audit?action=tenant.purged&limit=500").items().len();
        let mut rounds = Vec::new();
        for _ in 0..3 {
            server.service().keep_house().unwrap();
            rounds.push(purged());
        }
        assert_eq!(rounds, [20, 25, 25]);
    }

    fn a_delay_has_bounds(server: &Server) {
        let path = bare(&server.operator(), json!({"name": "Acme"}));
        for wrong in ["-1", "31622401", "x", "9223372036854775807"] {
            server.operator().delete(&format!("{path}?delay_seconds={wrong}")).expect_problem(422, "invalid");
        }
        assert_eq!(server.operator().get(&path).field("/status"), "active");
        let deleted = server.operator().delete(&format!("{path}?delay_seconds=31622400")).expect(200);
        assert_eq!(deleted.field("/tenant/delete_at"), server.in_days(366));
    }

    fn a_tenants_own_people_only_read_it(server: &Server) {
        let tenant = server.tenant("Acme");
        for client in [&tenant.admin.client, &tenant.member_plus.client, &tenant.member.client] {
            client.get(&tenant.path("")).expect(200);
            for refused in [
                client.patch(&tenant.path(""), json!({"name": "X"})),
                client.delete(&tenant.path("")),
                client.act(&tenant.path("/suspend")),
                client.act(&tenant.path("/resume")),
                client.act(&tenant.path("/restore")),
            ] {
                refused.expect_problem(403, "forbidden");
            }
        }
    }

    fn who_takes_a_name_again_inherits_nothing(server: &Server) {
        server.region("waw3-1", "multi");
        let (operator, gateway) = (server.operator(), server.gateway(&["waw3-1"], &["verify"]));
        let begin = || {
            let body = json!({"name": "Acme", "external_ref": "C-1"});
            let id = operator.post("/v1/tenants", body).expect(201).text_at("/id");
            let person = server.person(&operator, &id, "admin", "ada@acme.example.org");
            let path = format!("/v1/tenants/{id}");
            person.client.put(&format!("{path}/regions/waw3-1"), json!({"service": "available"})).expect(200);
            let key = json!({"region": "waw3-1", "label": "Portal"});
            let key = person.client.post(&format!("{path}/keys"), key).expect(201);
            let token = json!({"description": "Portal", "expires_at": server.in_days(9)});
            let token = person.client.post(&format!("{path}/tokens"), token).expect(201);
            (path, person, Signer::of(&key), token.text_at("/token"))
        };
        let verify = |signer: &Signer| {
            gateway.client.post("/v1/gateway/verify", signer.request(server.now())).expect(200).text_at("/decision")
        };
        let (path, person, signer, token) = begin();
        assert_eq!(verify(&signer), "allow");
        operator.delete(&format!("{path}?delay_seconds=0")).expect(200);
        for is_purged in [false, true] {
            if is_purged {
                server.service().keep_house().unwrap();
            }
            let (again, _, other, its_token) = begin();
            assert_eq!((verify(&signer), verify(&other)), ("deny".to_owned(), "allow".to_owned()));
            for gone in [&person.client, &server.bearer(&token)] {
                gone.get("/v1/me").expect_problem(401, "unknown-credentials");
            }
            let refresh = json!({"refresh_token": person.refresh_token});
            assert_eq!(server.anonymous().post("/v1/sessions/refresh", refresh).status, 401);
            let keys = server.bearer(&its_token).get(&format!("{again}/keys")).expect(200).items();
            assert_eq!(keys.len(), 1, "its own and no other's");
            operator.delete(&format!("{again}?delay_seconds=0")).expect(200);
        }
    }

}
