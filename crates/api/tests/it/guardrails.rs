//! Guardrails: laid on a partner from above, strictest wins, and nobody below gets around them.

use chrono::TimeDelta;
use serde_json::{Value, json};
use testkit::world::{Partner, Tenant};
use testkit::{Answer, Client, Server, on_both_databases};

const REGION: &str = "waw3-1";
const DAY: i64 = 86_400;

/// A distributor, its reseller, and a customer of that one.
struct Tree {
    distributor: Partner,
    reseller: Partner,
    tenant: Tenant,
}

impl Tree {
    fn of(server: &Server, key_model: &str) -> Self {
        server.region(REGION, key_model);
        let distributor = server.partner("Nordic");
        let reseller = server.partner_below(&distributor.client, "Baltic");
        let tenant = server.tenant_of(&reseller.client, "Acme");
        Self { distributor, reseller, tenant }
    }

    /// The same with the region available.
    fn at_work(server: &Server, key_model: &str) -> Self {
        let tree = Self::of(server, key_model);
        tree.offer(&tree.tenant.admin.client).expect(200);
        tree
    }

    fn offer(&self, by: &Client) -> Answer {
        by.put(&self.tenant.path(&format!("/regions/{REGION}")), json!({"service": "available"}))
    }

    fn ask(&self, by: &Client, fields: Value) -> Answer {
        let mut body = json!({"region": REGION, "label": "Backups"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        by.post(&self.tenant.path("/keys"), body)
    }

    fn key(&self, made: &Answer) -> String {
        self.tenant.path(&format!("/keys/{}", made.text_at("/key/id")))
    }
}

fn lay(server: &Server, on: &Partner, guardrails: Value) -> Answer {
    server.operator().patch(&on.path(""), json!({"guardrails": guardrails}))
}

fn dry_run(by: &Client, on: &Partner, guardrails: Value) -> Answer {
    by.post(&on.path("/guardrails:dry-run"), json!({"guardrails": guardrails}))
}

on_both_databases! {
    fn the_strictest_on_the_path_is_in_force_and_shown(server: &Server) {
        let tree = Tree::of(server, "multi");
        server.region("fra1-1", "multi");
        lay(server, &tree.distributor, json!({"max_ttl_seconds": 90 * DAY, "allowed_regions": [REGION, "fra1-1"]})).expect(200);
        let laid = json!({"max_ttl_seconds": 30 * DAY, "require_bucket_scope": true});
        let body = json!({"guardrails": laid});
        let shown = tree.distributor.client.patch(&tree.reseller.path(""), body).expect(200);
        assert_eq!(shown.field("/guardrails/max_ttl_seconds"), 30 * DAY);
        assert_eq!(shown.field("/guardrails/allowed_regions"), json!(null));
        let effective = json!({"max_ttl_seconds": 30 * DAY, "require_expiry": false, "require_bucket_scope": true,
            "allowed_regions": ["fra1-1", REGION], "allowed_key_models": null, "max_keys_per_tenant": null,
            "partners_may_not_see_secrets": false});
        assert_eq!(shown.field("/effective_guardrails"), effective);
        assert_eq!(tree.reseller.client.get(&tree.reseller.path("")).field("/effective_guardrails"), effective);
        let listed = server.operator().get("/v1/partners").items();
        let found = listed.iter().find(|partner| partner["id"] == tree.reseller.id).unwrap();
        assert_eq!(found["effective_guardrails"], effective);

        lay(server, &tree.distributor, json!({"max_ttl_seconds": 7 * DAY})).expect(200);
        let now = tree.reseller.client.get(&tree.reseller.path(""));
        assert_eq!(now.field("/effective_guardrails/max_ttl_seconds"), 7 * DAY, "tightened above");
        lay(server, &tree.distributor, json!(null)).expect(200);
        let now = tree.reseller.client.get(&tree.reseller.path(""));
        assert_eq!(now.field("/effective_guardrails/max_ttl_seconds"), 30 * DAY);
        let audit = server.operator().get(&tree.distributor.path("/audit?action=partner.guardrails_changed")).items();
        assert_eq!(audit.len(), 4, "of the reseller, too");
    }

    fn a_child_cannot_loosen_and_is_told_what_holds(server: &Server) {
        let tree = Tree::of(server, "multi");
        server.region("fra1-1", "pair");
        let above = json!({"max_ttl_seconds": 90 * DAY, "max_keys_per_tenant": 5, "allowed_regions": [REGION],
            "allowed_key_models": ["multi"]});
        lay(server, &tree.distributor, above).expect(200);
        let looser = json!({"max_ttl_seconds": 91 * DAY, "max_keys_per_tenant": 6, "allowed_regions": [REGION, "fra1-1"],
            "allowed_key_models": ["pair"]});
        let before = tree.reseller.client.get(&tree.reseller.path("")).json();
        let refused = tree.distributor.client.patch(&tree.reseller.path(""), json!({"guardrails": looser.clone()}));
        let refused = refused.expect_problem(422, "looser-guardrail");
        assert_eq!(
            refused.pointers(),
            ["/guardrails/max_ttl_seconds", "/guardrails/max_keys_per_tenant", "/guardrails/allowed_regions",
             "/guardrails/allowed_key_models"]
        );
        assert!(refused.text.contains(&tree.distributor.id), "{refused}");
        let body = json!({"name": "New", "guardrails": looser.clone()});
        tree.distributor.client.post("/v1/partners", body.clone()).expect_problem(422, "looser-guardrail");
        let from_below = tree.reseller.client.post("/v1/partners", body).expect_problem(422, "looser-guardrail");
        assert!(!from_below.text.contains(&tree.distributor.id) && from_below.text.contains("a partner above"), "{from_below}");
        dry_run(&tree.distributor.client, &tree.reseller, looser).expect_problem(422, "looser-guardrail");
        assert_eq!(tree.reseller.client.get(&tree.reseller.path("")).json(), before);

        let stricter = json!({"max_ttl_seconds": 90 * DAY, "max_keys_per_tenant": 4, "allowed_regions": [REGION]});
        tree.distributor.client.patch(&tree.reseller.path(""), json!({"guardrails": stricter})).expect(200);
    }

    fn a_partner_does_not_set_its_own_and_sets_those_below(server: &Server) {
        let tree = Tree::of(server, "multi");
        let body = json!({"guardrails": {"require_expiry": true}});
        tree.reseller.client.patch(&tree.reseller.path(""), body.clone()).expect_problem(403, "forbidden");
        tree.reseller.client.patch(&tree.reseller.path(""), json!({"guardrails": null})).expect_problem(403, "forbidden");
        tree.reseller.client.patch(&tree.distributor.path(""), body.clone()).expect_problem(404, "not-found");
        assert_eq!(tree.reseller.client.get(&tree.reseller.path("")).field("/version"), 1);
        tree.distributor.client.patch(&tree.reseller.path(""), body).expect(200);
        let agent = json!({"name": "Agent", "guardrails": {"max_keys_per_tenant": 1}});
        let agent = tree.reseller.client.post("/v1/partners", agent).expect(201);
        assert_eq!(agent.field("/effective_guardrails/require_expiry"), true);
    }

    fn what_makes_no_sense_is_refused_where_it_stands(server: &Server) {
        let tree = Tree::of(server, "multi");
        for (wrong, pointer) in [
            (json!({"max_ttl_seconds": 59}), "/guardrails/max_ttl_seconds"),
            (json!({"max_ttl_seconds": i64::MAX}), "/guardrails/max_ttl_seconds"),
            (json!({"max_keys_per_tenant": 0}), "/guardrails/max_keys_per_tenant"),
            (json!({"max_keys_per_tenant": -1}), "/guardrails/max_keys_per_tenant"),
            (json!({"allowed_regions": []}), "/guardrails/allowed_regions"),
            (json!({"allowed_regions": [REGION, "Nowhere!"]}), "/guardrails/allowed_regions/1"),
            (json!({"allowed_regions": ["nowhere"]}), "/guardrails/allowed_regions/0"),
            (json!({"allowed_key_models": ["none"]}), "/guardrails/allowed_key_models/0"),
            (json!({"max_tll_seconds": 60}), "/guardrails/max_tll_seconds"),
        ] {
            let refused = lay(server, &tree.reseller, wrong.clone()).expect_problem(422, "invalid");
            assert_eq!(refused.pointers(), [pointer], "{wrong}");
            dry_run(&server.operator(), &tree.reseller, wrong).expect_problem(422, "invalid");
        }
    }

    fn every_caller_is_bound_when_a_key_is_made_or_changed(server: &Server) {
        let tree = Tree::at_work(server, "multi");
        let rules = json!({"max_ttl_seconds": 30 * DAY, "require_bucket_scope": true, "max_keys_per_tenant": 4});
        let old = tree.ask(&tree.tenant.admin.client, json!({})).expect(201);
        lay(server, &tree.distributor, rules).expect(200);
        let scoped = json!({"access": "specific", "names": ["media"]});
        let operator = server.operator();
        for (client, names) in [
            (&operator, Some(&tree.distributor.id)),
            (&tree.distributor.client, Some(&tree.distributor.id)),
            (&tree.reseller.client, None),
            (&tree.tenant.admin.client, None),
        ] {
            let late = json!({"buckets": scoped, "expires_at": server.in_days(31)});
            let refused = tree.ask(client, late).expect_problem(403, "guardrail-max-ttl-seconds");
            match names {
                Some(id) => assert!(refused.text.contains(id), "{refused}"),
                None => assert!(!refused.text.contains(&tree.distributor.id) && refused.text.contains("a partner above")),
            }
            tree.ask(client, json!({})).expect_problem(403, "guardrail-require-bucket-scope");
        }
        let made = tree.ask(&tree.tenant.admin.client, json!({"buckets": scoped})).expect(201);
        assert_eq!(made.field("/key/expires_at"), server.in_days(30), "the latest possible where none is named");

        let admin = &tree.tenant.admin.client;
        let change = |key: &Answer, body: Value| admin.patch(&tree.key(key), body);
        change(&made, json!({"expires_at": server.in_days(31)})).expect_problem(403, "guardrail-max-ttl-seconds");
        change(&made, json!({"expires_at": null})).expect_problem(403, "guardrail-max-ttl-seconds");
        let all = json!({"buckets": {"access": "all"}});
        change(&made, all.clone()).expect_problem(403, "guardrail-require-bucket-scope");
        assert_eq!(admin.get(&tree.key(&made)).field("/version"), 1);
        change(&made, json!({"expires_at": server.in_days(1)})).expect(200);
        change(&old, json!({"label": "Older than the rule"})).expect(200);
        change(&old, all).expect(200);
        change(&old, json!({"expires_at": server.in_days(300)})).expect(200);

        admin.act(&format!("{}/reset", tree.key(&old))).expect(200);
        for _ in 0..2 {
            tree.ask(admin, json!({"buckets": scoped})).expect(201);
        }
        tree.ask(&operator, json!({"buckets": scoped})).expect_problem(403, "guardrail-max-keys-per-tenant");
        admin.act(&format!("{}/revoke", tree.key(&made))).expect(200);
        tree.ask(admin, json!({"buckets": scoped})).expect(201);
    }

    fn an_expiry_can_be_demanded(server: &Server) {
        let tree = Tree::at_work(server, "multi");
        lay(server, &tree.reseller, json!({"require_expiry": true})).expect(200);
        let admin = &tree.tenant.admin.client;
        tree.ask(admin, json!({})).expect_problem(403, "guardrail-require-expiry");
        let made = tree.ask(admin, json!({"expires_at": server.in_days(400)})).expect(201);
        admin.patch(&tree.key(&made), json!({"expires_at": null})).expect_problem(403, "guardrail-require-expiry");
    }

    fn imports_are_bound_line_by_line(server: &Server) {
        let tree = Tree::at_work(server, "multi");
        lay(server, &tree.reseller, json!({"require_expiry": true})).expect(200);
        let line = |id: &str, expires_at: Value| {
            json!({"region": REGION, "label": "Moved", "access_key_id": id, "secret_access_key": "wJalrXUtnFEMIK7MDENG",
                "expires_at": expires_at})
        };
        let lines = json!({"items": [line("AKIAIOSFODNN7EXAMPL1", json!(null)), line("AKIAIOSFODNN7EXAMPL2", server.in_days(1))]});
        let results = tree.tenant.admin.client.post(&tree.tenant.path("/keys:import"), lines).expect(200);
        assert_eq!(results.field("/results/0/problem/type"), "/problems/guardrail-require-expiry");
        assert_eq!(results.field("/results/1/status"), "created");
    }

    fn regions_and_key_models_that_are_not_allowed_begin_nowhere(server: &Server) {
        let tree = Tree::at_work(server, "multi");
        server.region("fra1-1", "multi");
        server.region("lon1-1", "pair");
        let rules = json!({"allowed_regions": ["fra1-1", "lon1-1"], "allowed_key_models": ["multi"]});
        lay(server, &tree.distributor, rules).expect(200);
        let operator = server.operator();
        let put = |client: &Client, region: &str, body: Value| client.put(&tree.tenant.path(&format!("/regions/{region}")), body);
        let available = json!({"service": "available"});
        for client in [&operator, &tree.reseller.client, &tree.tenant.admin.client] {
            put(client, "lon1-1", available.clone()).expect_problem(403, "guardrail-allowed-key-models");
            tree.ask(client, json!({})).expect_problem(403, "guardrail-allowed-regions");
            put(client, REGION, available.clone()).expect(200);
        }
        put(&operator, "lon1-1", json!({"service": "available", "key_model": "multi"})).expect(200);
        put(&tree.reseller.client, "fra1-1", available.clone()).expect(200);
        let other = json!({"service": "available", "key_model": "instance"});
        put(&tree.reseller.client, "fra1-1", other).expect_problem(403, "guardrail-allowed-key-models");
        put(&operator, REGION, json!({"service": "unavailable"})).expect(200);
        put(&operator, REGION, available).expect_problem(403, "guardrail-allowed-regions");
    }

    fn a_partner_that_must_not_see_secrets_gets_claim_links(server: &Server) {
        let tree = Tree::at_work(server, "multi");
        lay(server, &tree.distributor, json!({"partners_may_not_see_secrets": true})).expect(200);
        let partner = &tree.reseller.client;
        let retrying = partner.with("idempotency-key", "one");
        let made = tree.ask(&retrying, json!({})).expect(201);
        assert_eq!(tree.ask(&retrying, json!({})).expect(201).text, made.text, "a retry gets the same link");
        let reset = partner.act(&format!("{}/reset", tree.key(&made))).expect(200);
        let rotated = partner.post(&format!("{}/rotate", tree.key(&made)), json!({"grace_seconds": 60})).expect(200);
        for answer in [&made, &reset, &rotated] {
            let fields = answer.json();
            assert!(fields.get("secret_access_key").is_none() && fields["warning"].as_str().unwrap().contains("link"));
            assert_eq!(answer.field("/claim/access_key_id"), answer.field("/key/access_key_id"));
        }
        let open = |answer: &Answer| server.anonymous().act(&format!("/v1/claims/{}", answer.text_at("/claim/token")));
        open(&made).expect_problem(404, "dead-link");
        let claimed = open(&rotated).expect(200);
        assert_eq!(claimed.field("/access_key_id"), rotated.field("/key/access_key_id"));
        open(&rotated).expect_problem(404, "dead-link");
        let claims = format!("{}/claims", tree.key(&made));
        partner.post(&claims, json!({})).expect_problem(409, "claim-exists");

        for client in [&server.operator(), &tree.tenant.admin.client] {
            assert!(!tree.ask(client, json!({})).expect(201).text_at("/secret_access_key").is_empty());
        }
        let line = json!({"region": REGION, "label": "Moved", "access_key_id": "AKIAIOSFODNN7EXAMPL1",
            "secret_access_key": "wJalrXUtnFEMIK7MDENG"});
        let imported = partner.post(&tree.tenant.path("/keys:import"), json!({"items": [line]})).expect(200);
        assert_eq!(imported.field("/results/0/problem/type"), "/problems/guardrail-partners-may-not-see-secrets");
    }

    fn initial_keys_come_as_links_too_and_not_at_all_where_they_are_forbidden(server: &Server) {
        let tree = Tree::of(server, "instance");
        lay(server, &tree.distributor, json!({"partners_may_not_see_secrets": true})).expect(200);
        let offered = tree.offer(&tree.reseller.client).expect(200);
        assert!(offered.json()["initial_key"].get("secret_access_key").is_none());
        let token = offered.text_at("/initial_key/claim/token");
        server.anonymous().act(&format!("/v1/claims/{token}")).expect(200);
        let instances = tree.tenant.path("/instances");
        let retrying = tree.reseller.client.with("idempotency-key", "one");
        let made = retrying.post(&instances, json!({"region": REGION, "name": "Second"})).expect(201);
        assert!(made.json()["initial_key"].get("secret_access_key").is_none());
        let again = retrying.post(&instances, json!({"region": REGION, "name": "Second"})).expect(201);
        assert_eq!(again.text, made.text);
        lay(server, &tree.distributor, json!({"require_expiry": true})).expect(200);
        let without = tree.reseller.client.post(&instances, json!({"region": REGION, "name": "Third"})).expect(201);
        assert!(without.json().get("initial_key").is_none(), "{without}");
    }

    fn a_dry_run_lists_who_would_be_forbidden_and_changes_nothing(server: &Server) {
        let tree = Tree::at_work(server, "multi");
        let admin = &tree.tenant.admin.client;
        let scoped = json!({"access": "specific", "names": ["media"]});
        let forever = tree.ask(admin, json!({})).expect(201);
        // Ids sort by when they were made.
        server.advance(TimeDelta::seconds(1));
        let long = tree.ask(admin, json!({"expires_at": server.in_days(100), "buckets": scoped})).expect(201);
        tree.ask(admin, json!({"expires_at": server.in_days(1), "buckets": scoped})).expect(201);
        let over = tree.ask(admin, json!({})).expect(201);
        admin.act(&format!("{}/revoke", tree.key(&over))).expect(200);
        let elsewhere = server.tenant("Elsewhere");
        elsewhere.admin.client.put(&elsewhere.path(&format!("/regions/{REGION}")), json!({"service": "available"})).expect(200);
        elsewhere.admin.client.post(&elsewhere.path("/keys"), json!({"region": REGION, "label": "X"})).expect(201);
        server.region("fra1-1", "multi");

        let before = server.operator().get("/v1/audit").text;
        let rules = json!({"max_ttl_seconds": 90 * DAY, "require_expiry": true, "require_bucket_scope": true,
            "allowed_regions": ["fra1-1"], "allowed_key_models": ["pair"], "max_keys_per_tenant": 2,
            "partners_may_not_see_secrets": true});
        let run = dry_run(&server.operator(), &tree.distributor, rules).expect(200);
        let count = |guardrail: &str, tenants: i64, keys: i64| json!({"guardrail": guardrail, "tenants": tenants, "keys": keys});
        assert_eq!(
            run.field("/rules"),
            json!([count("max_ttl_seconds", 1, 2), count("require_expiry", 1, 1), count("require_bucket_scope", 1, 1),
                count("allowed_regions", 1, 3), count("allowed_key_models", 1, 3), count("max_keys_per_tenant", 1, 1),
                count("partners_may_not_see_secrets", 0, 0)])
        );
        let key = |guardrail: &str, key: &Answer| {
            json!({"guardrail": guardrail, "tenant_id": tree.tenant.id, "key_id": key.field("/key/id")})
        };
        let place = |guardrail: &str| json!({"guardrail": guardrail, "tenant_id": tree.tenant.id, "region": REGION});
        assert_eq!(
            run.field("/violators"),
            json!([key("max_ttl_seconds", &forever), key("max_ttl_seconds", &long), key("require_expiry", &forever),
                key("require_bucket_scope", &forever), place("allowed_regions"), place("allowed_key_models"),
                json!({"guardrail": "max_keys_per_tenant", "tenant_id": tree.tenant.id})])
        );
        assert_eq!((run.field("/truncated"), run.field("/partner_id")), (json!(false), json!(tree.distributor.id)));
        assert_eq!(server.operator().get("/v1/audit").text, before);
        let own = dry_run(&tree.reseller.client, &tree.reseller, json!({"require_expiry": true})).expect(200);
        assert_eq!(own.field("/rules/0/keys"), 1);
        dry_run(&tree.reseller.client, &tree.distributor, json!({})).expect_problem(404, "not-found");
        assert_eq!(dry_run(&server.operator(), &tree.distributor, json!({})).field("/rules"), json!([]));
    }

    fn a_dry_run_counts_all_of_many_keys_and_names_a_hundred(server: &Server) {
        let tree = Tree::at_work(server, "multi");
        let made = tree.ask(&tree.tenant.admin.client, json!({})).expect(201);
        let id = if server.is_on_postgres() { "lpad(n::text, 26, '0')" } else { "printf('%026d', n)" };
        server.execute(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 99999)
            INSERT INTO keys SELECT 'key_' || {id}, tenant_id, instance_id, region, label, description, all_buckets, prefixes,
            permissions, networks, state, state_since, expires_at, 'SEED' || {id}, rotated_at, created_at, created_by_kind,
            created_by_id, version FROM keys, numbers WHERE keys.id = '{}'", made.text_at("/key/id")));
        let rules = json!({"max_ttl_seconds": DAY, "require_expiry": true, "max_keys_per_tenant": 10});
        let run = dry_run(&server.operator(), &tree.distributor, rules).expect(200);
        assert_eq!(run.field("/rules/0/keys"), 100_000);
        assert_eq!(run.field("/rules/2/keys"), 99_990);
        assert_eq!(run.field("/violators").as_array().unwrap().len(), 100);
        assert_eq!(run.field("/truncated"), true);
    }

    fn guardrails_may_change_between_a_request_and_its_retry(server: &Server) {
        let tree = Tree::at_work(server, "multi");
        let retrying = tree.reseller.client.with("idempotency-key", "one");
        let made = tree.ask(&retrying, json!({})).expect(201);
        lay(server, &tree.distributor, json!({"require_expiry": true, "partners_may_not_see_secrets": true})).expect(200);
        assert_eq!(tree.ask(&retrying, json!({})).expect(201).text, made.text);
        server.advance(TimeDelta::minutes(11));
        tree.ask(&retrying, json!({})).expect_problem(409, "already-delivered");
    }
}
