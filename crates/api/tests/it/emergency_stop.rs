//! The emergency stop: what its preview counts is what stops, and undoing it brings back exactly that.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::{Client, Server, on_both_databases};

const REGION: &str = "waw3-1";

fn stop(by: &Client, partner: &testkit::world::Partner) -> testkit::Answer {
    by.post(&partner.path("/emergency-stop"), json!({"reason": "The portal's token was published"}))
}

fn undo(by: &Client, partner: &testkit::world::Partner) -> testkit::Answer {
    by.act(&partner.path("/emergency-stop/undo"))
}

fn is_live(client: &Client) -> bool {
    match client.get("/v1/me").status {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

/// Whether the pair's own tenant would be told that it works.
fn works(server: &Server, tenant: &str, access_key_id: &Value) -> bool {
    let path = format!("/v1/tenants/{tenant}/keys:explain");
    server.operator().post(&path, json!({"access_key_id": access_key_id})).expect(200).field("/decision") == "allow"
}

on_both_databases! {
    fn what_the_preview_counts_is_what_stops_and_what_comes_back(server: &Server) {
        server.region(REGION, "multi");
        let distributor = server.partner("Nordic");
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let dead = server.partner_below(&distributor.client, "Suspended before");
        let below_dead = server.partner_below(&dead.client, "Below it");
        let beside = server.partner("Southern");
        let mut clients = vec![distributor.client.clone(), reseller.client.clone(), dead.client.clone(), below_dead.client.clone()];
        let mut keys: Vec<(String, Value)> = Vec::new();
        let mut tenants = Vec::new();
        for (maker, name) in [
            (&distributor, "One"), (&reseller, "Two"), (&reseller, "Asleep"), (&reseller, "Leaving"), (&below_dead, "Below"),
            (&beside, "Beside"),
        ] {
            let tenant = server.tenant_of(&maker.client, name);
            let admin = &tenant.admin.client;
            admin.put(&tenant.path(&format!("/regions/{REGION}")), json!({"service": "available"})).expect(200);
            let mut key = |fields: Value| {
                let mut body = json!({"region": REGION, "label": "K"});
                body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
                let made = admin.post(&tenant.path("/keys"), body).expect(201);
                keys.push((tenant.id.clone(), made.field("/key/access_key_id")));
                tenant.path(&format!("/keys/{}", made.text_at("/key/id")))
            };
            key(json!({}));
            let (disabled, revoked) = (key(json!({})), key(json!({})));
            key(json!({"expires_at": server.now() + TimeDelta::seconds(30)}));
            admin.act(&format!("{disabled}/disable")).expect(200);
            admin.act(&format!("{revoked}/revoke")).expect(200);
            let token = |client: &Client, days: Value| {
                let body = json!({"description": "Portal", "expires_at": days});
                server.bearer(&client.post(&tenant.path("/tokens"), body).expect(201).text_at("/token"))
            };
            let second = server.person(&server.operator(), &tenant.id, "admin", &format!("second@{}.example.org", name.to_lowercase()));
            let own = [
                token(admin, server.in_days(1)),
                token(&maker.client, json!(server.now() + TimeDelta::seconds(30))),
                token(&second.client, server.in_days(1)),
            ];
            let demoted = tenant.path(&format!("/users/{}", second.id));
            server.operator().patch(&demoted, json!({"role": "member"})).expect(200);
            let asleep = tenant.path(&format!("/users/{}", tenant.member.id));
            server.operator().patch(&asleep, json!({"suspended": true})).expect(200);
            let people = [&tenant.admin.client, &tenant.member_plus.client, &tenant.member.client, &second.client];
            if name != "Beside" {
                clients.extend(own);
                clients.extend(people.map(Clone::clone));
            }
            tenants.push(tenant);
        }
        server.operator().act(&dead.path("/suspend")).expect(200);
        server.operator().act(&tenants[2].path("/suspend")).expect(200);
        server.operator().delete(&tenants[3].path("")).expect(200);
        server.advance(TimeDelta::minutes(1));
        server.service().write_down_last_used().unwrap();

        let lives = |clients: &[Client]| clients.iter().map(is_live).collect::<Vec<_>>();
        let work = || keys.iter().map(|(tenant, id)| tenant != &tenants[3].id && works(server, tenant, id)).collect::<Vec<_>>();
        let (live_before, working_before) = (lives(&clients), work());
        let audit = server.operator().get("/v1/audit").text;
        let preview = server.operator().act(&distributor.path("/emergency-stop:preview")).expect(200);
        assert_eq!(server.operator().get("/v1/audit").text, audit, "a preview changes nothing");

        let stopped = stop(&server.operator(), &distributor).expect(200);
        assert_eq!(stopped.field("/partner/status"), "stopped");
        assert_eq!(stopped.field("/partner/emergency_stop/reason"), "The portal's token was published");
        assert_eq!(stopped.field("/receipt/state"), "confirmed");
        let (live_after, working_after) = (lives(&clients), work());
        let ended = |before: &[bool], after: &[bool]| before.iter().zip(after).filter(|(was, is)| **was && !**is).count();
        let (tokens, sessions) = (preview.field("/tokens"), preview.field("/sessions"));
        let people: usize = tokens.as_u64().unwrap() as usize + sessions.as_u64().unwrap() as usize;
        assert_eq!(people, ended(&live_before, &live_after), "{preview}");
        assert!(live_after.iter().all(|live| !live));
        assert_eq!(preview.field("/keys").as_u64().unwrap() as usize, ended(&working_before, &working_after), "{preview}");
        assert_eq!((preview.field("/partners"), preview.field("/tenants")), (json!(2), json!(2)));
        // Two tenants count. Each has one token that has not expired and whose maker is an admin still, three people who
        // are not suspended, and one key that is neither disabled, revoked nor expired. The other tokens are the partners'.
        assert_eq!((tokens, sessions, preview.field("/keys")), (json!(4), json!(6), json!(2)));
        assert!(!preview.field("/tokens_last_used_at").is_null());
        assert!(is_live(&beside.client) && working_after.last() == working_before.last());

        let nothing = server.operator().act(&distributor.path("/emergency-stop:preview")).expect(200);
        assert_eq!((nothing.field("/tenants"), nothing.field("/tokens")), (json!(0), json!(0)));
        let undone = undo(&server.operator(), &distributor).expect(200);
        assert_eq!((undone.field("/partner/status"), undone.field("/partner/emergency_stop")), (json!("active"), json!(null)));
        assert_eq!((lives(&clients), work()), (live_before.clone(), working_before.clone()));

        server.operator().act(&distributor.path("/suspend")).expect(200);
        assert_eq!((lives(&clients), work()), (live_after, working_after), "a suspension stops the same");
        server.operator().act(&distributor.path("/resume")).expect(200);
        assert_eq!((lives(&clients), work()), (live_before, working_before), "and so is it brought back");
        let events = server.operator().get(&distributor.path("/audit")).items();
        let event = |action: &str| events.iter().find(|event| event["action"] == action).unwrap().clone();
        assert_eq!(event("partner.stopped")["details"]["reason"], "The portal's token was published");
        event("partner.stop_undone");
    }

    fn what_was_suspended_before_is_suspended_after(server: &Server) {
        let partner = server.partner("Nordic");
        server.operator().act(&partner.path("/suspend")).expect(200);
        stop(&server.operator(), &partner).expect(200);
        let undone = undo(&server.operator(), &partner).expect(200);
        assert_eq!(undone.field("/partner/status"), "suspended");
        assert!(!is_live(&partner.client));
        server.operator().act(&partner.path("/resume")).expect(200);
        assert!(is_live(&partner.client));
    }

    fn only_the_level_that_stopped_and_the_operator_undo_and_only_for_a_day(server: &Server) {
        let distributor = server.partner("Nordic");
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let agent = server.partner_below(&reseller.client, "Agent");
        stop(&reseller.client, &reseller).expect_problem(403, "forbidden");
        stop(&agent.client, &reseller).expect_problem(404, "not-found");
        undo(&reseller.client, &agent).expect_problem(409, "not-stopped");

        stop(&reseller.client, &agent).expect(200);
        undo(&distributor.client, &agent).expect_problem(403, "not-your-stop");
        let taken_over = stop(&distributor.client, &agent).expect(200);
        assert_eq!(taken_over.field("/partner/emergency_stop/partner_id"), distributor.id);
        undo(&reseller.client, &agent).expect_problem(403, "not-your-stop");
        let seen = reseller.client.get(&agent.path("")).expect(200);
        assert_eq!(
            (seen.field("/emergency_stop/stopped_by"), seen.field("/emergency_stop/partner_id")),
            (json!("partner"), json!(null)),
            "who is above is not told"
        );
        stop(&reseller.client, &agent).expect(200);
        for client in [&reseller.client, &distributor.client] {
            client.act(&agent.path("/resume")).expect_problem(409, "emergency-stopped");
        }
        let body = json!({"description": "another", "expires_at": server.in_days(3)});
        let another = distributor.client.post(&distributor.path("/tokens"), body).expect(201);
        undo(&server.bearer(&another.text_at("/token")), &agent).expect(200);
        assert!(is_live(&agent.client));

        stop(&distributor.client, &agent).expect(200);
        server.advance(TimeDelta::days(1) - TimeDelta::microseconds(1));
        undo(&distributor.client.with("if-match", "\"1\""), &agent).expect_problem(412, "not-as-expected");
        server.advance(TimeDelta::microseconds(1));
        for client in [&distributor.client, &server.operator()] {
            undo(client, &agent).expect_problem(409, "undo-too-late");
        }
        distributor.client.act(&agent.path("/resume")).expect_problem(409, "emergency-stopped");
        let resumed = server.operator().act(&agent.path("/resume")).expect(200);
        assert_eq!(resumed.field("/partner/status"), "active");
        assert!(is_live(&agent.client));
    }

    fn a_stop_needs_a_reason_and_stopping_twice_changes_nothing(server: &Server) {
        let partner = server.partner("Nordic");
        for wrong in [json!({}), json!({"reason": " "}), json!({"reason": "x".repeat(501)}), json!({"reason": "a\nb"})] {
            let refused = server.operator().post(&partner.path("/emergency-stop"), wrong);
            refused.expect_problem(422, "invalid");
        }
        assert!(is_live(&partner.client));
        let first = stop(&server.operator(), &partner).expect(200);
        server.advance(TimeDelta::hours(1));
        let again = server.operator().post(&partner.path("/emergency-stop"), json!({"reason": "Another"})).expect(200);
        assert_eq!(again.json(), first.json());
    }
}
