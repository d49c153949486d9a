use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::world::Tenant;
use testkit::{Answer, Client, Server, on_both_databases};

fn tenant(server: &Server) -> Tenant {
    server.region("waw3-1", "multi");
    let tenant = server.tenant("Acme");
    tenant.admin.client.put(&tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);
    tenant
}

fn key(client: &Client, tenant: &Tenant) -> Answer {
    client.post(&tenant.path("/keys"), json!({"region": "waw3-1", "label": "Backups"})).expect(201)
}

fn claims(tenant: &Tenant, made: &Answer) -> String {
    tenant.path(&format!("/keys/{}/claims", made.text_at("/key/id")))
}

fn link(client: &Client, tenant: &Tenant, made: &Answer) -> Answer {
    client.post(&claims(tenant, made), json!({})).expect(201)
}

fn open(server: &Server, token: &str) -> Answer {
    server.anonymous().act(&format!("/v1/claims/{token}"))
}

fn audited(tenant: &Tenant, action: &str) -> Vec<Value> {
    tenant.admin.client.get(&tenant.path(&format!("/audit?action={action}"))).expect(200).items()
}

on_both_databases! {
    fn a_claim_link_shows_the_secret_once_and_a_second_opening_is_evident(server: &Server) {
        let tenant = tenant(server);
        let made = key(&server.operator(), &tenant);
        let link = link(&server.operator(), &tenant, &made);
        let token = link.text_at("/token");
        assert_eq!(link.text_at("/url"), format!("https://keys.example.org/claim#{token}"));
        assert_eq!(link.field("/access_key_id"), made.field("/key/access_key_id"));
        assert_eq!(link.field("/expires_at"), server.in_days(7));

        let opened = open(server, &token).expect(200);
        assert_eq!(opened.field("/secret_access_key"), made.field("/secret_access_key"));
        assert_eq!(opened.field("/access_key_id"), made.field("/key/access_key_id"));
        assert_eq!(opened.field("/s3_endpoint"), made.field("/s3_endpoint"));
        assert_eq!(opened.field("/region"), "waw3-1");
        assert_eq!(opened.field("/label"), "Backups");
        assert_eq!(audited(&tenant, "key.claimed").len(), 1);
        assert!(audited(&tenant, "claim_link.reused").is_empty());

        open(server, &token).expect_problem(404, "dead-link");
        let reused = audited(&tenant, "claim_link.reused");
        assert_eq!(reused.len(), 1);
        assert_eq!(reused[0]["target"]["id"], link.field("/id"));
        assert_eq!(reused[0]["actor"]["kind"], "anonymous");
    }

    fn no_answer_and_no_audit_event_repeats_a_claim_links_token(server: &Server) {
        let tenant = tenant(server);
        let made = key(&server.operator(), &tenant);
        let token = link(&server.operator(), &tenant, &made).text_at("/token");
        open(server, &token).expect(200);
        let refused = open(server, &token).expect_problem(404, "dead-link");
        let wrong_method = server.anonymous().get(&format!("/v1/claims/{token}")).expect(405);
        let deeper = server.anonymous().act(&format!("/v1/claims/{token}/x")).expect(404);
        for answer in [refused, wrong_method, deeper] {
            assert_eq!(answer.field("/instance"), "/v1/claims/***");
            assert!(!answer.text.contains(&token), "{answer}");
        }
        let audit = tenant.admin.client.get(&tenant.path("/audit?limit=500")).expect(200).text;
        assert!(!audit.contains(&token) && !audit.contains(&made.text_at("/secret_access_key")), "{audit}");
    }

    fn only_the_maker_of_a_pair_makes_its_link_within_ten_minutes_and_only_one(server: &Server) {
        let tenant = tenant(server);
        let made = key(&tenant.member_plus.client, &tenant);
        let path = claims(&tenant, &made);
        tenant.member_plus.client.post(&path, json!({})).expect_problem(403, "forbidden");
        tenant.admin.client.post(&path, json!({})).expect_problem(409, "claim-too-late");

        let made = key(&tenant.admin.client, &tenant);
        let path = claims(&tenant, &made);
        server.operator().post(&path, json!({})).expect_problem(409, "claim-too-late");
        tenant.admin.client.post(&path, json!({})).expect(201);
        tenant.admin.client.post(&path, json!({})).expect_problem(409, "claim-exists");

        let reset = format!("/keys/{}/reset", made.text_at("/key/id"));
        tenant.admin.client.act(&tenant.path(&reset)).expect(200);
        server.advance(TimeDelta::minutes(10) - TimeDelta::seconds(1));
        let (admin, _) = server.log_in(&tenant.admin.email);
        admin.post(&path, json!({})).expect(201);
        admin.act(&tenant.path(&reset)).expect(200);
        server.advance(TimeDelta::minutes(9));
        server.advance(TimeDelta::minutes(1));
        server.log_in(&tenant.admin.email).0.post(&path, json!({})).expect_problem(409, "claim-too-late");
    }

    fn a_link_waits_for_as_long_as_it_was_told_to_and_housekeeping_may_come_before_or_not(server: &Server) {
        let tenant = tenant(server);
        let made = key(&server.operator(), &tenant);
        let path = claims(&tenant, &made);
        for wrong in [59, 0, -1, 30 * 86400 + 1, i64::MAX] {
            let refused = server.operator().post(&path, json!({"expires_in_seconds": wrong}));
            assert_eq!(refused.expect_problem(422, "invalid").pointers(), ["/expires_in_seconds"]);
        }
        let token = server.operator().post(&path, json!({"expires_in_seconds": 60})).expect(201).text_at("/token");
        let other = key(&server.operator(), &tenant);
        let other = server.operator().post(&claims(&tenant, &other), json!({"expires_in_seconds": 120})).expect(201);
        server.advance(TimeDelta::seconds(60));
        open(server, &token).expect_problem(404, "dead-link");
        server.service().keep_house().unwrap();
        open(server, &token).expect_problem(404, "dead-link");
        open(server, &other.text_at("/token")).expect(200);
    }

    fn a_link_dies_with_its_pair_its_key_its_region_and_its_tenant(server: &Server) {
        let tenant = tenant(server);
        let operator = server.operator();
        let with_link = || {
            let made = key(&operator, &tenant);
            let token = link(&operator, &tenant, &made).text_at("/token");
            (tenant.path(&format!("/keys/{}", made.text_at("/key/id"))), token)
        };
        for end in ["reset", "revoke", "disable"] {
            let (path, token) = with_link();
            operator.act(&format!("{path}/{end}")).expect(200);
            open(server, &token).expect_problem(404, "dead-link");
        }
        let (path, token) = with_link();
        operator.delete(&path).expect(200);
        open(server, &token).expect_problem(404, "dead-link");

        let (_, token) = with_link();
        operator.act(&tenant.path("/suspend")).expect(200);
        open(server, &token).expect_problem(404, "dead-link");
        operator.act(&tenant.path("/resume")).expect(200);
        operator.put(&tenant.path("/regions/waw3-1"), json!({"service": "unavailable"})).expect(200);
        open(server, &token).expect_problem(404, "dead-link");
        operator.put(&tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);
        open(server, &token).expect(200);
    }

    fn no_link_for_a_key_that_is_over_or_that_one_may_not_see(server: &Server) {
        let tenant = tenant(server);
        let made = key(&server.operator(), &tenant);
        let path = claims(&tenant, &made);
        server.partner("Elsewhere").client.post(&path, json!({})).expect_problem(404, "not-found");
        server.operator().act(&path.replace("/claims", "/revoke")).expect(200);
        server.operator().post(&path, json!({})).expect_problem(409, "key-revoked");
        let nothing = tenant.path("/keys/key_01jd0000000000000000000000/claims");
        server.operator().post(&nothing, json!({})).expect_problem(404, "not-found");
    }

    fn whatever_is_no_link_answers_like_a_dead_one(server: &Server) {
        for wrong in ["krc_", "krc_0000000000000000000000000000000000AB", "kri_x", "%00", "clm_01jd0000000000000000000000"] {
            open(server, wrong).expect_problem(404, "dead-link");
        }
    }

    fn a_retry_gets_the_same_link_until_it_is_opened(server: &Server) {
        let tenant = tenant(server);
        let made = key(&server.operator(), &tenant);
        let path = claims(&tenant, &made);
        let retrying = server.operator().with("idempotency-key", "one");
        let first = retrying.post(&path, json!({})).expect(201);
        assert_eq!(retrying.post(&path, json!({})).expect(201).text, first.text);
        open(server, &first.text_at("/token")).expect(200);
        retrying.post(&path, json!({})).expect_problem(409, "already-delivered");
    }

    fn of_eight_openings_at_once_one_succeeds(server: &Server) {
        let tenant = tenant(server);
        let made = key(&server.operator(), &tenant);
        let token = link(&server.operator(), &tenant, &made).text_at("/token");
        let opened = std::thread::scope(|scope| {
            let openings: Vec<_> = (0..8).map(|_| scope.spawn(|| open(server, &token).status)).collect();
            openings.into_iter().map(|opening| opening.join().unwrap()).filter(|status| *status == 200).count()
        });
        assert_eq!(opened, 1);
        assert_eq!(audited(&tenant, "claim_link.reused").len(), 7);
    }
}
