//! Batches: judged in order, at one moment, by one state of everything.

use domain::Timestamp;
use serde_json::{Value, json};
use testkit::{Client, Server, Signer, on_both_databases};

use crate::place::{REGION, Shop};

const BATCH: &str = "/v1/gateway/verify/batch";

fn shop(server: &Server) -> Shop {
    Shop::of(server, &["verify"])
}

fn ask<'s>(gateway: &Client, signers: impl IntoIterator<Item = &'s Signer>, at: Timestamp) -> Vec<Value> {
    let items: Vec<Value> = signers.into_iter().map(|signer| signer.request(at)).collect();
    let results = gateway.post(BATCH, json!({"items": items})).expect(200).field("/results");
    results.as_array().unwrap().iter().map(|result| result["decision"].clone()).collect()
}

/// As another replica would have done it, of whom this one has not heard yet.
fn tell(server: &Server, kind: &str, subject: &str) {
    let sequence = if server.is_on_postgres() {
        "(SELECT (pg_current_xact_id()::text::bigint + base) * 1024 FROM feed WHERE id = 1)"
    } else {
        "(SELECT COALESCE(MAX(sequence), 0) + 1 FROM changes)"
    };
    let region = if kind == "key" { format!("'{REGION}'") } else { "NULL".to_owned() };
    server.sql(&format!(
        "INSERT INTO changes (sequence, kind, subject, region, at) SELECT {sequence}, '{kind}', '{subject}', {region}, {}",
        server.now().timestamp_micros()
    ));
}

on_both_databases! {
    fn a_batch_is_judged_in_order_and_at_one_moment(server: &Server) {
        let shop = shop(server);
        let wrong = shop.signer.with_secret(&"x".repeat(40));
        let items: Vec<Value> = (0..256).map(|n| if n % 3 == 0 { &wrong } else { &shop.signer }.request(server.now())).collect();
        let answer = shop.gateway.client.post(BATCH, json!({"items": items})).expect(200);
        let results = answer.field("/results");
        for (n, result) in results.as_array().unwrap().iter().enumerate() {
            assert_eq!(result["decision"], if n % 3 == 0 { "deny" } else { "allow" }, "item {n}");
        }
        assert_eq!(results.as_array().unwrap().len(), 256);
        let too_many: Vec<Value> = vec![shop.signer.request(server.now()); 257];
        for items in [json!([]), json!(too_many)] {
            let refused = shop.gateway.client.post(BATCH, json!({"items": items}));
            assert_eq!(refused.expect_problem(422, "invalid").text_at("/errors/0/pointer"), "/items");
        }
    }

    fn a_batch_sees_a_reset_or_does_not(server: &Server) {
        let shop = shop(server);
        let rotated = shop.place.admin.post(&format!("{}/rotate", shop.key), json!({"grace_seconds": 3600})).expect(200);
        let fresh = Signer::of(&rotated);
        assert_eq!(ask(&shop.gateway.client, [&shop.signer, &shop.signer], server.now()), ["allow", "allow"]);
        server.sql(&format!(
            "UPDATE key_pairs SET state = 'ended', ended_at = since, sealed = NULL, sealed_by = NULL
                WHERE access_key_id = '{}';
             UPDATE keys SET version = version + 1 WHERE access_key_id = '{}'",
            shop.signer.access_key_id, fresh.access_key_id
        ));
        tell(server, "key", &shop.signer.access_key_id);
        assert_eq!(ask(&shop.gateway.client, [&shop.signer, &fresh], server.now()), ["deny", "allow"]);
    }

    fn a_batch_sees_a_suspension_for_all_its_keys_or_for_none(server: &Server) {
        let shop = shop(server);
        let more: Vec<Signer> = (0..3).map(|n| Signer::of(&shop.place.make(&format!("More {n}")))).collect();
        let [remembered, unseen, later] = more.as_slice() else { unreachable!() };
        assert_eq!(ask(&shop.gateway.client, [&shop.signer, remembered], server.now()), ["allow", "allow"]);
        server.sql(&format!("UPDATE tenants SET suspended_at = created_at WHERE id = '{}'", shop.place.tenant.id));
        tell(server, "tenant", &shop.place.tenant.id);
        // Seen ahead of the feed, and remembered so.
        let first = shop.gateway.client.post("/v1/gateway/verify", unseen.request(server.now())).expect(200);
        assert_eq!(first.field("/decision"), "deny");
        assert_eq!(ask(&shop.gateway.client, [remembered, unseen], server.now()), ["deny"; 2], "both are remembered");
        let all = [remembered, unseen, &shop.signer, later];
        assert_eq!(ask(&shop.gateway.client, all, server.now()), ["deny"; 4]);
        assert_eq!(ask(&shop.gateway.client, all, server.now()), ["deny"; 4], "and again");
    }
}
