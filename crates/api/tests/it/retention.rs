//! How long what is over is remembered: as usual, and as an operator has it.

use chrono::TimeDelta;
use domain::key::AccessKeyId;
use serde_json::json;
use service::Retention;
use service::keys::Use;
use testkit::{Server, on_both_databases};

use crate::place::{Place, REGION};

/// Something that is over after so many days, and the query that finds it.
struct Over {
    what: &'static str,
    days: i64,
    query: String,
    kept: fn(&Retention) -> TimeDelta,
}

/// One of each.
fn over(server: &Server) -> Vec<Over> {
    let place = Place::of(server, "multi");
    let operator = server.operator();
    let key = place.admin.post(&place.keys(), json!({"region": REGION, "label": "Used"})).expect(201);
    let access_key_id = AccessKeyId::parse(&key.text_at("/key/access_key_id")).unwrap();
    let used = Use { access_key_id, at: server.now(), gateway: None, address: None, agent: None, count: 1 };
    server.service().record_usage(&[used]).unwrap();
    let tenant = server.tenant("Other");
    tenant.member.client.delete("/v1/sessions/current").expect(204);
    let ended = server.lines("SELECT id AS line FROM sessions WHERE ended_at IS NOT NULL");
    let invited = json!({"email": "grace@example.org", "name": "Grace", "role": "member"});
    let invited = operator.post(&tenant.path("/users"), invited).expect(201).text_at("/id");
    let token = json!({"description": "Short", "expires_at": server.in_days(1)});
    let token = operator.post("/v1/operator/tokens", token).expect(201).text_at("/id");
    server.advance(TimeDelta::seconds(1));
    let feed = server.lines("SELECT min(subject) AS line FROM changes");
    // The newest change is kept whatever its age.
    operator.act(&tenant.path("/suspend")).expect(200);
    vec![
        Over {
            what: "changes",
            days: 0,
            query: format!("SELECT kind AS line FROM changes WHERE subject = '{}'", feed[0]),
            kept: |kept| kept.changes,
        },
        Over {
            what: "usage",
            days: 0,
            query: "SELECT access_key_id AS line FROM key_usage_days".to_owned(),
            kept: |kept| kept.usage,
        },
        Over {
            what: "sessions",
            days: 0,
            query: format!("SELECT id AS line FROM sessions WHERE id = '{}'", ended[0]),
            kept: |kept| kept.sessions,
        },
        Over {
            what: "invitations",
            days: 7,
            query: format!("SELECT user_id AS line FROM invitations WHERE user_id = '{invited}'"),
            kept: |kept| kept.invitations,
        },
        Over {
            what: "tokens",
            days: 1,
            query: format!("SELECT id AS line FROM api_tokens WHERE id = '{token}'"),
            kept: |kept| kept.tokens,
        },
    ]
}

/// On the day before its time everything is there, on the next it is not.
fn is_kept_until_its_time(server: &Server, tidying: &Server, kept: &Retention, over: &[Over]) {
    let ends = |over: &Over| over.days + (over.kept)(kept).num_days();
    let mut days: Vec<i64> = over.iter().flat_map(|over| [ends(over) - 1, ends(over)]).collect();
    days.sort_unstable();
    days.dedup();
    let mut today = 0;
    for day in days {
        tidying.advance(TimeDelta::days(day - today));
        today = day;
        tidying.service().keep_house().unwrap();
        for over in over {
            let is_there = !server.lines(&over.query).is_empty();
            assert_eq!(is_there, day < ends(over), "{} on day {day}", over.what);
        }
    }
}

on_both_databases! {
    fn what_is_over_is_kept_as_long_as_usual(server: &Server) {
        let over = over(server);
        is_kept_until_its_time(server, server, &Retention::default(), &over);
    }

    fn what_is_over_is_kept_as_long_as_an_operator_has_it(server: &Server) {
        let kept = Retention {
            changes: TimeDelta::days(2),
            usage: TimeDelta::days(31),
            sessions: TimeDelta::days(40),
            invitations: TimeDelta::days(1),
            tokens: TimeDelta::days(300),
        };
        let over = over(server);
        let replica = server.replica_that_keeps(kept);
        is_kept_until_its_time(server, &replica, &kept, &over);
    }

    fn days_are_shown_as_long_as_they_are_kept(server: &Server) {
        let place = Place::of(server, "multi");
        let key = place.admin.post(&place.keys(), json!({"region": REGION, "label": "Used"})).expect(201);
        let access_key_id = AccessKeyId::parse(&key.text_at("/key/access_key_id")).unwrap();
        let used = Use { access_key_id, at: server.now(), gateway: None, address: None, agent: None, count: 1 };
        server.service().record_usage(&[used]).unwrap();
        let longer = server.replica_that_keeps(Retention { usage: TimeDelta::days(200), ..Retention::default() });
        let shown = |server: &Server| {
            let usage = server.operator().get(&format!("{}/usage", place.key(&key))).expect(200);
            usage.field("/days").as_array().unwrap().len()
        };
        for (days, usual, long) in [(91, 1, 1), (1, 0, 1), (107, 0, 1), (1, 0, 0)] {
            server.advance(TimeDelta::days(days));
            longer.advance(TimeDelta::days(days));
            assert_eq!((shown(server), shown(&longer)), (usual, long));
        }
    }
}
