//! People come in, stay for a while, and are out at once when somebody says so.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::world::{PASSWORD, Person, Tenant};
use testkit::{Answer, Client, Server, on_both_databases};

fn log_in(server: &Server, email: &str, password: &str) -> Answer {
    server.anonymous().post("/v1/sessions", json!({"email": email, "password": password}))
}

fn refresh(server: &Server, token: &str) -> Answer {
    server.anonymous().post("/v1/sessions/refresh", json!({"refresh_token": token}))
}

/// Refused here and on another replica, at the very next request.
fn is_out(server: &Server, client: &Client, token: &str, slug: &str) {
    client.get("/v1/me").expect_problem(401, slug);
    client.post("/v1/tenants", json!({})).expect_problem(401, slug);
    refresh(server, token).expect(401);
}

fn is_in(client: &Client) {
    client.get("/v1/me").expect(200);
}

/// Clients with the same credentials on another replica, where there can be one.
fn elsewhere(server: &Server, session: &Value) -> Option<(Server, Client)> {
    server.is_on_postgres().then(|| {
        let replica = server.replica();
        let client = replica.bearer(session["access_token"].as_str().unwrap());
        (replica, client)
    })
}

/// Somebody does something, and a person who was in is out, wherever they ask; and in again when it is undone.
fn stops(server: &Server, email: &str, act: impl Fn() -> Answer, undo: Option<&dyn Fn() -> Answer>) {
    let session = log_in(server, email, PASSWORD).expect(200).json();
    let client = server.bearer(session["access_token"].as_str().unwrap());
    let elsewhere = elsewhere(server, &session);
    is_in(&client);
    if let Some((_, there)) = &elsewhere {
        is_in(there);
    }
    let done = act();
    assert!((200..300).contains(&done.status), "{done}");
    if let Some((replica, there)) = &elsewhere {
        there.get("/v1/me").expect(401);
        refresh(replica, session["refresh_token"].as_str().unwrap()).expect(401);
    }
    client.get("/v1/me").expect(401);
    refresh(server, session["refresh_token"].as_str().unwrap()).expect(401);
    log_in(server, email, PASSWORD).expect(401);
    if let Some(undo) = undo {
        undo().expect(200);
        is_in(&client);
        refresh(server, session["refresh_token"].as_str().unwrap()).expect(200);
    }
}

fn change(server: &Server, tenant: &Tenant, user: &str, body: Value) -> Answer {
    server.operator().patch(&tenant.path(&format!("/users/{user}")), body).expect(200)
}

on_both_databases! {
    fn a_person_comes_in_and_is_who_they_are(server: &Server) {
        let tenant = server.tenant("Acme");
        let session = log_in(server, " Member+@Acme.Example.ORG ", PASSWORD).expect(200);
        assert_eq!((session.field("/token_type"), session.field("/expires_in")), (json!("Bearer"), json!(600)));
        let me = server.bearer(&session.text_at("/access_token")).get("/v1/me").expect(200).json();
        let expires_at = server.now() + TimeDelta::minutes(10);
        assert_eq!(
            me,
            json!({"kind": "user", "id": tenant.member_plus.id, "tenant_id": tenant.id, "partner_id": null,
            "role": "member+", "scopes": null, "expires_at": expires_at})
        );
    }

    fn a_session_lasts_ten_minutes_and_goes_on_by_refreshing(server: &Server) {
        let tenant = server.tenant("Acme");
        let (first, token) = server.log_in(&tenant.member.email);
        server.advance(TimeDelta::minutes(10) - TimeDelta::seconds(1));
        is_in(&first);
        server.advance(TimeDelta::seconds(1));
        first.get("/v1/me").expect_problem(401, "expired");
        let next = refresh(server, &token).expect(200);
        is_in(&server.bearer(&next.text_at("/access_token")));
        assert_ne!(next.text_at("/refresh_token"), token);
        first.get("/v1/me").expect_problem(401, "expired");
    }

    fn a_refresh_token_that_comes_twice_ends_everything(server: &Server) {
        let tenant = server.tenant("Acme");
        let (first, token) = server.log_in(&tenant.member.email);
        let (bystander, _) = server.log_in(&tenant.member.email);
        let second = refresh(server, &token).expect(200);
        let client = server.bearer(&second.text_at("/access_token"));
        is_in(&first);
        is_in(&client);
        refresh(server, &token).expect_problem(401, "unknown-credentials");
        is_out(server, &client, &second.text_at("/refresh_token"), "expired");
        is_out(server, &first, &token, "expired");
        is_in(&bystander);
        let seen = tenant.admin.client.get(&tenant.path("/audit?action=refresh_token.reused")).expect(200);
        assert_eq!(seen.items().len(), 1);
    }

    fn of_two_refreshes_at_once_one_wins_and_the_session_ends(server: &Server) {
        let tenant = server.tenant("Acme");
        let (first, token) = server.log_in(&tenant.member.email);
        let answers: Vec<_> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| refresh(server, &token))).collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        is_out(server, &server.bearer(&won[0].text_at("/access_token")), &won[0].text_at("/refresh_token"), "expired");
        is_out(server, &first, &token, "expired");
    }

    fn a_session_that_nobody_refreshes_ends_after_seven_days(server: &Server) {
        let tenant = server.tenant("Acme");
        let (_, token) = server.log_in(&tenant.member.email);
        server.advance(TimeDelta::days(7) - TimeDelta::microseconds(1));
        let token = refresh(server, &token).expect(200).text_at("/refresh_token");
        server.advance(TimeDelta::days(7));
        refresh(server, &token).expect_problem(401, "expired");
    }

    fn no_refresh_makes_a_session_last_longer_than_thirty_days(server: &Server) {
        let tenant = server.tenant("Acme");
        let (_, mut token) = server.log_in(&tenant.member.email);
        for _ in 0..5 {
            server.advance(TimeDelta::days(6) - TimeDelta::minutes(1));
            token = refresh(server, &token).expect(200).text_at("/refresh_token");
        }
        let last = refresh(server, &token).expect(200);
        assert_eq!(last.field("/expires_in"), 300);
        server.advance(TimeDelta::minutes(5) - TimeDelta::microseconds(1));
        refresh(server, &last.text_at("/refresh_token")).expect(200);
        server.advance(TimeDelta::microseconds(1));
        is_out(server, &server.bearer(&last.text_at("/access_token")), &last.text_at("/refresh_token"), "expired");
    }

    fn logging_out_ends_this_session_only(server: &Server) {
        let tenant = server.tenant("Acme");
        let (client, token) = server.log_in(&tenant.member.email);
        client.delete("/v1/sessions/current").expect(204);
        is_out(server, &client, &token, "expired");
        is_in(&tenant.member.client);
        server.operator().delete("/v1/sessions/current").expect_problem(403, "forbidden");
    }

    fn nobody_learns_who_has_an_account(server: &Server) {
        let tenant = server.tenant("Acme");
        let invited = json!({"email": "invited@example.org", "name": "I", "role": "member"});
        server.operator().post(&tenant.path("/users"), invited).expect(201);
        server
            .operator()
            .patch(&tenant.path(&format!("/users/{}", tenant.member_plus.id)), json!({"suspended": true}))
            .expect(200);
        let told = |email: &str| {
            let refused = log_in(server, email, "wrong horse").expect_problem(401, "wrong-password");
            let text = refused.text.replace(refused.header("x-request-id"), "");
            (text, refused.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>())
        };
        let nobody = told("nobody@example.org");
        for email in [&tenant.member.email, &tenant.member_plus.email, "invited@example.org"] {
            assert_eq!(told(email), nobody);
        }
        let elsewhere =
            json!({"email": tenant.member.email, "password": PASSWORD, "tenant_id": "ten_01jd0000000000000000000000"});
        server.anonymous().post("/v1/sessions", elsewhere).expect_problem(401, "wrong-password");
    }

    fn ten_wrong_passwords_make_an_account_pause(server: &Server) {
        let tenant = server.tenant("Acme");
        for email in [tenant.member.email.as_str(), "nobody@example.org"] {
            let (shouted, spaced) = (email.to_uppercase(), format!(" {email} "));
            for spelling in [email, &shouted, &spaced].iter().cycle().take(10) {
                log_in(server, spelling, "wrong horse").expect_problem(401, "wrong-password");
            }
            for spelling in [email, &shouted, &spaced] {
                let refused = log_in(server, spelling, PASSWORD).expect_problem(429, "too-many-requests");
                assert_eq!(refused.header("retry-after"), "1");
            }
            server.advance(TimeDelta::seconds(1));
            log_in(server, email, "wrong horse").expect_problem(401, "wrong-password");
            assert_eq!(log_in(server, email, PASSWORD).expect(429).header("retry-after"), "2");
        }
        log_in(server, &tenant.admin.email, PASSWORD).expect(200);
        server.advance(TimeDelta::seconds(2));
        log_in(server, &tenant.member.email, PASSWORD).expect(200);
        log_in(server, &tenant.member.email, "wrong horse").expect(401);
        log_in(server, &tenant.member.email, PASSWORD).expect(200);
    }

    fn a_pause_grows_to_a_quarter_of_an_hour_and_survives_a_restart(server: &Server) {
        let mut pauses = Vec::new();
        for _ in 0..22 {
            let refused = log_in(server, "nobody@example.org", "wrong horse");
            if refused.status == 429 {
                let pause: i64 = refused.header("retry-after").parse().unwrap();
                pauses.push(pause);
                let replica = server.replica();
                assert_eq!(
                    log_in(&replica, "nobody@example.org", "x").expect(429).header("retry-after"),
                    pause.to_string()
                );
                server.advance(TimeDelta::seconds(pause));
                log_in(server, "nobody@example.org", "wrong horse").expect(401);
            }
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    fn a_wrong_current_password_counts_like_one_at_log_in(server: &Server) {
        let tenant = server.tenant("Acme");
        let (person, email) = (&tenant.member.client, tenant.member.email.as_str());
        let change = |current: &str| {
            person.put("/v1/me/password", json!({"current_password": current, "new_password": "a new password"}))
        };
        for _ in 0..5 {
            assert_eq!(change("wrong horse").expect_problem(422, "invalid").pointers(), ["/current_password"]);
            log_in(server, email, "wrong horse").expect_problem(401, "wrong-password");
        }
        for refused in [change(PASSWORD), change("wrong horse"), log_in(server, email, PASSWORD)] {
            assert_eq!(refused.expect_problem(429, "too-many-requests").header("retry-after"), "1");
        }
        tenant.member_plus.client.put("/v1/me/password", json!({"current_password": "x", "new_password": "y"})).expect(422);
        server.advance(TimeDelta::seconds(1));
        change("wrong horse").expect(422);
        assert_eq!(change(PASSWORD).expect(429).header("retry-after"), "2");
        log_in(server, email, PASSWORD).expect(429);
        server.advance(TimeDelta::seconds(2));
        change(PASSWORD).expect(204);
        // Whoever knew it starts anew.
        for _ in 0..9 {
            change("wrong horse").expect(422);
        }
        log_in(server, email, "a new password").expect(200);
    }

    fn a_password_that_changes_during_a_log_in_begins_no_session(server: &Server) {
        let tenant = server.tenant("Acme");
        let change = json!({"current_password": PASSWORD, "new_password": "a new password"});
        tenant.member_plus.client.put("/v1/me/password", change.clone()).expect(204);
        let sessions = || tenant.admin.client.get(&tenant.path("/audit?action=session.started")).expect(200).items().len();
        let before = sessions();
        let as_of = |other: &Person| {
            let hash = format!("(SELECT password_hash FROM users WHERE id = '{}')", other.id);
            let id = &tenant.member.id;
            format!("UPDATE users SET password_hash = {hash}, version = version + 1 WHERE id = '{id}'")
        };
        // Somebody else holds the tenant's chain, and ends when the old password has been read and is being checked. Where that
        // takes longer, it is the new one that is read, which is not the one that is said either.
        let overtaken = |ask: &(dyn Fn() -> Answer + Sync)| {
            let changed = as_of(&tenant.member_plus);
            let end = server.sql_begun(&format!("UPDATE audit_chains SET sequence = sequence; {changed}"));
            let answer = std::thread::scope(|scope| {
                let asked = scope.spawn(ask);
                let began = Instant::now();
                while began.elapsed() < Duration::from_millis(100) {
                    std::thread::park_timeout(Duration::from_millis(10));
                }
                end();
                asked.join().unwrap()
            });
            server.sql(&as_of(&tenant.admin));
            answer
        };
        overtaken(&|| log_in(server, &tenant.member.email, PASSWORD)).expect_problem(401, "wrong-password");
        let refused = overtaken(&|| tenant.member.client.put("/v1/me/password", change.clone()));
        assert_eq!(refused.expect_problem(422, "invalid").pointers(), ["/current_password"]);
        assert_eq!(sessions(), before);
        log_in(server, &tenant.member.email, PASSWORD).expect(200);
    }

    fn no_session_of_the_old_password_outlives_it(server: &Server) {
        let tenant = server.tenant("Acme");
        let begun = std::thread::scope(|scope| {
            let coming = || (0..4).map(|_| log_in(server, &tenant.member.email, PASSWORD)).collect::<Vec<_>>();
            let coming: Vec<_> = (0..3).map(|_| scope.spawn(coming)).collect();
            let change = json!({"current_password": PASSWORD, "new_password": "a new password"});
            tenant.member.client.put("/v1/me/password", change).expect(204);
            coming.into_iter().flat_map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        for session in begun.iter().filter(|answer| answer.status == 200) {
            server.bearer(&session.text_at("/access_token")).get("/v1/me").expect(401);
            refresh(server, &session.text_at("/refresh_token")).expect(401);
        }
        is_in(&tenant.member.client);
    }

    fn nobody_is_crowded_out_by_accounts_that_come_later(server: &Server) {
        let tenant = server.tenant("Acme");
        let email = &tenant.member.email;
        let elsewhere = |name: String, password: Option<&str>| {
            server.advance(TimeDelta::seconds(1));
            let other = server.operator().post("/v1/tenants", json!({"name": name})).expect(201).text_at("/id");
            let mut body = json!({"email": email, "name": "M", "role": "admin"});
            if let Some(password) = password {
                body["password"] = json!(password);
            }
            server.operator().post(&format!("/v1/tenants/{other}/users"), body).expect(201);
            other
        };
        for number in 0..6 {
            elsewhere(format!("Crowd {number}"), Some("another battery staple"));
        }
        log_in(server, email, PASSWORD).expect(200);
        // Some of the crowd are within the four; whoever is not says where they belong.
        let last = elsewhere("Last".to_owned(), Some("a third battery staple"));
        let refused = log_in(server, email, "a third battery staple").expect_problem(401, "wrong-password");
        assert!(refused.text_at("/detail").contains("tenant_id"));
        let nobody = log_in(server, "nobody@example.org", "a third battery staple").expect(401);
        assert_eq!(refused.without_request(), nobody.without_request());
        let body = json!({"email": email, "password": "a third battery staple", "tenant_id": last});
        server.anonymous().post("/v1/sessions", body).expect(200);
    }

    fn whoever_never_joined_is_in_nobodys_way(server: &Server) {
        let email = "ada@example.org";
        let tenants: Vec<_> = (0..6)
            .map(|number| {
                server.advance(TimeDelta::seconds(1));
                let body = json!({"name": format!("Tenant {number}"), "admin": {"email": email}});
                server.operator().post("/v1/tenants", body).expect(201)
            })
            .collect();
        log_in(server, email, PASSWORD).expect_problem(401, "wrong-password");
        let invitation = tenants[2].text_at("/admin/invitation/token");
        server.accept(&invitation, PASSWORD).expect(200);
        let session = log_in(server, email, PASSWORD).expect(200);
        let me = server.bearer(&session.text_at("/access_token")).get("/v1/me").expect(200);
        assert_eq!(me.text_at("/tenant_id"), tenants[2].text_at("/id"));
    }

    fn somebody_with_several_accounts_says_which(server: &Server) {
        let (one, other) = (server.tenant("Acme"), server.tenant("Other"));
        let body = json!({"email": one.member.email, "name": "M", "role": "admin", "password": PASSWORD});
        server.operator().post(&other.path("/users"), body).expect(201);
        let refused = log_in(server, &one.member.email, PASSWORD).expect_problem(409, "several-accounts");
        assert!(refused.text.contains(&one.id) && refused.text.contains(&other.id));
        for tenant in [&one, &other] {
            let body = json!({"email": one.member.email, "password": PASSWORD, "tenant_id": tenant.id});
            let session = server.anonymous().post("/v1/sessions", body).expect(200);
            assert_eq!(server.bearer(&session.text_at("/access_token")).get("/v1/me").field("/tenant_id"), tenant.id);
        }
        server.operator().delete(&other.path("?delay_seconds=0")).expect(200);
        log_in(server, &one.member.email, PASSWORD).expect(200);
    }

    fn a_suspended_person_is_out_and_comes_back_by_logging_in(server: &Server) {
        let tenant = server.tenant("Acme");
        stops(
            server,
            &tenant.member.email,
            || change(server, &tenant, &tenant.member.id, json!({"suspended": true})),
            None,
        );
        log_in(server, &tenant.member.email, PASSWORD).expect_problem(401, "suspended");
        change(server, &tenant, &tenant.member.id, json!({"suspended": false}));
        tenant.member.client.get("/v1/me").expect(401);
        log_in(server, &tenant.member.email, PASSWORD).expect(200);
    }

    fn a_suspended_tenant_is_out_until_it_is_resumed(server: &Server) {
        let tenant = server.tenant("Acme");
        let act = |action: &str| server.operator().act(&tenant.path(action));
        stops(server, &tenant.member.email, || act("/suspend"), Some(&|| act("/resume")));
    }

    fn a_deleted_tenant_is_out_until_it_is_restored(server: &Server) {
        let tenant = server.tenant("Acme");
        let restore = || server.operator().act(&tenant.path("/restore"));
        stops(server, &tenant.member.email, || server.operator().delete(&tenant.path("")), Some(&restore));
    }

    fn below_a_suspended_partner_everybody_is_out_until_it_is_resumed(server: &Server) {
        let distributor = server.partner("Nordic");
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let tenant = server.tenant_of(&reseller.client, "Acme");
        for partner in [&distributor, &reseller] {
            let act = |action: &str| server.operator().act(&partner.path(action));
            stops(server, &tenant.member.email, || act("/suspend"), Some(&|| act("/resume")));
        }
    }

    fn a_deleted_person_is_out_and_whoever_follows_is_somebody_else(server: &Server) {
        let tenant = server.tenant("Acme");
        let path = tenant.path(&format!("/users/{}", tenant.member.id));
        stops(server, &tenant.member.email, || server.operator().delete(&path), None);
        let again = server.person(&server.operator(), &tenant.id, "member", &tenant.member.email);
        assert_ne!(again.id, tenant.member.id);
        is_out(server, &tenant.member.client, &tenant.member.refresh_token, "unknown-credentials");
        is_in(&again.client);
    }

    fn a_role_counts_at_the_next_request(server: &Server) {
        let tenant = server.tenant("Acme");
        let session = log_in(server, &tenant.admin.email, PASSWORD).expect(200).json();
        let there = elsewhere(server, &session);
        let admin = server.bearer(session["access_token"].as_str().unwrap());
        for (role, status) in [("member+", 403), ("member", 403), ("admin", 200)] {
            let other = tenant.path("/users");
            if role == "member+" {
                server.person(&server.operator(), &tenant.id, "admin", "second@example.org");
            }
            change(server, &tenant, &tenant.admin.id, json!({"role": role}));
            admin.get(&other).expect(status);
            if let Some((_, there)) = &there {
                there.get(&other).expect(status);
            }
            assert_eq!(admin.get("/v1/me").field("/role"), role);
        }
    }

    fn a_new_password_ends_every_other_session(server: &Server) {
        let tenant = server.tenant("Acme");
        let (here, token) = server.log_in(&tenant.member.email);
        let (there, there_token) = server.log_in(&tenant.member.email);
        let change = |current: &str, new: &str| {
            here.put("/v1/me/password", json!({"current_password": current, "new_password": new}))
        };
        assert_eq!(
            change("wrong horse", "a new password").expect_problem(422, "invalid").pointers(),
            ["/current_password"]
        );
        for weak in ["short", "aaaaaaaaaaaa", "Password1234", &tenant.member.email] {
            assert_eq!(change(PASSWORD, weak).expect_problem(422, "invalid").pointers(), ["/new_password"]);
        }
        is_in(&there);
        change(PASSWORD, "a new password").expect(204);
        is_out(server, &there, &there_token, "expired");
        is_in(&here);
        refresh(server, &token).expect(200);
        log_in(server, &tenant.member.email, PASSWORD).expect_problem(401, "wrong-password");
        log_in(server, &tenant.member.email, "a new password").expect(200);
        is_in(&tenant.admin.client);
    }

    fn a_refresh_token_is_nothing_else(server: &Server) {
        let tenant = server.tenant("Acme");
        for wrong in
            ["", "x", "krr_x", "null", &tenant.member.refresh_token[..39], &format!("{}0", tenant.member.refresh_token)]
        {
            refresh(server, wrong).expect_problem(401, "unknown-credentials");
        }
        server.accept(&tenant.member.refresh_token, "a new password").expect_problem(404, "dead-link");
        refresh(server, &tenant.member.refresh_token).expect(200);
    }
}
