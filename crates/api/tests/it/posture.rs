//! What posture counts, and whose keys.

use chrono::TimeDelta;
use domain::key::AccessKeyId;
use serde_json::{Value, json};
use service::keys::Use;
use testkit::world::Tenant;
use testkit::{Answer, Client, Server, on_both_databases};

use crate::place::{Place, REGION};

const COUNTS: [&str; 7] =
    ["keys", "active", "past_rotation_age", "unused_45_days", "unused_90_days", "all_buckets", "without_expiry"];

/// The seven numbers, in their order.
fn counts(of: &Value) -> [i64; 7] {
    COUNTS.map(|name| of[name].as_i64().unwrap())
}

fn posture(client: &Client, path: &str) -> [i64; 7] {
    counts(&client.get(&format!("{path}/posture")).expect(200).json())
}

fn days(server: &Server, count: i64) {
    server.advance(TimeDelta::days(count));
}

fn used(server: &Server, made: &Answer) {
    let used = Use {
        access_key_id: AccessKeyId::parse(&made.text_at("/key/access_key_id")).unwrap(),
        at: server.now(),
        gateway: None,
        address: None,
        agent: None,
        count: 1,
    };
    server.service().record_usage(&[used]).unwrap();
}

/// A tenant with the region, and so many keys in it.
fn with_keys(server: &Server, maker: &Client, name: &str, keys: usize) -> Tenant {
    // So that tenants are in the order in which they were made.
    server.advance(TimeDelta::seconds(1));
    let tenant = server.tenant_of(maker, name);
    server.operator().put(&tenant.path(&format!("/regions/{REGION}")), json!({"service": "available"})).expect(200);
    for key in 0..keys {
        let body = json!({"region": REGION, "label": format!("Key {key}")});
        server.operator().post(&tenant.path("/keys"), body).expect(201);
    }
    tenant
}

on_both_databases! {
    fn each_number_counts_what_it_says(server: &Server) {
        let place = Place::of(server, "multi");
        let operator = server.operator();
        let of = |operator: &Client| posture(operator, &place.tenant.path(""));
        assert_eq!(of(&operator), [0; 7]);

        let make = |fields: Value| operator.post(&place.keys(), crate::place::with_region(fields)).expect(201);
        let plain = make(json!({"label": "Plain"}));
        let narrow = make(json!({"label": "Narrow", "buckets": {"access": "specific", "names": ["media"]}}));
        let ending = make(json!({"label": "Ending", "expires_at": server.in_days(100)}));
        assert_eq!(of(&operator), [3, 3, 0, 0, 0, 2, 2]);

        operator.act(&format!("{}/disable", place.key(&narrow))).expect(200);
        assert_eq!(of(&operator), [3, 2, 0, 0, 0, 2, 2], "one that is disabled is there, and not active");
        let revoked = make(json!({"label": "Revoked"}));
        operator.act(&format!("{}/revoke", place.key(&revoked))).expect(200);
        assert_eq!(of(&operator), [3, 2, 0, 0, 0, 2, 2], "one that is revoked is over");

        server.advance(TimeDelta::days(45) - TimeDelta::microseconds(1));
        assert_eq!(of(&operator)[3], 0);
        server.advance(TimeDelta::microseconds(1));
        assert_eq!(of(&operator), [3, 2, 0, 3, 0, 2, 2], "never used, and 45 days old");
        used(server, &plain);
        assert_eq!(of(&operator), [3, 2, 0, 2, 0, 2, 2]);

        days(server, 45);
        assert_eq!(of(&operator), [3, 2, 3, 3, 2, 2, 2], "the used one has not been used for 45 days again");
        operator.post(&format!("{}/rotate", place.key(&plain)), json!({"grace_seconds": 60})).expect(200);
        assert_eq!(of(&operator), [3, 2, 2, 3, 2, 2, 2], "a new pair is young, and as unused as the key was");

        days(server, 10);
        let found = operator.get(&place.key(&ending)).expect(200);
        assert_eq!(found.field("/status"), "expired");
        assert_eq!(of(&operator), [2, 1, 1, 2, 1, 1, 2], "one that has expired is over");
        operator.delete(&place.key(&narrow)).expect(200);
        assert_eq!(of(&operator), [1, 1, 0, 1, 0, 1, 1]);
    }

    fn the_rotation_age_is_that_of_the_key_model_that_counts_for_the_tenant_today(server: &Server) {
        let place = Place::of(server, "multi");
        let operator = server.operator();
        let mut model = operator.get("/v1/key-models/multi").expect(200).json();
        for field in ["built_in", "created_at", "version"] {
            model.as_object_mut().unwrap().remove(field);
        }
        (model["name"], model["rotate_after_days"]) = (json!("weekly"), json!(7));
        operator.post("/v1/key-models", model.clone()).expect(201);
        (model["name"], model["rotate_after_days"]) = (json!("never"), Value::Null);
        operator.post("/v1/key-models", model).expect(201);
        place.make("Old");
        let beside = Place::beside(server, "Beside");
        beside.make("Old");
        let past = |place: &Place| posture(&operator, &place.tenant.path(""))[2];
        let decide = |model: Value| {
            operator.put(&place.region(), json!({"service": "available", "key_model": model})).expect(200);
        };

        days(server, 7);
        assert_eq!((past(&place), past(&beside)), (0, 0), "90 days in this region");
        decide(json!("weekly"));
        assert_eq!((past(&place), past(&beside)), (1, 0), "the tenant's own model says 7");
        decide(json!("never"));
        days(server, 83);
        assert_eq!((past(&place), past(&beside)), (0, 1));
        decide(Value::Null);
        assert_eq!((past(&place), past(&beside)), (1, 1));
        operator.patch(&format!("/v1/regions/{REGION}"), json!({"key_model": "never"})).expect(200);
        assert_eq!((past(&place), past(&beside)), (0, 0));
        operator.put(&place.region(), json!({"service": "unavailable"})).expect(200);
        assert_eq!(posture(&operator, &place.tenant.path(""))[0], 1, "a key is there whether its region works or not");
    }

    fn a_partner_sees_the_sum_of_what_is_below_it_and_nothing_beside_it(server: &Server) {
        server.region(REGION, "multi");
        let operator = server.operator();
        let distributor = server.partner("Distributor");
        let reseller = server.partner_below(&distributor.client, "Reseller");
        let stranger = server.partner("Stranger");
        let first = with_keys(server, &distributor.client, "First", 2);
        let second = with_keys(server, &reseller.client, "Second", 3);
        let empty = with_keys(server, &reseller.client, "Empty", 0);
        let foreign = with_keys(server, &stranger.client, "Foreign", 4);
        with_keys(server, &operator, "Own", 5);

        let of = |client: &Client, path: &str| client.get(&format!("{path}/posture")).expect(200);
        let rows = |answer: &Answer| -> Vec<(String, i64)> {
            let items = answer.field("/tenants/items");
            let row = |item: &Value| (item["tenant_id"].as_str().unwrap().to_owned(), item["keys"].as_i64().unwrap());
            items.as_array().unwrap().iter().map(row).collect()
        };
        let row = |tenant: &Tenant, keys: i64| (tenant.id.clone(), keys);
        for client in [&distributor.client, &operator] {
            let answer = of(client, &distributor.path(""));
            assert_eq!(counts(&answer.json()), [5, 5, 0, 0, 0, 5, 5]);
            assert_eq!(rows(&answer), [row(&first, 2), row(&second, 3), row(&empty, 0)]);
            assert_eq!(answer.field("/as_of"), json!(server.now()));
        }
        for client in [&distributor.client, &reseller.client] {
            let answer = of(client, &reseller.path(""));
            assert_eq!(counts(&answer.json()), [3, 3, 0, 0, 0, 3, 3]);
            assert_eq!(rows(&answer), [row(&second, 3), row(&empty, 0)]);
            assert_eq!(answer.field("/tenants/items/0/name"), "Second");
            assert_eq!(answer.field("/tenants/items/0/partner_id"), json!(reseller.id));
        }
        assert_eq!(rows(&of(&stranger.client, &stranger.path(""))), [row(&foreign, 4)]);
        for answer in [
            reseller.client.get(&distributor.path("/posture")),
            stranger.client.get(&distributor.path("/posture")),
            first.admin.client.get(&distributor.path("/posture")),
            stranger.client.get(&first.path("/posture")),
            foreign.admin.client.get(&first.path("/posture")),
        ] {
            answer.expect_problem(404, "not-found");
        }

        operator.delete(&second.path("")).expect(200);
        assert_eq!(rows(&of(&reseller.client, &reseller.path(""))), [row(&second, 3), row(&empty, 0)]);
        days(server, 31);
        assert_eq!(rows(&of(&reseller.client, &reseller.path(""))), [row(&empty, 0)], "gone, whether purged or not");
        assert_eq!(counts(&of(&distributor.client, &distributor.path("")).json())[0], 2);
    }

    fn a_partners_tenants_come_page_by_page_with_the_same_totals(server: &Server) {
        server.region(REGION, "multi");
        let partner = server.partner("Nordic");
        let tenants: Vec<_> = (1..=5).map(|keys| with_keys(server, &partner.client, &format!("T{keys}"), keys)).collect();
        days(server, 50);
        let (mut seen, mut next) = (Vec::new(), partner.path("/posture?limit=2"));
        loop {
            let page = partner.client.get(&next).expect(200);
            assert_eq!(counts(&page.json()), [15, 15, 0, 15, 0, 15, 15]);
            for item in page.field("/tenants/items").as_array().unwrap() {
                seen.push((item["tenant_id"].as_str().unwrap().to_owned(), counts(item)));
            }
            let Some(cursor) = page.field("/tenants/next_cursor").as_str().map(str::to_owned) else { break };
            next = partner.path(&format!("/posture?limit=2&cursor={cursor}"));
        }
        let own = |tenant: &Tenant| (tenant.id.clone(), posture(&partner.client, &tenant.path("")));
        assert_eq!(seen, tenants.iter().map(own).collect::<Vec<_>>(), "a row is what the tenant's own posture says");
        partner.client.get(&partner.path("/posture?limit=0")).expect_problem(422, "invalid");
        partner.client.get(&partner.path("/posture?cursor=abc")).expect_problem(422, "bad-cursor");
        partner.client.get(&partner.path("/posture?status=active")).expect_problem(422, "invalid");
    }

    fn posture_is_for_who_may_see_keys_and_for_tokens_that_report(server: &Server) {
        let place = Place::of(server, "multi");
        let path = place.tenant.path("/posture");
        place.tenant.admin.client.get(&path).expect(200);
        place.tenant.member_plus.client.get(&path).expect(200);
        place.tenant.member.client.get(&path).expect_problem(403, "forbidden");
        server.anonymous().get(&path).expect_problem(401, "unauthenticated");
        let token = |scope: &str| {
            let body = json!({"description": scope, "expires_at": server.in_days(9), "scopes": [scope]});
            let token = server.operator().post(&place.tenant.path("/tokens"), body).expect(201).text_at("/token");
            server.bearer(&token)
        };
        let reporting = token("usage:read");
        reporting.get(&path).expect(200);
        reporting.get(&place.keys()).expect_problem(403, "forbidden");
        token("keys:read").get(&path).expect_problem(403, "forbidden");
    }
}
