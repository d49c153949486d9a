//! People of a tenant: added, invited, given roles, suspended and removed.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::world::{PASSWORD, Tenant};
use testkit::{Answer, Client, Server, on_both_databases};

const NOBODY: &str = "usr_01jd0000000000000000000000";

fn invite(client: &Client, tenant: &Tenant, email: &str) -> Answer {
    client.post(&tenant.path("/users"), json!({"email": email, "name": "Grace Hopper", "role": "member"})).expect(201)
}

fn accept(server: &Server, invitation: &str, password: &str) -> Answer {
    server.accept(invitation, password)
}

fn path(tenant: &Tenant, user: &str) -> String {
    tenant.path(&format!("/users/{user}"))
}

on_both_databases! {
    fn a_user_is_created_read_changed_and_deleted(server: &Server) {
        let tenant = server.tenant("Acme");
        let admin = &tenant.admin.client;
        let body = json!({"email": " Grace@Example.ORG", "name": "Grace", "role": "member+", "password": PASSWORD});
        let created = admin.post(&tenant.path("/users"), body).expect(201);
        let id = created.text_at("/id");
        assert_eq!(
            created.json(),
            json!({"id": id, "tenant_id": tenant.id, "email": "grace@example.org", "name": "Grace",
            "role": "member+", "status": "active", "created_at": server.now(), "version": 1})
        );
        assert_eq!(created.header("location"), path(&tenant, &id));
        assert_eq!(admin.get(&path(&tenant, &id)).expect(200).json(), created.json());

        let changed = admin.patch(&path(&tenant, &id), json!({"name": "Rear Admiral", "role": "admin"})).expect(200);
        assert_eq!((changed.field("/name"), changed.field("/role")), (json!("Rear Admiral"), json!("admin")));
        assert_eq!((changed.header("etag"), changed.field("/email")), ("\"2\"", json!("grace@example.org")));
        admin.delete(&path(&tenant, &id)).expect(204);
        admin.get(&path(&tenant, &id)).expect_problem(404, "not-found");
        assert_eq!(admin.get(&tenant.path("/users")).items().len(), 3);
    }

    fn an_invited_person_chooses_a_password_once(server: &Server) {
        let tenant = server.tenant("Acme");
        let invited = invite(&tenant.admin.client, &tenant, "grace@example.org");
        let token = invited.text_at("/invitation/token");
        assert_eq!((invited.field("/status"), invited.header("cache-control")), (json!("invited"), "no-store"));
        assert_eq!(invited.text_at("/invitation/url"), format!("https://keys.example.org/invitation#{token}"));
        let user = path(&tenant, &invited.text_at("/id"));
        assert!(!tenant.admin.client.get(&user).text.contains("invitation"));

        accept(server, &token, "short").expect_problem(422, "invalid");
        accept(server, &token, "grace@example.org").expect_problem(422, "invalid");
        let session = accept(server, &token, PASSWORD).expect(200);
        assert_eq!(server.bearer(&session.text_at("/access_token")).get("/v1/me").field("/role"), "member");
        server.log_in("grace@example.org");
        accept(server, &token, PASSWORD).expect_problem(404, "dead-link");
        assert_eq!(tenant.admin.client.get(&user).field("/status"), "active");
        tenant.admin.client.act(&format!("{user}/invite")).expect_problem(409, "already-joined");
    }

    fn an_invitation_lasts_seven_days_and_until_the_next(server: &Server) {
        let tenant = server.tenant("Acme");
        let invited = invite(&server.operator(), &tenant, "grace@example.org");
        let again = format!("{}/invite", path(&tenant, &invited.text_at("/id")));
        let newer = server.operator().act(&again).expect(200);
        accept(server, &invited.text_at("/invitation/token"), PASSWORD).expect_problem(404, "dead-link");
        assert_eq!(newer.field("/invitation/expires_at"), server.in_days(7));
        server.advance(TimeDelta::days(7));
        accept(server, &newer.text_at("/invitation/token"), PASSWORD).expect_problem(404, "dead-link");
        let newest = server.operator().act(&again).expect(200).text_at("/invitation/token");
        server.advance(TimeDelta::days(7) - TimeDelta::microseconds(1));
        accept(server, &newest, PASSWORD).expect(200);
    }

    fn an_invitation_counts_while_its_person_and_tenant_do(server: &Server) {
        let partner = server.partner("Nordic");
        let tenant = server.tenant_of(&partner.client, "Acme");
        let invited = invite(&server.operator(), &tenant, "grace@example.org");
        let (token, user) = (invited.text_at("/invitation/token"), path(&tenant, &invited.text_at("/id")));
        let operator = server.operator();
        for (stop, go_on) in
            [(partner.path("/suspend"), partner.path("/resume")), (tenant.path("/suspend"), tenant.path("/resume"))]
        {
            operator.act(&stop).expect(200);
            accept(server, &token, PASSWORD).expect_problem(404, "dead-link");
            operator.act(&go_on).expect(200);
        }
        operator.patch(&user, json!({"suspended": true})).expect(200);
        accept(server, &token, PASSWORD).expect_problem(404, "dead-link");
        operator.act(&format!("{user}/invite")).expect_problem(409, "user-suspended");
        operator.patch(&user, json!({"suspended": false})).expect(200);
        operator.delete(&user).expect(204);
        accept(server, &token, PASSWORD).expect_problem(404, "dead-link");
    }

    fn of_many_who_accept_at_once_one_gets_in(server: &Server) {
        let tenant = server.tenant("Acme");
        let token = invite(&server.operator(), &tenant, "grace@example.org").text_at("/invitation/token");
        let statuses: Vec<_> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..6).map(|_| scope.spawn(|| accept(server, &token, PASSWORD).status)).collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 5, "{statuses:?}");
    }

    fn an_address_has_one_account_in_a_tenant(server: &Server) {
        let (tenant, other) = (server.tenant("Acme"), server.tenant("Other"));
        for spelling in ["admin@acme.example.org", "ADMIN@acme.example.org ", " Admin@Acme.Example.Org"] {
            let body = json!({"email": spelling, "name": "A", "role": "member"});
            server.operator().post(&tenant.path("/users"), body).expect_problem(409, "email-taken");
        }
        invite(&server.operator(), &other, "admin@acme.example.org");
        assert_eq!(server.operator().get(&tenant.path("/users")).items().len(), 3);
    }

    fn the_last_admin_stays(server: &Server) {
        let tenant = server.tenant("Acme");
        let admin = path(&tenant, &tenant.admin.id);
        let operator = server.operator();
        let invited = json!({"email": "second@example.org", "name": "Second", "role": "admin"});
        let second = operator.post(&tenant.path("/users"), invited).expect(201).text_at("/id");
        let refused = |client: &Client| {
            client.patch(&admin, json!({"role": "member+"})).expect_problem(409, "last-admin");
            client.patch(&admin, json!({"suspended": true})).expect_problem(409, "last-admin");
            client.delete(&admin).expect_problem(409, "last-admin");
        };
        refused(&operator);
        operator.patch(&admin, json!({"name": "Ada", "role": "admin", "suspended": false})).expect(200);
        operator.delete(&path(&tenant, &second)).expect(204);
        let third = server.person(&operator, &tenant.id, "admin", "third@example.org");
        operator.patch(&path(&tenant, &third.id), json!({"suspended": true})).expect(200);
        refused(&operator);
        operator.patch(&path(&tenant, &third.id), json!({"suspended": false})).expect(200);
        third.client.get("/v1/me").expect(401);
        operator.delete(&admin).expect(204);
    }

    fn two_admins_who_remove_each_other_leave_one(server: &Server) {
        let tenant = server.tenant("Acme");
        let second = server.person(&server.operator(), &tenant.id, "admin", "second@example.org");
        let (first, other) = (path(&tenant, &tenant.admin.id), path(&tenant, &second.id));
        std::thread::scope(|scope| {
            scope.spawn(|| tenant.admin.client.patch(&other, json!({"role": "member"})));
            scope.spawn(|| second.client.patch(&first, json!({"role": "member"})));
        });
        let users = server.operator().get(&tenant.path("/users")).items();
        assert_eq!(users.iter().filter(|user| user["role"] == "admin").count(), 1);
    }

    fn nobody_changes_their_own_standing(server: &Server) {
        let tenant = server.tenant("Acme");
        server.person(&server.operator(), &tenant.id, "admin", "second@example.org");
        let own = path(&tenant, &tenant.admin.id);
        let admin = &tenant.admin.client;
        for body in [
            json!({"role": "member"}),
            json!({"role": "admin"}),
            json!({"suspended": true}),
            json!({"suspended": false}),
        ] {
            admin.patch(&own, body).expect_problem(409, "oneself");
        }
        admin.delete(&own).expect_problem(409, "oneself");
        assert_eq!(admin.patch(&own, json!({"name": "Ada"})).expect(200).field("/name"), "Ada");
        for fixed in ["id", "email", "tenant_id", "status", "version", "created_at", "password"] {
            let refused = admin.patch(&own, json!({fixed: "x"})).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), [format!("/{fixed}")]);
        }
    }

    fn only_admins_manage_people(server: &Server) {
        let tenant = server.tenant("Acme");
        let own = path(&tenant, &tenant.member.id);
        for client in [&tenant.member.client, &tenant.member_plus.client] {
            client.get(&tenant.path("/users")).expect_problem(403, "forbidden");
            client.get(&own).expect_problem(403, "forbidden");
            client.get(&path(&tenant, NOBODY)).expect_problem(403, "forbidden");
            client.post(&tenant.path("/users"), json!({})).expect_problem(403, "forbidden");
            client.patch(&own, json!({"role": "admin"})).expect_problem(403, "forbidden");
            client.delete(&own).expect_problem(403, "forbidden");
            client.get(&tenant.path("/tokens")).expect_problem(403, "forbidden");
            client.get(&tenant.path("/audit")).expect_problem(403, "forbidden");
            client.get(&tenant.path("")).expect(200);
        }
    }

    fn in_a_tenant_that_is_being_deleted_nobody_is_changed(server: &Server) {
        let tenant = server.tenant("Acme");
        let user = path(&tenant, &tenant.member.id);
        let operator = server.operator();
        operator.delete(&tenant.path("")).expect(200);
        let body = json!({"email": "a@example.org", "name": "A", "role": "member"});
        operator.post(&tenant.path("/users"), body).expect_problem(409, "tenant-being-deleted");
        operator.patch(&user, json!({"name": "A"})).expect_problem(409, "tenant-being-deleted");
        operator.delete(&user).expect_problem(409, "tenant-being-deleted");
        operator.act(&format!("{user}/invite")).expect_problem(409, "tenant-being-deleted");
        assert_eq!(operator.get(&user).expect(200).field("/version"), 1);
    }

    fn odd_input_is_refused(server: &Server) {
        let tenant = server.tenant("Acme");
        let good = json!({"email": "a@example.org", "name": "A", "role": "member", "password": PASSWORD});
        for (key, value) in [
            ("email", json!("a")),
            ("email", json!("a@b@c")),
            ("email", json!("a b@example.org")),
            ("email", json!("a@\u{0}.org")),
            ("name", json!(" ")),
            ("name", json!("a\nb")),
            ("name", json!("a".repeat(201))),
            ("role", json!("owner")),
            ("role", json!("Admin")),
            ("password", json!("123456789")),
            ("password", json!("a".repeat(257))),
            ("password", json!("A@example.org")),
            ("id", json!("usr_1")),
        ] {
            let mut body = good.clone();
            body[key] = value;
            let refused = server.operator().post(&tenant.path("/users"), body).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), [format!("/{key}")]);
        }
        for id in
            [NOBODY, "x", &tenant.id, "usr_%00", "usr_01JD0000000000000000000000", &format!("{}0", tenant.member.id)]
        {
            server.operator().get(&path(&tenant, id)).expect_problem(404, "not-found");
        }
        let unchanged: Vec<Value> = server.operator().get(&tenant.path("/users")).items();
        assert_eq!(unchanged.len(), 3);
    }
}
