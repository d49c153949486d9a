//! Retried requests: one object, one answer, for ten minutes.

use std::collections::BTreeSet;
use std::thread;

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::world::PASSWORD;
use testkit::{Answer, Client, Server, on_both_databases};

fn once(client: &Client, key: &str) -> Client {
    client.with("idempotency-key", key)
}

/// What a retry must repeat.
fn told(answer: &Answer) -> (u16, String, String, String) {
    (answer.status, answer.text.clone(), answer.header("etag").to_owned(), answer.header("location").to_owned())
}

fn delivered(client: &Client, path: &str, body: &Value) {
    client.post(path, body.clone()).expect_problem(409, "already-delivered");
}

fn token_body(server: &Server) -> Value {
    json!({"description": "Portal", "expires_at": server.in_days(30)})
}

fn invitee() -> Value {
    json!({"email": "grace@example.org", "name": "Grace", "role": "member"})
}

on_both_databases! {
    fn a_retry_gets_the_same_answer(server: &Server) {
        let operator = server.operator();
        let partner = server.partner("Nordic");
        let tenant = server.tenant("Acme");
        let token = operator.post(&tenant.path("/tokens"), token_body(server)).expect(201).text_at("/id");
        let invited =
            operator.post(&tenant.path("/users"), json!({"email": "b@example.org", "name": "B", "role": "member"}));
        let invited = invited.expect(201).text_at("/id");
        let model = json!({"name": "daily", "title": "Daily", "instances": "one", "initial_key": false, "label": "optional",
            "description": "optional", "bucket_scopes": true, "revoke": "keeps_history", "delete": "allowed", "reset": true,
            "id_prefix": "DAY", "id_length": 20, "secret_length": 40});
        let region = json!({"code": "a", "name": "A", "s3_endpoint": "https://a.example.org", "key_model": "multi"});
        for (number, (path, body)) in [
            ("/v1/regions".to_owned(), region),
            ("/v1/key-models".to_owned(), model),
            ("/v1/partners".to_owned(), json!({"name": "Southern"})),
            ("/v1/tenants".to_owned(), json!({"name": "Plain"})),
            ("/v1/tenants".to_owned(), json!({"name": "Invited", "admin": {"email": "ada@example.org"}})),
            (
                "/v1/tenants".to_owned(),
                json!({"name": "Known", "admin": {"email": "ada@example.org", "password": PASSWORD}}),
            ),
            (tenant.path("/users"), invitee()),
            (tenant.path(&format!("/users/{invited}/invite")), json!({})),
            ("/v1/operator/tokens".to_owned(), token_body(server)),
            (partner.path("/tokens"), token_body(server)),
            (tenant.path("/tokens"), token_body(server)),
            (tenant.path(&format!("/tokens/{token}/rotate")), json!({"grace_seconds": 60})),
            (tenant.path("/suspend"), json!({})),
            (tenant.path("/resume"), json!({})),
            (partner.path("/suspend"), json!({})),
            (partner.path("/resume"), json!({})),
        ]
        .into_iter()
        .enumerate()
        {
            let client = once(&operator, &format!("key-{number}"));
            let first = client.post(&path, body.clone());
            assert!((200..300).contains(&first.status), "{path}: {first}");
            let audit = operator.get("/v1/audit").text;
            server.advance(TimeDelta::seconds(20));
            assert_eq!(told(&client.post(&path, body)), told(&first), "{path}");
            assert_eq!(operator.get("/v1/audit").text, audit, "{path}");
        }
    }

    fn another_request_under_the_same_key_is_refused(server: &Server) {
        let client = once(&server.operator(), "one");
        client.post("/v1/tenants", json!({"name": "Acme"})).expect(201);
        for (path, body) in [
            ("/v1/tenants", json!({"name": "Acme "})),
            ("/v1/partners", json!({"name": "Acme"})),
            ("/v1/tenants?", json!({"name": "Acme"})),
            (
                "/v1/regions",
                json!({"code": "a", "name": "A",
            "s3_endpoint": "https://a.example.org", "key_model": "multi"}),
            ),
        ] {
            client.post(path, body).expect_problem(422, "idempotency-key-reused");
        }
        assert_eq!(server.operator().get("/v1/tenants").items().len(), 1);
        assert!(server.operator().get("/v1/partners").items().is_empty());
    }

    fn ten_minutes_later_the_answer_is_gone(server: &Server) {
        let client = once(&server.operator(), "one");
        let body = token_body(server);
        let first = client.post("/v1/operator/tokens", body.clone()).expect(201);
        server.advance(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
        assert_eq!(told(&client.post("/v1/operator/tokens", body.clone())), told(&first));
        server.advance(TimeDelta::microseconds(1));
        delivered(&client, "/v1/operator/tokens", &body);
        server.advance(TimeDelta::days(6));
        server.service().keep_house().unwrap();
        delivered(&client, "/v1/operator/tokens", &body);
        client.post("/v1/operator/tokens", json!({})).expect(422);
    }

    fn what_has_changed_is_not_delivered_again(server: &Server) {
        let operator = server.operator();
        let tenant = server.tenant("Acme");
        let changes: [fn(&Client, &str, &str); 3] = [
            |client, path, id| drop(client.delete(&format!("{path}/{id}")).expect(204)),
            |client, path, id| {
                drop(client.post(&format!("{path}/{id}/rotate"), json!({"grace_seconds": 9})).expect(201));
            },
            |client, path, id| {
                drop(client.post(&format!("{path}/{id}/rotate"), json!({"grace_seconds": 0})).expect(201));
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            let (client, path) = (once(&operator, &format!("token-{number}")), tenant.path("/tokens"));
            let made = client.post(&path, token_body(server)).expect(201);
            change(&operator, &path, &made.text_at("/id"));
            delivered(&client, &path, &token_body(server));
        }
        let client = once(&operator, "region");
        let body = json!({"code": "a", "name": "A", "s3_endpoint": "https://a.example.org", "key_model": "multi"});
        client.post("/v1/regions", body.clone()).expect(201);
        operator.patch("/v1/regions/a", json!({"name": "B"})).expect(200);
        delivered(&client, "/v1/regions", &body);
        operator.delete("/v1/regions/a").expect(204);
        delivered(&client, "/v1/regions", &body);
        let client = once(&operator, "suspend");
        client.post(&tenant.path("/suspend"), json!({})).expect(200);
        operator.act(&tenant.path("/resume")).expect(200);
        delivered(&client, &tenant.path("/suspend"), &json!({}));
        assert_eq!(operator.get(&tenant.path("")).field("/status"), "active");
    }

    fn an_invitation_that_was_opened_or_replaced_is_not_delivered_again(server: &Server) {
        let operator = server.operator();
        let tenant = server.tenant("Acme");
        let admin = json!({"name": "New", "admin": {"email": "ada@example.org"}});
        for (number, is_opened) in [true, false].into_iter().enumerate() {
            for (path, body, user, token) in [
                (
                    tenant.path("/users"),
                    json!({"email": format!("{number}@example.org"), "name": "G", "role": "member"}),
                    "",
                    "/invitation/token",
                ),
                ("/v1/tenants".to_owned(), admin.clone(), "/admin", "/admin/invitation/token"),
            ] {
                let client = once(&operator, &format!("{path}-{number}"));
                let made = client.post(&path, body.clone()).expect(201);
                if is_opened {
                    server.accept(&made.text_at(token), PASSWORD).expect(200);
                } else {
                    let (of, id) = (made.text_at(&format!("{user}/tenant_id")), made.text_at(&format!("{user}/id")));
                    operator.act(&format!("/v1/tenants/{of}/users/{id}/invite")).expect(200);
                }
                delivered(&client, &path, &body);
            }
        }
    }

    fn a_retried_tenant_has_the_admin_that_was_asked_for(server: &Server) {
        let operator = server.operator();
        let (alone, led) =
            (json!({"name": "Alone"}), json!({"name": "Led", "admin": {"email": "z@a.org", "password": PASSWORD}}));
        let first = once(&operator, "alone").post("/v1/tenants", alone.clone()).expect(201);
        let users = format!("/v1/tenants/{}/users", first.text_at("/id"));
        operator.post(&users, invitee()).expect(201);
        assert_eq!(told(&once(&operator, "alone").post("/v1/tenants", alone)), told(&first));

        let first = once(&operator, "led").post("/v1/tenants", led.clone()).expect(201);
        let users = format!("/v1/tenants/{}/users", first.text_at("/id"));
        operator
            .post(&users, json!({"email": "b@a.org", "name": "B", "role": "admin", "password": PASSWORD}))
            .expect(201);
        assert_eq!(told(&once(&operator, "led").post("/v1/tenants", led.clone())), told(&first));
        operator.delete(&format!("{users}/{}", first.text_at("/admin/id"))).expect(204);
        delivered(&once(&operator, "led"), "/v1/tenants", &led);
    }

    fn callers_do_not_share_keys(server: &Server) {
        let (partner, other) = (server.partner("Nordic"), server.partner("Southern"));
        let made = [&partner, &other].map(|partner| {
            once(&partner.client, "one").post("/v1/tenants", json!({"name": "Acme"})).expect(201).text_at("/id")
        });
        assert_ne!(made[0], made[1]);
        let second_token = partner.client.post(&partner.path("/tokens"), token_body(server)).expect(201);
        let second_token = server.bearer(&second_token.text_at("/token"));
        once(&second_token, "one").post("/v1/tenants", json!({"name": "Other"})).expect(201);
    }

    fn a_refused_request_is_not_remembered(server: &Server) {
        let operator = server.operator();
        server.region("a", "multi");
        let body = json!({"code": "a", "name": "Again", "s3_endpoint": "https://a.example.org", "key_model": "multi"});
        let client = once(&operator, "one");
        client.post("/v1/regions", body.clone()).expect_problem(409, "region-exists");
        operator.delete("/v1/regions/a").expect(204);
        client.post("/v1/regions", body).expect(201);
    }

    fn a_key_is_visible_and_short(server: &Server) {
        let body = json!({"name": "Acme"});
        for wrong in ["", "a b", "\u{e4}", &"a".repeat(256)] {
            once(&server.operator(), wrong)
                .post("/v1/tenants", body.clone())
                .expect_problem(400, "bad-idempotency-key");
        }
        let twice = once(&once(&server.operator(), "one"), "two");
        twice.post("/v1/tenants", body.clone()).expect_problem(400, "bad-idempotency-key");
        assert!(server.operator().get("/v1/tenants").items().is_empty());
        once(&server.operator(), &"~".repeat(255)).post("/v1/tenants", body).expect(201);
    }

    fn thirty_two_at_once_make_one(server: &Server) {
        let tenant = server.tenant("Acme");
        let (tokens, users) = (tenant.path("/tokens"), tenant.path("/users"));
        for (path, body) in [
            ("/v1/tenants", json!({"name": "New", "admin": {"email": "ada@example.org"}})),
            (&tokens, token_body(server)),
            (&users, invitee()),
        ] {
            let ask = || {
                // A server that is too busy says so, and to ask again.
                let mut answers = (0..100).map(|_| once(&server.operator(), path).post(path, body.clone()));
                told(&answers.find(|answer| answer.status != 503).unwrap().expect(201))
            };
            let answers: BTreeSet<_> = thread::scope(|scope| {
                let asking: Vec<_> = (0..32).map(|_| scope.spawn(ask)).collect();
                asking.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert_eq!(answers.len(), 1);
        }
        assert_eq!(server.operator().get("/v1/tenants").items().len(), 2);
        assert_eq!(server.operator().get(&tokens).items().len(), 1);
        assert_eq!(server.operator().get(&users).items().len(), 4);
    }

    fn no_secret_lies_in_the_database(server: &Server) {
        let operator = server.operator();
        let tenant = server.tenant("Acme");
        let token = once(&operator, "a-key-of-mine").post("/v1/operator/tokens", token_body(server)).expect(201);
        let user = once(&operator, "another-key").post(&tenant.path("/users"), invitee()).expect(201);
        let session = server.log_in(&tenant.admin.email).1;
        let secrets = [
            token.text_at("/token"),
            user.text_at("/invitation/token"),
            session,
            PASSWORD.to_owned(),
            "a-key-of-mine".to_owned(),
        ];
        if server.is_on_postgres() {
            for table in ["api_tokens", "invitations", "refresh_tokens", "users", "idempotent_requests", "audit_events"]
            {
                for secret in &secrets {
                    let found = format!(
                        "EXISTS (SELECT 1 FROM {table} t WHERE strpos(t::text, '{secret}') > 0 OR
                        strpos(t::text, encode('{secret}', 'hex')) > 0)"
                    );
                    server.sql(&format!("DO $$ BEGIN IF {found} THEN RAISE '{table} holds a secret'; END IF; END $$"));
                }
            }
        } else {
            let files: Vec<_> = server.files().iter().map(|file| std::fs::read(file).unwrap()).collect();
            let lies =
                |text: &str| files.iter().any(|file| file.windows(text.len()).any(|part| part == text.as_bytes()));
            assert!(lies("grace@example.org"), "what is no secret is found");
            for secret in &secrets {
                assert!(!lies(secret) && !lies(&secret[4..]), "{secret}");
            }
        }
    }
}
