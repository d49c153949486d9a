use chrono::TimeDelta;
use domain::Timestamp;
use domain::key::AccessKeyId;
use serde_json::{Value, json};
use service::keys::Use;
use testkit::world::Tenant;
use testkit::{Answer, Server, on_both_databases};

struct Shop {
    tenant: Tenant,
    key: String,
    access_key_id: String,
}

fn shop(server: &Server) -> Shop {
    server.region("waw3-1", "multi");
    let tenant = server.tenant("Acme");
    server.operator().put(&tenant.path("/regions/waw3-1"), json!({"service": "available"})).expect(200);
    let body = json!({"region": "waw3-1", "label": "Backups"});
    let made = server.operator().post(&tenant.path("/keys"), body).expect(201);
    let key = tenant.path(&format!("/keys/{}", made.text_at("/key/id")));
    Shop { tenant, key, access_key_id: made.text_at("/key/access_key_id") }
}

fn used(id: &str, at: Timestamp, agent: &str) -> Use {
    Use {
        access_key_id: AccessKeyId::parse(id).unwrap(),
        at,
        gateway: Some("rgw-1".to_owned()),
        address: Some([203, 0, 113, 9].into()),
        agent: Some(agent.to_owned()),
        count: 3,
    }
}

fn usage(server: &Server, shop: &Shop) -> Answer {
    server.operator().get(&format!("{}/usage", shop.key)).expect(200)
}

/// The days that are shown, with their counts.
fn days(server: &Server, shop: &Shop) -> Vec<(String, i64)> {
    let days = usage(server, shop).field("/days");
    let day = |day: &Value| (day["day"].as_str().unwrap().to_owned(), day["uses"].as_i64().unwrap());
    days.as_array().unwrap().iter().map(day).collect()
}

/// How many are stored.
fn day_rows(server: &Server) -> usize {
    server.lines("SELECT access_key_id AS line FROM key_usage_days").len()
}

/// Replaces the pair, until the old one has been quiet for ten minutes and for a day at most.
fn rotate(server: &Server, shop: &Shop) -> String {
    let body = json!({"retire_when_quiet_for_seconds": 600, "at_most_seconds": 86400});
    server.operator().post(&format!("{}/rotate", shop.key), body).expect(200).text_at("/key/access_key_id")
}

fn pairs(server: &Server, shop: &Shop) -> usize {
    server.operator().get(&shop.key).expect(200).field("/pairs").as_array().unwrap().len()
}

fn retired(server: &Server, shop: &Shop) -> Vec<Value> {
    server.operator().get(&shop.tenant.path("/audit?action=key.retired")).expect(200).items()
}

on_both_databases! {
    fn a_key_that_was_never_used_says_so(server: &Server) {
        let shop = shop(server);
        let answer = shop.tenant.member_plus.client.get(&format!("{}/usage", shop.key)).expect(200);
        assert_eq!(answer.field("/last_used_at"), Value::Null);
        assert_eq!(answer.field("/days"), json!([]));
        let pair = json!({
            "access_key_id": shop.access_key_id, "state": "current",
            "last_used_at": null, "gateway": null, "address": null, "agent": null,
        });
        assert_eq!(answer.field("/pairs"), json!([pair]));
        assert_eq!(server.operator().get(&shop.key).expect(200).field("/last_used_at"), Value::Null);
    }

    fn the_last_use_of_each_pair_is_shown_however_late_it_is_heard_of(server: &Server) {
        let shop = shop(server);
        let new = rotate(server, &shop);
        let (early, late) = (server.now() + TimeDelta::minutes(1), server.now() + TimeDelta::minutes(2));
        let nobodys = AccessKeyId::draw(&mut domain::Entropy::from_seed([99; 32]), "NQAK", 20);
        let batch = [
            used(&shop.access_key_id, late, "aws-cli/2"),
            used(&new, early, "rclone/1"),
            used(&shop.access_key_id, early, "aws-cli/1"),
            used(nobodys.as_str(), late, "a scanner"),
        ];
        server.service().record_usage(&batch).unwrap();
        server.service().record_usage(&[used(&shop.access_key_id, early, "late to tell")]).unwrap();

        let answer = usage(server, &shop);
        assert_eq!(answer.field("/last_used_at"), json!(late));
        assert_eq!(answer.field("/pairs/0/access_key_id"), json!(new));
        assert_eq!(answer.field("/pairs/0/last_used_at"), json!(early));
        assert_eq!(answer.field("/pairs/0/agent"), "rclone/1");
        assert_eq!(answer.field("/pairs/1/state"), "retiring");
        assert_eq!(answer.field("/pairs/1/last_used_at"), json!(late));
        assert_eq!(answer.field("/pairs/1/gateway"), "rgw-1");
        assert_eq!(answer.field("/pairs/1/address"), "203.0.113.9");
        assert_eq!(answer.field("/pairs/1/agent"), "aws-cli/2");
        assert_eq!(server.operator().get(&shop.key).expect(200).field("/last_used_at"), json!(late));
        let listed = server.operator().get(&shop.tenant.path("/keys")).expect(200);
        assert_eq!(listed.field("/items/0/last_used_at"), json!(late));
    }

    fn a_pair_that_has_become_quiet_is_retired(server: &Server) {
        let shop = shop(server);
        let new = rotate(server, &shop);
        let rotated = server.now();
        let last_use = rotated + TimeDelta::minutes(5);
        server.service().record_usage(&[used(&shop.access_key_id, last_use, "aws-cli/2")]).unwrap();
        server.service().record_usage(&[used(&new, rotated + TimeDelta::minutes(14), "aws-cli/2")]).unwrap();

        server.advance(TimeDelta::minutes(15) - TimeDelta::seconds(1));
        server.service().keep_house().unwrap();
        assert_eq!(pairs(server, &shop), 2, "it was used nine minutes and 59 seconds ago");
        server.advance(TimeDelta::seconds(1));
        server.service().keep_house().unwrap();
        server.service().keep_house().unwrap();
        assert_eq!(pairs(server, &shop), 1);
        let events = retired(server, &shop);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["details"]["access_key_id"], json!(shop.access_key_id));
        assert_eq!(events[0]["actor"]["kind"], "system");
        let path = shop.tenant.path("/keys:explain");
        let old = server.operator().post(&path, json!({"access_key_id": shop.access_key_id})).expect(200);
        assert_eq!(old.field("/reason"), "retired");
        let current = server.operator().post(&path, json!({"access_key_id": new})).expect(200);
        assert_eq!(current.field("/decision"), "allow");
    }

    fn a_pair_that_is_in_use_goes_on_until_its_longest_time(server: &Server) {
        let shop = shop(server);
        rotate(server, &shop);
        for _ in 0..3 {
            server.advance(TimeDelta::minutes(9));
            server.service().record_usage(&[used(&shop.access_key_id, server.now(), "aws-cli/2")]).unwrap();
            server.service().keep_house().unwrap();
            assert_eq!(pairs(server, &shop), 2);
        }
        server.advance(TimeDelta::days(1) - TimeDelta::minutes(27));
        assert_eq!(pairs(server, &shop), 1, "its longest time is over");
        server.service().keep_house().unwrap();
        assert!(retired(server, &shop).is_empty(), "it has ended by itself");
    }

    fn only_who_asked_to_wait_for_silence_gets_it(server: &Server) {
        let shop = shop(server);
        server.operator().post(&format!("{}/rotate", shop.key), json!({"grace_seconds": 86400})).expect(200);
        server.advance(TimeDelta::hours(12));
        server.service().keep_house().unwrap();
        assert_eq!(pairs(server, &shop), 2);
        assert!(retired(server, &shop).is_empty());
    }

    fn a_batch_that_two_replicas_write_at_once_is_counted_once_each(server: &Server) {
        let shop = shop(server);
        let other = server.replica();
        let batch = [used(&shop.access_key_id, server.now(), "aws-cli/2")];
        std::thread::scope(|scope| {
            for service in [server.service(), other.service()] {
                let batch = &batch;
                scope.spawn(move || (0..10).for_each(|_| service.record_usage(batch).unwrap()));
            }
        });
        assert_eq!(usage(server, &shop).field("/last_used_at"), json!(server.now()));
        assert_eq!(days(server, &shop), [(server.now().date_naive().to_string(), 60)]);
    }

    fn every_day_has_the_count_of_all_pairs_however_late_it_is_heard_of(server: &Server) {
        let shop = shop(server);
        let new = rotate(server, &shop);
        let first = server.now();
        let day = |number: i64| (first + TimeDelta::days(number)).date_naive().to_string();
        server.service().record_usage(&[used(&shop.access_key_id, first, "a"), used(&new, first, "b")]).unwrap();
        assert_eq!(days(server, &shop), [(day(0), 6)]);

        server.advance(TimeDelta::days(2));
        let (midnight, ahead) = (server.now().date_naive(), server.now() + TimeDelta::days(1));
        let midnight = midnight.and_hms_opt(0, 0, 0).unwrap().and_utc();
        let batch = [
            used(&new, midnight, "the first of the day"),
            used(&new, midnight - TimeDelta::microseconds(1), "the last of the day before"),
            used(&new, first, "late to tell"),
            used(&new, ahead, "a clock that is ahead"),
        ];
        server.service().record_usage(&batch).unwrap();
        assert_eq!(days(server, &shop), [(day(2), 6), (day(1), 3), (day(0), 9)]);

        server.advance(TimeDelta::days(5));
        server.operator().act(&format!("{}/reset", shop.key)).expect(200);
        assert_eq!(days(server, &shop).len(), 3, "what ended pairs were used stays");
    }

    fn days_are_kept_for_a_quarter(server: &Server) {
        let shop = shop(server);
        let first = server.now();
        server.service().record_usage(&[used(&shop.access_key_id, first, "aws-cli/2")]).unwrap();
        for _ in 0..91 {
            server.advance(TimeDelta::days(1));
            server.service().record_usage(&[used(&shop.access_key_id, server.now(), "aws-cli/2")]).unwrap();
        }
        server.service().keep_house().unwrap();
        let kept = days(server, &shop);
        assert_eq!((kept.len(), &kept[91].0), (92, &first.date_naive().to_string()));

        server.advance(TimeDelta::days(1));
        assert_eq!((days(server, &shop).len(), day_rows(server)), (91, 92), "not shown, whether a job has run or not");
        server.service().keep_house().unwrap();
        assert_eq!((days(server, &shop).len(), day_rows(server)), (91, 91));
        assert_eq!(usage(server, &shop).field("/last_used_at"), json!(first + TimeDelta::days(91)));
        server.service().record_usage(&[used(&shop.access_key_id, first, "much too late")]).unwrap();
        assert_eq!(days(server, &shop).len(), 91);
    }

    fn days_are_gone_with_the_key_and_with_the_tenant(server: &Server) {
        let shop = shop(server);
        let body = json!({"region": "waw3-1", "label": "Other"});
        let other = server.operator().post(&shop.tenant.path("/keys"), body).expect(201);
        for id in [&shop.access_key_id, &other.text_at("/key/access_key_id")] {
            server.service().record_usage(&[used(id, server.now(), "aws-cli/2")]).unwrap();
        }
        assert_eq!(day_rows(server), 2);
        server.operator().delete(&shop.key).expect(200);
        assert_eq!(day_rows(server), 1);
        server.operator().delete(&shop.tenant.path("")).expect(200);
        server.advance(TimeDelta::days(30));
        server.service().keep_house().unwrap();
        assert_eq!(day_rows(server), 0);
    }

    fn usage_is_gone_with_the_key_and_shown_to_who_may_read_it(server: &Server) {
        let shop = shop(server);
        server.service().record_usage(&[used(&shop.access_key_id, server.now(), "aws-cli/2")]).unwrap();
        let path = format!("{}/usage", shop.key);
        shop.tenant.member.client.get(&path).expect_problem(403, "forbidden");
        server.partner("Elsewhere").client.get(&path).expect_problem(404, "not-found");
        let deleted = server.operator().delete(&shop.key).expect(200);
        assert_eq!(deleted.field("/key/last_used_at"), json!(server.now()));
        server.operator().get(&path).expect_problem(404, "not-found");
        server.service().record_usage(&[used(&shop.access_key_id, server.now(), "aws-cli/2")]).unwrap();
    }
}
