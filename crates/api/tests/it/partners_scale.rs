//! A distributor with 3 resellers, 300 tenants and 30,000 keys: stopping it is one small change, whatever stands below.

use std::time::Instant;

use serde_json::{Value, json};
use testkit::world::Partner;
use testkit::{Server, Signer, on_both_databases};

use crate::place::REGION;

const TENANTS: usize = 300;
const KEYS_OF_EACH: usize = 100;

struct Tree {
    distributor: Partner,
    /// One key of each tenant, as its user has it; and where it is.
    keys: Vec<(String, Signer)>,
}

impl Tree {
    fn grow(server: &Server) -> Self {
        server.region(REGION, "multi");
        let distributor = server.partner("Nordic");
        let resellers: Vec<_> =
            ["Baltic", "Danube", "Rhine"].map(|name| server.partner_below(&distributor.client, name)).into();
        let mut keys = Vec::new();
        for number in 0..TENANTS {
            let reseller = &resellers[number % 3].client;
            let name = format!("Customer {number}");
            let tenant = reseller.post("/v1/tenants", json!({"name": name})).expect(201).header("location").to_owned();
            reseller.put(&format!("{tenant}/regions/{REGION}"), json!({"service": "available"})).expect(200);
            let made =
                reseller.post(&format!("{tenant}/keys"), json!({"region": REGION, "label": "First"})).expect(201);
            keys.push((tenant, Signer::of(&made)));
            // Of some nothing counts before either.
            let (tenant, signer) = &keys[number];
            match number % 30 {
                7 => drop(reseller.act(&format!("{tenant}/suspend")).expect(200)),
                13 => drop(reseller.act(&format!("{}/disable", made.header("location"))).expect(200)),
                19 => drop(reseller.act(&format!("{}/revoke", made.header("location"))).expect(200)),
                _ => assert!(!signer.secret.is_empty()),
            }
        }
        let tree = Self { distributor, keys };
        tree.multiply(server);
        tree
    }

    /// 99 more like the key that each tenant has; every tenth is disabled.
    fn multiply(&self, server: &Server) {
        let embedded = server.service().database().url().is_embedded();
        let two_digits = if embedded { "printf('%02d', n)" } else { "lpad(n::text, 2, '0')" };
        // No id that was drawn begins so.
        let id = |of: &str| format!("'key_9' || {two_digits} || substr({of}, 8)");
        let access_key_id = format!("'SEED' || {two_digits} || substr(access_key_id, 7)");
        let numbers = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})",
            KEYS_OF_EACH - 1
        );
        let at = server.now().timestamp_micros();
        server.execute(&format!(
            "BEGIN;
            {numbers} INSERT INTO keys SELECT {id_of_key}, tenant_id, instance_id, region, label, description, all_buckets,
                prefixes, permissions, networks, CASE WHEN n % 10 = 0 THEN 'disabled' ELSE state END,
                CASE WHEN n % 10 = 0 THEN {at} ELSE state_since END, expires_at, {access_key_id}, rotated_at, created_at,
                created_by_kind, created_by_id, version FROM keys, numbers;
            {numbers} INSERT INTO key_pairs SELECT {access_key_id}, {id_of_pair}, tenant_id, version, since, state, retiring_since,
                retiring_until, quiet_for_seconds, ended_at, sealed_by, sealed, made_by FROM key_pairs, numbers;
            COMMIT; ANALYZE;",
            id_of_key = id("id"),
            id_of_pair = id("key_id"),
        ));
    }

    /// How many count, by the database; and of each tenant's first key the gateway's word.
    fn standing(&self, server: &Server, gateway: &testkit::world::Gateway) -> (Value, Vec<Value>) {
        let counted = server.operator().act(&self.distributor.path("/emergency-stop:preview")).expect(200).json();
        let mut decisions = Vec::new();
        for keys in self.keys.chunks(256) {
            let items: Vec<_> = keys.iter().map(|(_, signer)| signer.request(server.now())).collect();
            let answer = gateway.client.post("/v1/gateway/verify/batch", json!({"items": items})).expect(200);
            let results = answer.field("/results");
            decisions.extend(results.as_array().unwrap().iter().map(|it| json!([it["decision"], it["reason"]])));
        }
        (counted, decisions)
    }
}

on_both_databases! {
    fn suspending_a_distributor_is_one_request_and_resuming_brings_back_the_same(server: &Server) {
        let tree = Tree::grow(server);
        let gateway = server.gateway(&[REGION], &["verify"]);
        let (counted, before) = tree.standing(server, &gateway);
        let live = counted["keys"].as_i64().unwrap();
        assert!(live > 20_000, "{counted}");
        let allowed = before.iter().filter(|decision| decision[0] == "allow").count();
        assert_eq!(allowed, TENANTS / 30 * 27);

        let operator = server.operator();
        let began = Instant::now();
        operator.act(&tree.distributor.path("/suspend")).expect(200);
        let suspended = began.elapsed();
        let (counted_meanwhile, after) = tree.standing(server, &gateway);
        assert_eq!((&counted_meanwhile["keys"], &counted_meanwhile["tenants"]), (&json!(0), &json!(0)));
        assert!(after.iter().all(|decision| decision[0] == "deny"), "something lives on");

        let began = Instant::now();
        operator.act(&tree.distributor.path("/resume")).expect(200);
        println!("of {live} live keys: suspended in {suspended:?}, resumed in {:?}", began.elapsed());
        let (counted_again, again) = tree.standing(server, &gateway);
        assert_eq!((counted_again["keys"].as_i64(), counted_again["tenants"].as_i64()), (Some(live), counted["tenants"].as_i64()));
        assert_eq!(again, before);
    }
}
