//! Somebody sets the machine's clock: what has expired stays expired, and a mistake that is put right leaves nothing behind.

use chrono::{NaiveTime, TimeDelta};
use domain::Timestamp;
use serde_json::json;
use service::clock_mark;
use testkit::world::PASSWORD;
use testkit::{Server, Signer, on_both_databases};

use crate::place::{REGION, Shop};

/// One of each that expires, and a key that does not.
struct Shelf {
    shop: Shop,
    token: String,
    session: String,
    refresh_token: String,
    invitation: String,
    signer: Signer,
}

impl Shelf {
    /// A day from now none counts any more but the invitation, which has a week.
    fn of(server: &Server) -> Self {
        let shop = Shop::of(server, &["verify", "signing_keys"]);
        let tenant = &shop.place.tenant;
        let body = json!({"description": "Portal", "expires_at": server.in_days(1)});
        let token = server.operator().post(&tenant.path("/tokens"), body).expect(201).text_at("/token");
        let body = json!({"email": "grace@example.org", "name": "Grace", "role": "member"});
        let invitation = server.operator().post(&tenant.path("/users"), body).expect(201).text_at("/invitation/token");
        let body = json!({"email": tenant.member.email, "password": PASSWORD});
        let began = server.anonymous().post("/v1/sessions", body).expect(200);
        let (session, refresh_token) = (began.text_at("/access_token"), began.text_at("/refresh_token"));
        let signer =
            Signer::of(&shop.place.ask(json!({"label": "brief", "expires_at": server.in_days(1)})).expect(201));
        Self { shop, token, session, refresh_token, invitation, signer }
    }

    fn verified(&self, server: &Server, signer: &Signer, at: Timestamp) -> String {
        let gateway = server.bearer(&self.shop.gateway.token);
        let said = gateway.post("/v1/gateway/verify", signer.request(at)).expect(200);
        said.json()["reason"].as_str().unwrap_or("allowed").to_owned()
    }

    #[track_caller]
    fn is_expired(&self, server: &Server) {
        server.bearer(&self.token).get("/v1/me").expect_problem(401, "expired");
        server.bearer(&self.session).get("/v1/me").expect_problem(401, "expired");
        let body = json!({"refresh_token": self.refresh_token});
        assert_eq!(server.anonymous().post("/v1/sessions/refresh", body).status, 401);
        server.accept(&self.invitation, PASSWORD).expect_problem(404, "dead-link");
        assert_eq!(self.verified(server, &self.signer, server.now()), "expired");
        // It is the expiry, and nothing else.
        assert_eq!(self.verified(server, &self.shop.signer, server.now()), "allowed");
    }

    #[track_caller]
    fn counts(&self, server: &Server) {
        for bearer in [&self.token, &self.session] {
            server.bearer(bearer).get("/v1/me").expect(200);
        }
        for signer in [&self.signer, &self.shop.signer] {
            assert_eq!(self.verified(server, signer, server.now()), "allowed");
        }
    }
}

fn shown(server: &Server) -> Timestamp {
    server.service().clock().shown()
}

/// Restarts leave the database and take the memory.
fn restarted(server: &Server, clock: Timestamp) -> Server {
    server.stop_following();
    server.replica_at(clock)
}

const YEARS: TimeDelta = TimeDelta::days(3_650);

on_both_databases! {
    fn what_has_expired_stays_expired_however_far_the_clock_is_set_back(server: &Server) {
        let shelf = Shelf::of(server);
        shelf.counts(server);
        server.advance(TimeDelta::days(8));
        shelf.is_expired(server);
        for back in [TimeDelta::seconds(1), TimeDelta::hours(1), TimeDelta::days(8), YEARS] {
            server.set_clock(-back);
            shelf.is_expired(server);
        }
        // Time goes on from where it was.
        let before = server.now();
        server.advance(TimeDelta::hours(1));
        assert_eq!(server.now(), before + TimeDelta::hours(1));
        let next = restarted(server, shown(server));
        assert_eq!(next.now(), server.now());
        shelf.is_expired(&next);
    }

    fn a_leap_that_is_put_right_leaves_nothing_behind(server: &Server) {
        let shelf = Shelf::of(server);
        let began = server.now();
        server.set_clock(YEARS);
        // It is followed at once, also by those who could say otherwise.
        server.bearer(&shelf.token).get("/v1/me").expect_problem(401, "expired");
        server.operator().get("/v1/me").expect_problem(401, "expired");
        server.bearer(&shelf.shop.gateway.token).get("/v1/gateway/changes").expect(401);
        // What cannot be undone waits.
        server.service().keep_house().unwrap();
        server.advance(TimeDelta::minutes(9));
        server.service().keep_house().unwrap();
        server.set_clock(-YEARS);
        assert_eq!(server.now(), began + TimeDelta::minutes(9));
        shelf.counts(server);

        let next = restarted(server, shown(server) + YEARS);
        next.bearer(&shelf.token).get("/v1/me").expect_problem(401, "expired");
        next.set_clock(-YEARS);
        assert_eq!(next.now(), server.now());
        shelf.counts(&next);
    }

    fn a_leap_that_stays_is_believed_until_an_operator_says_otherwise(server: &Server) {
        let shelf = Shelf::of(server);
        let leap = TimeDelta::days(8);
        server.set_clock(leap);
        shelf.is_expired(server);
        server.advance(TimeDelta::minutes(10));
        shelf.is_expired(server);
        server.set_clock(-leap);
        shelf.is_expired(server);
        assert!(server.metrics().contains(&format!("keyreeve_clock_behind_seconds {}", leap.num_seconds())));
        let next = restarted(server, shown(server));
        shelf.is_expired(&next);

        let reset = clock_mark::reset(next.service()).unwrap().unwrap();
        assert_eq!(reset.to, shown(&next));
        assert_eq!(reset.from - reset.to, leap);
        assert_eq!(clock_mark::reset(next.service()).unwrap(), None, "it is not behind any more");
        let event = server.operator().get("/v1/audit?action=clock.reset").expect(200).items().remove(0);
        assert_eq!(event["details"], json!({"from": reset.from.to_rfc3339(), "to": reset.to.to_rfc3339()}));
        // Who is at work hears of it with the next beat.
        let began = std::time::Instant::now();
        while next.now() > reset.to {
            assert!(began.elapsed() < std::time::Duration::from_secs(60), "waited too long");
            std::thread::park_timeout(std::time::Duration::from_millis(10));
        }
        next.bearer(&shelf.token).get("/v1/me").expect(200);
        assert_eq!(shelf.verified(&next, &shelf.signer, next.now()), "allowed");
    }

    fn a_day_ends_once(server: &Server) {
        let shelf = Shelf::of(server);
        let midnight = (server.now().date_naive() + TimeDelta::days(1)).and_time(NaiveTime::MIN).and_utc();
        server.advance(midnight - server.now() - TimeDelta::seconds(1));
        let before = server.now();
        assert_eq!(before.format("%T").to_string(), "23:59:59");
        let today = |server: &Server| server.now().format("%Y%m%d").to_string();
        let is_issued = |server: &Server, date: &str| {
            let item = json!({"access_key_id": shelf.shop.signer.access_key_id, "date": date, "region": REGION, "service": "s3"});
            let gateway = server.bearer(&shelf.shop.gateway.token);
            gateway.post("/v1/gateway/signing-keys", json!({"items": [item]})).expect(200);
        };
        let of_the_day_before = today(server);
        let mut dates = vec![of_the_day_before.clone()];
        // Over midnight by a step, back by another, and over it again.
        for by in [1, -1, 2, -3_600, 3_600, -1] {
            server.set_clock(TimeDelta::seconds(by));
            assert!(server.now() >= before);
            dates.push(today(server));
            for at in [before, server.now()] {
                assert_eq!(shelf.verified(server, &shelf.shop.signer, at), "allowed", "{by} s, signed at {at}");
            }
            is_issued(server, &of_the_day_before);
            is_issued(server, &today(server));
        }
        assert!(dates.is_sorted() && dates.last() != dates.first(), "{dates:?}");
        assert_eq!(server.now(), midnight + TimeDelta::seconds(1));
    }
}
