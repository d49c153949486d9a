//! Secrets are in the answers that make them and nowhere else: everything that anybody can read is searched for them.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::json;
use testkit::grep::{Needles, find};
use testkit::{Answer, Client, Server, on_both_databases};

use crate::place::{Place, REGION, with_region};

/// What is logged in this process, at every level.
fn log() -> MutexGuard<'static, Vec<u8>> {
    static LOG: OnceLock<&'static Mutex<Vec<u8>>> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let log: &'static Mutex<Vec<u8>> = Box::leak(Box::default());
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || Writer(log));
        tracing::subscriber::set_global_default(subscriber.finish()).expect("the first subscriber");
        log
    });
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Writer(&'static Mutex<Vec<u8>>);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes and uses secrets of every kind; what it collects must be found nowhere afterwards.
struct Busy<'s> {
    server: &'s Server,
    place: Place,
    secrets: Vec<String>,
    /// Answers that no secret belongs into.
    said: Vec<Answer>,
}

impl<'s> Busy<'s> {
    fn begin(server: &'s Server) -> Self {
        drop(log());
        let place = Place::of(server, "multi");
        server.region("named", "instance");
        Self { server, place, secrets: Vec::new(), said: Vec::new() }
    }

    fn keep(&mut self, answer: &Answer, pointer: &str) -> String {
        let secret = answer.text_at(pointer);
        assert!(secret.len() >= 40, "{pointer}");
        self.secrets.push(secret.clone());
        secret
    }

    fn keys(&mut self) {
        let admin = self.place.admin.clone();
        let offer = self.place.tenant.path("/regions/named");
        let offered = admin.put(&offer, json!({"service": "available"})).expect(200);
        self.keep(&offered, "/initial_key/secret_access_key");
        let instance = admin.post(&self.place.instances(), json!({"region": "named", "name": "Media"})).expect(201);
        self.keep(&instance, "/initial_key/secret_access_key");
        let once = admin.with("idempotency-key", "the-same");
        let body = with_region(json!({"label": "Production API"}));
        let made = once.post(&self.place.keys(), body.clone()).expect(201);
        let again = once.post(&self.place.keys(), body).expect(201);
        let secret = self.keep(&made, "/secret_access_key");
        assert_eq!(again.text_at("/secret_access_key"), secret);
        let path = self.place.key(&made);
        let rotated = admin.post(&format!("{path}/rotate"), json!({"grace_seconds": 3600})).expect(200);
        self.keep(&rotated, "/secret_access_key");
        let reset = admin.act(&format!("{path}/reset")).expect(200);
        self.keep(&reset, "/secret_access_key");
        let gone = self.place.make("Gone");
        self.keep(&gone, "/secret_access_key");
        let revoked = self.place.make("Revoked");
        self.keep(&revoked, "/secret_access_key");
        self.said.push(admin.delete(&self.place.key(&gone)).expect(200));
        self.said.push(admin.act(&format!("{}/revoke", self.place.key(&revoked))).expect(200));
        self.said.push(admin.act(&format!("{path}/disable")).expect(200));
        self.said.push(admin.patch(&path, json!({"label": "Renamed"})).expect(200));
    }

    fn tokens_and_passwords(&mut self) {
        let (operator, tenant) = (self.server.operator(), self.place.tenant.path(""));
        let body = json!({"description": "Portal", "expires_at": self.server.in_days(9)});
        for owner in ["/v1/operator", &tenant] {
            let made = operator.post(&format!("{owner}/tokens"), body.clone()).expect(201);
            let token = self.keep(&made, "/token");
            self.said.push(self.server.bearer(&token).get("/v1/me").expect(200));
            let rotate = format!("{owner}/tokens/{}/rotate", made.text_at("/id"));
            let rotated = operator.post(&rotate, json!({"grace_seconds": 60})).expect(201);
            self.keep(&rotated, "/token");
        }
        let password = "Ahorn-Birke-Linde-9f3c2a7e1b".to_owned();
        let person = json!({"email": "eve@example.org", "name": "Eve", "role": "member+", "password": password});
        self.said.push(operator.post(&format!("{tenant}/users"), person).expect(201));
        let log_in = json!({"email": "eve@example.org", "password": password});
        let session = self.server.anonymous().post("/v1/sessions", log_in).expect(200);
        self.keep(&session, "/access_token");
        let refresh = self.keep(&session, "/refresh_token");
        let refreshed =
            self.server.anonymous().post("/v1/sessions/refresh", json!({"refresh_token": refresh})).expect(200);
        self.keep(&refreshed, "/refresh_token");
        let wrong = json!({"email": "eve@example.org", "password": format!("{password}-wrong")});
        self.said.push(self.server.anonymous().post("/v1/sessions", wrong).expect(401));
        self.secrets.push(password);
    }

    /// Secrets where they do not belong: what refuses them does not repeat them.
    fn mistakes(&mut self) {
        let (admin, keys) = (self.place.admin.clone(), self.place.keys());
        for secret in self.secrets.clone() {
            let mut said = vec![
                self.server.bearer(&secret).post(&keys, json!({})),
                admin.post(&keys, json!({"region": secret, "label": "Mine"})),
                admin.post(&keys, json!({"region": REGION, "label": "Mine", "expires_at": secret})),
                admin.post(&keys, json!({"region": REGION, "label": "Mine", "permissions": [secret]})),
                admin.post(&keys, json!({"region": REGION, "label": "Mine", "allowed_addresses": [secret]})),
                admin.get(&format!("{keys}?cursor={secret}")),
                admin.get(&format!("{keys}?limit={secret}")),
                admin.get(&format!("{keys}?instance={secret}")),
                admin.with("content-type", "application/json").send(
                    "POST",
                    &keys,
                    Some(&format!("{{\"label\": \"{secret}")),
                ),
                self.server.anonymous().post("/v1/sessions", json!({"email": secret, "password": secret, "tenant": 1})),
            ];
            assert!(
                said.iter().all(|answer| answer.status >= 400),
                "{}",
                said.iter().map(|a| a.status.to_string()).collect::<String>()
            );
            self.said.append(&mut said);
        }
    }

    fn read_everything(&mut self) {
        let (admin, operator) = (self.place.admin.clone(), self.server.operator());
        let key = format!("{}/{}", self.place.keys(), self.place.listed(&admin, "")[0]);
        let tenant = self.place.tenant.path("");
        let of_tenant = ["", "/keys", "/instances", "/regions", "/buckets", "/users", "/tokens", "/audit"];
        let mut paths: Vec<String> = of_tenant.iter().map(|rest| format!("{tenant}{rest}")).collect();
        paths.extend([key.clone(), format!("{key}/propagation")]);
        paths.extend(["/v1/audit", "/v1/operator/tokens", "/v1/regions", "/v1/tenants", "/v1/me"].map(str::to_owned));
        let read = |client: &Client| paths.iter().map(|path| client.get(path)).collect::<Vec<_>>();
        self.said.extend(read(&operator));
        self.said.extend(read(&admin));
    }

    fn answers(&self) -> Vec<u8> {
        let answer = |answer: &Answer| format!("{:?}\n{}\n", answer.headers, answer.text);
        self.said.iter().map(answer).collect::<String>().into_bytes()
    }
}

on_both_databases! {
    fn no_secret_is_anywhere_but_in_the_answer_that_made_it(server: &Server) {
        let mut busy = Busy::begin(server);
        busy.keys();
        busy.tokens_and_passwords();
        busy.mistakes();
        busy.read_everything();
        let needles = Needles::of(&busy.secrets);
        assert!(busy.secrets.len() >= 14);
        let (stored, logged) = (server.everything_stored(), log().clone());
        assert!(String::from_utf8_lossy(&logged).contains("TRACE"), "the log was listened to");
        assert!(busy.said.len() > 150 && stored.len() > 10_000);
        for (place, text) in [("answers", busy.answers()), ("metrics", server.metrics().into_bytes()), ("log", logged), ("database", stored)] {
            assert_eq!(find(&needles, &text), Vec::<String>::new(), "in the {place}");
        }
    }

    fn a_leak_would_be_found(server: &Server) {
        let place = Place::of(server, "multi");
        drop(log());
        let made = place.make("Production API");
        let secret = made.text_at("/secret_access_key");
        let needles = Needles::of(std::slice::from_ref(&secret));
        assert!(find(&needles, &server.everything_stored()).is_empty());
        assert!(!find(&needles, made.text.as_bytes()).is_empty(), "in an answer");
        tracing::trace!(secret, "somebody was careless");
        assert!(!find(&needles, &log()).is_empty(), "in a log");
        for form in needles.texts() {
            server.execute(&format!("UPDATE keys SET description = 'careless: {form}.'"));
            assert!(!find(&needles, &server.everything_stored()).is_empty(), "{form} in a text");
        }
        server.execute("UPDATE keys SET description = NULL");
        for form in needles.bytes() {
            server.store_bytes(&made.text_at("/key/id"), form);
            assert!(!find(&needles, &server.everything_stored()).is_empty(), "{form:?} in bytes");
        }
    }

    fn the_secret_of_what_has_ended_is_wiped(server: &Server) {
        let place = Place::of(server, "multi");
        let made = place.make("Production API");
        let id = made.text_at("/key/id");
        place.admin.act(&format!("{}/reset", place.key(&made))).expect(200);
        assert_eq!(server.pair_versions(&id), [(1, false), (2, true)]);
        place.admin.post(&format!("{}/rotate", place.key(&made)), json!({"grace_seconds": 60})).expect(200);
        place.admin.act(&format!("{}/revoke", place.key(&made))).expect(200);
        assert_eq!(server.pair_versions(&id)[..2], [(1, false), (2, false)]);
        place.admin.delete(&place.key(&made)).expect(200);
        assert_eq!(server.pair_versions(&id), []);
    }
}
