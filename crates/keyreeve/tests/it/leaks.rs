//! What a process leaves behind: its log at its most talkative, its files, backups, metrics, audit, and what others on the machine see
//! of it. No secret is in any of that; one that somebody put there is found.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use testkit::grep::{Needles, find};
use testkit::postgres::shared;
use testkit::{Answer, Client, Signer};

use crate::fleet::now;
use crate::home::{Home, Server, until};

const KEYS: usize = 10;
/// So many of the secrets are tried wherever they do not belong.
const MISPLACED: usize = 48;
const PASSWORD: &str = "Ahorn-Birke-Linde-9f3c2a7e1b";

/// `KEYREEVE_SECRETS=1000` makes it a long one, of a thousand keys.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn keys() -> usize {
    std::env::var("KEYREEVE_SECRETS").map_or(KEYS, |text| text.parse().unwrap())
}

/// A server that says all it can, and every secret that it was told or has made.
struct Talkative {
    home: Home,
    server: Server,
    database: Vec<String>,
    operator: Client,
    secrets: Vec<String>,
}

impl Talkative {
    fn on(database: &str) -> Self {
        let home = Home::new();
        let database = vec!["--database".to_owned(), database.to_owned()];
        let on: Vec<&str> = database.iter().map(String::as_str).collect();
        home.run(&[&["bootstrap", "--out", "operator.token"], &on[..]].concat()).succeeded();
        let server =
            home.serve_with_metrics(&[&["--log-level", "trace", "--requests-per-second", "0"], &on[..]].concat());
        let token = home.read("operator.token").trim().to_owned();
        let operator = Client::new(server.url.clone(), Some(token.clone()));
        let secrets = vec![token, home.master_key()];
        Self { home, server, database, operator, secrets }
    }

    fn keep(&mut self, answer: &Answer, pointer: &str) -> String {
        let secret = answer.text_at(pointer);
        self.secrets.push(secret.clone());
        secret
    }

    fn client(&self, token: &str) -> Client {
        Client::new(self.server.url.clone(), Some(token.to_owned()))
    }

    /// Keys, tokens, people and gateways, each used rightly and wrongly.
    fn live(&mut self) {
        let operator = self.operator.clone();
        let region =
            json!({"code": "waw3-1", "name": "W", "s3_endpoint": "https://s3.example.org", "key_model": "multi"});
        operator.post("/v1/regions", region).expect(201);
        let tenant = operator.post("/v1/tenants", json!({"name": "Acme"})).expect(201).header("location").to_owned();
        operator.put(&format!("{tenant}/regions/waw3-1"), json!({"service": "available"})).expect(200);
        let person = json!({"email": "eve@example.org", "name": "Eve", "role": "admin", "password": PASSWORD});
        operator.post(&format!("{tenant}/users"), person).expect(201);
        self.secrets.push(PASSWORD.to_owned());
        let log_in = json!({"email": "eve@example.org", "password": PASSWORD});
        let session = operator.post("/v1/sessions", log_in).expect(200);
        let admin = self.keep(&session, "/access_token");
        let refresh = self.keep(&session, "/refresh_token");
        let again = operator.post("/v1/sessions/refresh", json!({"refresh_token": refresh})).expect(200);
        self.keep(&again, "/refresh_token");
        let admin = self.client(&admin);
        let until = now() + chrono::TimeDelta::hours(1);
        let token = json!({"description": "Portal", "expires_at": until});
        let made = admin.post(&format!("{tenant}/tokens"), token.clone()).expect(201);
        let own = self.keep(&made, "/token");
        self.client(&own).get("/v1/me").expect(200);
        let gateway =
            json!({"name": "edge", "regions": ["waw3-1"], "capabilities": ["verify", "signing_keys", "secrets"]});
        let gateway = operator.post("/v1/gateways", gateway).expect(201).header("location").to_owned();
        let made = operator.post(&format!("{gateway}/tokens"), token).expect(201);
        let gateway = self.keep(&made, "/token");
        let gateway = self.client(&gateway);
        for number in 0..keys() {
            let body = json!({"region": "waw3-1", "label": format!("Key {number}")});
            let made = admin.with("idempotency-key", &format!("once-{number}")).post(&format!("{tenant}/keys"), body);
            let made = made.expect(201);
            self.keep(&made, "/secret_access_key");
            self.verify(&gateway, &Signer::of(&made));
            let reset = admin.act(&format!("{}/reset", made.header("location")));
            self.keep(&reset, "/secret_access_key");
        }
        self.mistakes(&admin, &tenant);
    }

    /// Rightly, with a wrong signature, and with everything that a gateway may want.
    fn verify(&mut self, gateway: &Client, signer: &Signer) {
        let mut body = signer.request(now());
        body["want"] = json!(["principal", "signing_key"]);
        let allowed = gateway.post("/v1/gateway/verify", body.clone()).expect(200);
        self.keep(&allowed, "/signing_key/key");
        let secret = gateway.get(&format!("/v1/gateway/keys/{}/secret", signer.access_key_id)).expect(200);
        assert_eq!(secret.text_at("/secret_access_key"), signer.secret);
        // Another one is sent than the right one, which nobody should be told.
        let mut later = signer.request(now() + chrono::TimeDelta::seconds(5));
        self.secrets.push(later["signature"].as_str().unwrap().to_owned());
        later["signature"] = json!("0".repeat(64));
        assert_eq!(gateway.post("/v1/gateway/verify", later).expect(200).field("/decision"), "deny");
    }

    fn mistakes(&self, admin: &Client, tenant: &str) {
        for secret in self.secrets.iter().step_by(self.secrets.len().div_ceil(MISPLACED)) {
            for answer in [
                self.client(secret).get("/v1/me"),
                admin.get(&format!("{tenant}/keys?cursor={secret}")),
                admin.get(&format!("{tenant}/keys/{secret}")),
                admin.post(&format!("{tenant}/keys"), json!({"region": secret, "label": secret, "secret": secret})),
                admin.post("/v1/sessions", json!({"email": secret, "password": secret})),
            ] {
                let is_theirs = answer.status == 200 && answer.text.contains("\"caller\"");
                assert!(answer.status >= 400 || is_theirs || answer.text.contains("\"id\""), "{answer}");
            }
        }
    }

    /// Everything that stays, by the name of its place.
    fn left_behind(&self, backup: &str) -> Vec<(String, Vec<u8>)> {
        let on: Vec<&str> = self.database.iter().map(String::as_str).collect();
        let mut places = vec![
            ("the log".to_owned(), self.server.running.err.so_far().into_bytes()),
            ("the output".to_owned(), self.server.running.out.so_far().into_bytes()),
            ("the metrics".to_owned(), self.server.metrics().into_bytes()),
        ];
        if on.iter().any(|url| url.starts_with("sqlite:")) {
            self.home.run(&[&["backup", "--out", backup], &on[..]].concat()).succeeded();
        }
        let shown = self.home.run(&[&["config", "show"], &on[..]].concat()).succeeded();
        places.push(("the settings".to_owned(), shown.out.into_bytes()));
        let export = self.operator.with("accept", "application/x-ndjson").get("/v1/audit?limit=500").expect(200);
        assert!(export.text.lines().count() > 20, "{export}");
        places.push(("the audit".to_owned(), export.text.into_bytes()));
        let process = PathBuf::from(format!("/proc/{}", self.server.running.id()));
        for name in ["cmdline", "environ"] {
            places.push((format!("the process's {name}"), fs::read(process.join(name)).unwrap()));
        }
        let kept = ["operator.token", "master.key"];
        for file in files(&self.home.path("")) {
            if !kept.contains(&file.file_name().unwrap().to_str().unwrap()) {
                places.push((file.display().to_string(), fs::read(&file).unwrap()));
            }
        }
        places
    }

    fn found(&self, backup: &str) -> Vec<String> {
        let needles = Needles::of(&self.secrets);
        let mut found = Vec::new();
        for (place, bytes) in self.left_behind(backup) {
            found.extend(find(&needles, &bytes).into_iter().map(|needle| format!("{needle} in {place}")));
        }
        found
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn nothing_is_left_behind_on(database: &str) {
    let mut talkative = Talkative::on(database);
    talkative.live();
    assert!(talkative.secrets.len() > 45, "{}", talkative.secrets.len());
    assert_eq!(talkative.found("first.db"), Vec::<String>::new());
    let log = talkative.server.running.err.so_far();
    println!("leaks: {} secrets in {} bytes of log and everywhere else: none", talkative.secrets.len(), log.len());

    // Somebody is careless, in ways that a server cannot know of.
    let secret = talkative.secrets[10].clone();
    let named = secret.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>();
    talkative.secrets = vec![named.clone()];
    talkative.operator.with("x-request-id", &named).post("/v1/partners", json!({"name": named})).expect(201);
    // What it says is gathered by a thread of its own.
    until("the log to name it", || talkative.server.running.err.so_far().contains(&named).then_some(()));
    let found = talkative.found("second.db");
    for place in ["the log", "the audit"] {
        assert!(found.iter().any(|found| found.ends_with(place)), "{place} is not among {found:#?}");
    }
    if database.starts_with("sqlite:") {
        assert!(found.iter().any(|found| found.ends_with("second.db")), "{found:#?}");
        assert!(found.iter().any(|found| found.contains("keyreeve.db")), "{found:#?}");
    }
}

#[test]
fn no_secret_is_left_behind_on_sqlite() {
    nothing_is_left_behind_on("sqlite:keyreeve-data/keyreeve.db");
}

#[test]
fn no_secret_is_left_behind_on_postgres() {
    let database = shared().unwrap().database().unwrap();
    nothing_is_left_behind_on(&database.url());
}
