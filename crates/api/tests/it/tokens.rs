//! API tokens: shown once, never wider or longer-lived than whoever made them, and dead as soon as they should be.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::{Answer, Client, Server, on_both_databases};

const ALL: [&str; 10] = [
    "tenants:read",
    "tenants:write",
    "users:write",
    "keys:read",
    "keys:write",
    "partners:write",
    "tokens:write",
    "audit:read",
    "usage:read",
    "platform:write",
];

fn body(server: &Server, days: i64) -> Value {
    json!({"description": "Portal", "expires_at": server.in_days(days)})
}

fn with(server: &Server, key: &str, value: Value) -> Value {
    let mut body = body(server, 9);
    body[key] = value;
    body
}

/// A token of the one at `path`, for whoever holds it.
fn token(server: &Server, maker: &Client, path: &str) -> Client {
    server.bearer(&maker.post(path, body(server, 9)).expect(201).text_at("/token"))
}

fn scoped(server: &Server, maker: &Client, path: &str, scopes: &[&str]) -> Client {
    server.bearer(&maker.post(path, with(server, "scopes", json!(scopes))).expect(201).text_at("/token"))
}

fn is_live(client: &Client) {
    client.get("/v1/me").expect(200);
}

fn is_dead(client: &Client, slug: &str) {
    client.get("/v1/me").expect_problem(401, slug);
    client.get("/v1/tenants").expect_problem(401, slug);
}

/// Where tokens of each level are, and how their texts begin.
fn levels(server: &Server) -> [(String, &'static str, usize); 3] {
    let (partner, tenant) = (server.partner("Nordic"), server.tenant("Acme"));
    [
        ("/v1/operator/tokens".to_owned(), "kro_", 10),
        (partner.path("/tokens"), "krp_", 9),
        (tenant.path("/tokens"), "krt_", 8),
    ]
}

fn id_of(answer: &Answer) -> String {
    answer.text_at("/id")
}

on_both_databases! {
    fn a_token_is_shown_once_on_every_level(server: &Server) {
        for (path, prefix, scopes) in levels(server) {
            let made = server.operator().post(&path, body(server, 366 - 70)).expect(201);
            let (text, id) = (made.text_at("/token"), id_of(&made));
            assert!(text.starts_with(prefix) && text.len() == 40, "{text}");
            assert_eq!(made.header("location"), format!("{path}/{id}"));
            assert_eq!(made.header("cache-control"), "no-store");
            assert_eq!(made.field("/scopes").as_array().unwrap().len(), scopes);
            assert_eq!((made.field("/last_used_at"), made.field("/allowed_addresses")), (json!(null), json!([])));
            let listed = server.operator().get(&path).expect(200);
            let found = listed.items().into_iter().find(|item| item["id"] == id).unwrap();
            let mut shown = made.json();
            shown.as_object_mut().unwrap().remove("token");
            assert_eq!(found, shown);
            assert!(!listed.text.contains(&text) && !server.operator().get("/v1/audit").text.contains(&text));
            assert_eq!(server.bearer(&text).get("/v1/me").expect(200).field("/scopes"), found["scopes"]);
        }
    }

    fn an_expiry_is_needed_and_bounded(server: &Server) {
        let admin = server.tenant("Acme").admin.client;
        let path = format!("/v1/tenants/{}/tokens", admin.get("/v1/me").text_at("/tenant_id"));
        admin.post(&path, json!({"description": "Portal"})).expect_problem(422, "invalid");
        let at = |time: TimeDelta| with(server, "expires_at", json!(server.now() + time));
        for wrong in [TimeDelta::zero(), TimeDelta::days(-1), TimeDelta::days(366) + TimeDelta::microseconds(1)] {
            assert_eq!(admin.post(&path, at(wrong)).expect_problem(422, "invalid").pointers(), ["/expires_at"]);
        }
        for right in [TimeDelta::microseconds(1), TimeDelta::days(366)] {
            admin.post(&path, at(right)).expect(201);
        }
        admin.post(&path, with(server, "expires_at", json!(null))).expect_problem(422, "invalid");
        server.advance(TimeDelta::microseconds(1));
        assert_eq!(admin.get(&path).items().len(), 1, "expired ones are left out");
    }

    fn what_is_asked_for_is_what_is_given(server: &Server) {
        let operator = server.operator();
        let reading = scoped(server, &operator, "/v1/operator/tokens", &["tenants:read"]);
        assert_eq!(reading.get("/v1/me").field("/scopes"), json!(["tenants:read"]));
        reading.get("/v1/tenants").expect(200);
        reading.post("/v1/tenants", json!({"name": "Acme"})).expect_problem(403, "forbidden");
        reading.get("/v1/audit").expect_problem(403, "forbidden");
        reading.get("/v1/operator/tokens").expect_problem(403, "forbidden");
        let refused = operator.post("/v1/operator/tokens", with(server, "scopes", json!([])));
        assert_eq!(refused.expect_problem(422, "invalid").pointers(), ["/scopes"]);
        assert_eq!(operator.get("/v1/operator/tokens").items().len(), 2);
    }

    fn a_level_has_its_own_scopes(server: &Server) {
        for (path, _, possible) in levels(server) {
            let possible = ALL.iter().filter(|scope| match possible {
                10 => true,
                9 => **scope != "platform:write",
                _ => !matches!(**scope, "platform:write" | "partners:write"),
            });
            let possible: Vec<_> = possible.collect();
            for scope in &ALL {
                let made = server.operator().post(&path, with(server, "scopes", json!([scope])));
                let expected = if possible.contains(&scope) { 201 } else { 403 };
                assert_eq!(made.status, expected, "{path} {scope} {made}");
            }
        }
    }

    fn no_token_makes_a_wider_one(server: &Server) {
        let partner = server.partner("Nordic");
        let tenant = server.tenant_of(&partner.client, "Acme").id;
        let (own, below) = (partner.path("/tokens"), format!("/v1/tenants/{tenant}/tokens"));
        for held in &ALL[..9] {
            let maker = scoped(server, &partner.client, &own, &["tokens:write", held]);
            for asked in &ALL {
                for path in [&own, &below] {
                    let made = maker.post(path, with(server, "scopes", json!([asked])));
                    let is_within = *asked == "tokens:write" || asked == held;
                    let is_possible = *path == own || *asked != "partners:write";
                    assert_eq!(
                        made.status,
                        if is_within && is_possible { 201 } else { 403 },
                        "{held} makes {asked}: {made}"
                    );
                }
            }
            let all = maker.post(&below, body(server, 9)).expect(201).field("/scopes");
            assert!(all.as_array().unwrap().iter().all(|scope| scope == held || scope == "tokens:write"), "{all}");
        }
    }

    fn no_token_makes_a_longer_lived_one(server: &Server) {
        let partner = server.partner("Nordic");
        let maker = token(server, &partner.client, &partner.path("/tokens"));
        let tenant = server.tenant_of(&partner.client, "Acme").id;
        for path in [partner.path("/tokens"), format!("/v1/tenants/{tenant}/tokens")] {
            let late =
                with(server, "expires_at", json!(server.now() + TimeDelta::days(9) + TimeDelta::microseconds(1)));
            assert_eq!(maker.post(&path, late).expect_problem(422, "invalid").pointers(), ["/expires_at"]);
            maker.post(&path, body(server, 9)).expect(201);
            let long = id_of(&partner.client.post(&path, body(server, 10)).expect(201));
            let rotate = maker.post(&format!("{path}/{long}/rotate"), json!({"grace_seconds": 0}));
            rotate.expect_problem(403, "wider-than-its-maker");
        }
    }

    fn a_token_works_from_its_networks_only(server: &Server) {
        let operator = server.operator();
        let limited =
            |networks: Value| operator.post("/v1/operator/tokens", with(server, "allowed_addresses", networks));
        for (networks, status) in [
            (json!(["127.0.0.1"]), 200),
            (json!(["203.0.113.0/24", "127.0.0.0/8"]), 200),
            (json!([]), 200),
            (json!(["203.0.113.9"]), 403),
            (json!(["::1/128", "2001:db8::/32"]), 403),
        ] {
            let made = limited(networks.clone()).expect(201);
            let client = server.bearer(&made.text_at("/token")).with("x-forwarded-for", "203.0.113.9");
            assert_eq!(client.get("/v1/me").status, status, "{networks}");
            if status == 403 {
                client.get("/v1/me").expect_problem(403, "wrong-address");
            }
        }
        assert_eq!(limited(json!(["127.0.0.1/8"])).field("/allowed_addresses"), json!(["127.0.0.0/8"]));
        for wrong in [
            json!(["x"]),
            json!(["10.0.0.0/33"]),
            json!([""]),
            json!(["::ffff:10.0.0.0/104"]),
            json!(vec!["10.0.0.1"; 33]),
        ] {
            let refused = limited(wrong).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), ["/allowed_addresses"]);
        }
        limited(json!("127.0.0.1")).expect_problem(422, "invalid");
    }

    fn no_token_makes_one_for_more_networks(server: &Server) {
        let operator = server.operator();
        let made = operator
            .post("/v1/operator/tokens", with(server, "allowed_addresses", json!(["127.0.0.0/16", "10.0.0.0/8"])));
        let maker = server.bearer(&made.expect(201).text_at("/token"));
        for wider in [json!([]), json!(["127.0.0.0/8"]), json!(["127.0.0.1", "0.0.0.0/0"]), json!(["::/0"])] {
            let refused = maker.post("/v1/operator/tokens", with(server, "allowed_addresses", wider));
            refused.expect_problem(403, "wider-than-its-maker");
        }
        for narrower in [json!(["127.0.0.0/16"]), json!(["127.0.0.1", "10.1.0.0/16"])] {
            maker.post("/v1/operator/tokens", with(server, "allowed_addresses", narrower)).expect(201);
        }
        let everywhere = id_of(&operator.post("/v1/operator/tokens", body(server, 9)).expect(201));
        let rotate = maker.post(&format!("/v1/operator/tokens/{everywhere}/rotate"), json!({"grace_seconds": 0}));
        rotate.expect_problem(403, "wider-than-its-maker");
    }

    fn a_deleted_token_is_refused_at_once(server: &Server) {
        for (path, ..) in levels(server) {
            let made = server.operator().post(&path, body(server, 9)).expect(201);
            let client = server.bearer(&made.text_at("/token"));
            is_live(&client);
            let replica = server.is_on_postgres().then(|| server.replica());
            let there = replica.as_ref().map(|replica| replica.bearer(&made.text_at("/token")));
            there.iter().for_each(is_live);
            server.operator().delete(made.header("location")).expect(204);
            is_dead(&client, "unknown-credentials");
            there.iter().for_each(|client| is_dead(client, "unknown-credentials"));
            server.operator().delete(made.header("location")).expect_problem(404, "not-found");
        }
    }

    fn a_rotated_token_overlaps_to_the_second(server: &Server) {
        for (path, ..) in levels(server) {
            let networks = with(server, "allowed_addresses", json!(["127.0.0.0/8"]));
            let old = server.operator().post(&path, networks).expect(201);
            let rotate = format!("{}/rotate", old.header("location"));
            server.operator().post(&rotate, json!({"grace_seconds": -1})).expect_problem(422, "invalid");
            server.operator().post(&rotate, json!({"grace_seconds": 2_592_001})).expect_problem(422, "invalid");
            let new = server.operator().post(&rotate, json!({"grace_seconds": 3600})).expect(201);
            assert_eq!(new.header("location"), format!("{path}/{}", id_of(&new)));
            for field in ["/description", "/scopes", "/allowed_addresses", "/expires_at"] {
                assert_eq!(new.field(field), old.field(field));
            }
            let [old, new] = [old, new].map(|made| server.bearer(&made.text_at("/token")));
            server.advance(TimeDelta::seconds(3600) - TimeDelta::microseconds(1));
            is_live(&old);
            is_live(&new);
            server.advance(TimeDelta::microseconds(1));
            is_dead(&old, "expired");
            is_live(&new);
            server.operator().post(&rotate, json!({"grace_seconds": 3600})).expect_problem(404, "not-found");
        }
    }

    fn no_rotation_outlives_what_was_granted(server: &Server) {
        let operator = server.operator();
        let old = operator.post("/v1/operator/tokens", body(server, 1)).expect(201);
        let new = operator
            .post(&format!("{}/rotate", old.header("location")), json!({"grace_seconds": 2_592_000}))
            .expect(201);
        let [old, new] = [old, new].map(|made| server.bearer(&made.text_at("/token")));
        server.advance(TimeDelta::days(1) - TimeDelta::microseconds(1));
        is_live(&old);
        is_live(&new);
        server.advance(TimeDelta::microseconds(1));
        is_dead(&old, "expired");
        is_dead(&new, "expired");
    }

    fn a_partners_token_is_refused_the_moment_it_expires_though_no_job_has_ever_run(server: &Server) {
        let distributor = server.partner("Nordic");
        let path = distributor.path("/tokens");
        let made = distributor.client.post(&path, body(server, 1)).expect(201);
        let portal = server.bearer(&made.text_at("/token"));
        let of_portal = server.bearer(&portal.post(&path, body(server, 1)).expect(201).text_at("/token"));
        let replica = server.is_on_postgres().then(|| server.replica());
        let elsewhere = replica.as_ref().map(|replica| replica.bearer(&made.text_at("/token")));
        let moves = |time: TimeDelta| {
            server.advance(time);
            replica.iter().for_each(|replica| replica.advance(time));
        };
        // Nothing of `keep_house` or `write_down_last_used` is called here, and no server of the tests runs jobs.
        moves(TimeDelta::days(1) - TimeDelta::microseconds(1));
        [&portal, &of_portal].into_iter().chain(&elsewhere).for_each(is_live);
        moves(TimeDelta::microseconds(1));
        [&portal, &of_portal].into_iter().chain(&elsewhere).for_each(|client| is_dead(client, "expired"));
        portal.post("/v1/partners", json!({"name": "Late"})).expect_problem(401, "expired");
        is_live(&distributor.client);
    }

    fn a_token_stops_with_its_partner_or_tenant_and_comes_back_with_it(server: &Server) {
        let distributor = server.partner("Nordic");
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let tenant = server.tenant_of(&reseller.client, "Acme");
        let of_tenant = token(server, &tenant.admin.client, &tenant.path("/tokens"));
        for (path, stopped, others) in [
            (distributor.path(""), vec![&distributor.client, &reseller.client, &of_tenant], vec![]),
            (reseller.path(""), vec![&reseller.client, &of_tenant], vec![&distributor.client]),
            (tenant.path(""), vec![&of_tenant], vec![&distributor.client, &reseller.client]),
        ] {
            server.operator().act(&format!("{path}/suspend")).expect(200);
            stopped.iter().for_each(|client| is_dead(client, "suspended"));
            others.iter().for_each(|client| is_live(client));
            server.operator().act(&format!("{path}/resume")).expect(200);
            stopped.iter().for_each(|client| is_live(client));
        }
        server.operator().delete(&tenant.path("")).expect(200);
        is_dead(&of_tenant, "unknown-credentials");
        server.operator().act(&tenant.path("/restore")).expect(200);
        is_live(&of_tenant);
    }

    fn a_token_stands_and_falls_with_the_admin_who_made_it(server: &Server) {
        let tenant = server.tenant("Acme");
        let path = tenant.path("/tokens");
        let second = server.person(&server.operator(), &tenant.id, "admin", "second@example.org");
        let (of_admin, of_operator) = (token(server, &second.client, &path), token(server, &server.operator(), &path));
        let user = tenant.path(&format!("/users/{}", second.id));
        for (spoil, mend) in [
            (json!({"role": "member+"}), json!({"role": "admin"})),
            (json!({"suspended": true}), json!({"suspended": false})),
        ] {
            server.operator().patch(&user, spoil).expect(200);
            of_admin.get("/v1/me").expect(401);
            is_live(&of_operator);
            server.operator().patch(&user, mend).expect(200);
            is_live(&of_admin);
        }
        server.operator().delete(&user).expect(204);
        is_dead(&of_admin, "unknown-credentials");
        server.person(&server.operator(), &tenant.id, "admin", "second@example.org");
        is_dead(&of_admin, "unknown-credentials");
        is_live(&of_operator);
    }

    fn no_token_outlives_its_maker_through_another_token(server: &Server) {
        let tenant = server.tenant("Acme");
        let path = tenant.path("/tokens");
        let second = server.person(&server.operator(), &tenant.id, "admin", "second@example.org");
        let first = second.client.post(&path, body(server, 9)).expect(201);
        let first_client = server.bearer(&first.text_at("/token"));
        let child = token(server, &first_client, &path);
        let grandchild = token(server, &child, &path);
        let rotated = first_client
            .post(&format!("{}/rotate", first.header("location")), json!({"grace_seconds": 60}))
            .expect(201);
        let rotated = server.bearer(&rotated.text_at("/token"));
        [&first_client, &child, &grandchild, &rotated].into_iter().for_each(is_live);
        server.operator().delete(&tenant.path(&format!("/users/{}", second.id))).expect(204);
        [&first_client, &child, &grandchild, &rotated]
            .into_iter()
            .for_each(|client| is_dead(client, "unknown-credentials"));
    }

    fn when_and_from_where_a_token_was_last_used_is_written_down(server: &Server) {
        let operator = server.operator();
        let made = operator.post("/v1/operator/tokens", body(server, 9)).expect(201);
        let listed =
            || operator.get("/v1/operator/tokens").items().into_iter().find(|item| item["id"] == id_of(&made)).unwrap();
        server.advance(TimeDelta::minutes(1));
        let used_at = server.now();
        is_live(&server.bearer(&made.text_at("/token")));
        server.service().write_down_last_used().unwrap();
        server.advance(TimeDelta::minutes(1));
        server.service().write_down_last_used().unwrap();
        let found = listed();
        assert_eq!((&found["last_used_at"], &found["last_used_from"]), (&json!(used_at), &json!("127.0.0.1")));
        assert_eq!(found["version"], 1);
    }

    fn a_token_acts_on_its_own_level_only(server: &Server) {
        let (partner, tenant) = (server.partner("Nordic"), server.tenant("Acme"));
        let of_tenant = token(server, &server.operator(), &tenant.path("/tokens"));
        for client in [&partner.client, &of_tenant] {
            client.get("/v1/operator/tokens").expect_problem(403, "forbidden");
            client.post("/v1/operator/tokens", body(server, 1)).expect_problem(403, "forbidden");
            client.post("/v1/regions", json!({})).expect_problem(403, "forbidden");
            client.put("/v1/me/password", json!({})).expect_problem(403, "forbidden");
        }
        of_tenant.get("/v1/partners").expect_problem(403, "forbidden");
        of_tenant.post(&partner.path("/tokens"), body(server, 1)).expect_problem(404, "not-found");
        let (kind, me) =
            (|client: &Client| client.get("/v1/me").expect(200).text_at("/kind"), partner.client.get("/v1/me"));
        assert_eq!(
            [kind(&server.operator()), kind(&partner.client), kind(&of_tenant)],
            ["operator_token", "partner_token", "tenant_token"]
        );
        assert_eq!((me.text_at("/partner_id"), me.field("/tenant_id")), (partner.id, json!(null)));
    }
}
