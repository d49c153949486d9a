//! A Keyreeve to be measured: the release build, as a process, with a tenant, a gateway and keys.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;
use tempfile::TempDir;
use testkit::{Client, Signer, postgres};

use crate::load::{Load, Pace};
use crate::process::{Process, server};
use crate::seed::{Seeded, seed};

pub const REGION: &str = "waw3-1";

/// Where its database is.
pub enum Place {
    Sqlite(TempDir),
    Postgres(postgres::Database<'static>),
}

pub struct Keyreeve {
    pub process: Process,
    pub operator: Client,
    operator_token: String,
    /// The gateway's token.
    pub gateway: String,
    pub tenant: String,
    home: TempDir,
}

impl Place {
    pub fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().expect("a folder"))
    }

    pub fn postgres() -> Self {
        let server = postgres::shared().expect("PostgreSQL");
        Self::Postgres(server.database().expect("a database"))
    }

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("keyreeve.db").display()),
            Self::Postgres(database) => database.url(),
        }
    }
}

impl Keyreeve {
    /// One worker, on the servers' processor.
    pub fn pinned(place: &Place, settings: &[&str]) -> Self {
        Self::start(place, "0", &[&["--workers", "1"], settings].concat())
    }

    pub fn start(place: &Place, processors: &str, settings: &[&str]) -> Self {
        let home = TempDir::new().expect("a folder");
        let token = home.path().join("token");
        let url = place.url();
        let folder = home.path().to_str().expect("a path");
        let mut bootstrap = Command::new(server("keyreeve"));
        bootstrap.args(["bootstrap", "--data-dir", folder, "--database", &url, "--out"]).arg(&token);
        assert!(bootstrap.stdout(Stdio::null()).status().expect("keyreeve").success(), "no operator");
        let operator_token = std::fs::read_to_string(token).expect("a token").trim().to_owned();
        let process = serve(&url, folder, processors, settings);
        let operator = Client::new(process.url(), Some(operator_token.clone()));
        let region =
            json!({"code": REGION, "name": "Warsaw", "s3_endpoint": "https://s3.example.org", "key_model": "multi"});
        operator.post("/v1/regions", region).expect(201);
        let tenant = operator.post("/v1/tenants", json!({"name": "Acme"})).expect(201).header("location").to_owned();
        operator.put(&format!("{tenant}/regions/{REGION}"), json!({"service": "available"})).expect(200);
        let gateway = json!({"name": "edge", "regions": [REGION], "capabilities": ["verify", "changes", "signing_keys", "keystone"]});
        let gateway = operator.post("/v1/gateways", gateway).expect(201).header("location").to_owned();
        let token = json!({"description": "edge", "expires_at": now() + chrono::TimeDelta::hours(12)});
        let gateway = operator.post(&format!("{gateway}/tokens"), token).expect(201).text_at("/token");
        Self { process, operator, operator_token, gateway, tenant, home }
    }

    /// Says also how long it took to be ready, the process before it having ended.
    pub fn restarted_and_ready(self, place: &Place) -> (Self, Duration) {
        let (again, began) = self.again(place, "0", &[]);
        let took = again.process.until_ready(began);
        (again, took)
    }

    /// The same until it has said yes to a request that `of` signs.
    pub fn restarted_and_verifying(self, place: &Place, settings: &[&str], of: &Signer) -> (Self, Duration) {
        let (again, began) = self.again(place, "0", settings);
        let question = [again.question(of)];
        let address = again.process.address;
        let pace = Pace::AsFastAsPossible;
        let load = Load { address, connections: 1, requests: &question, proof: "\"allow\"", pace, tls: None };
        while load.once().answers == 0 {
            assert!(began.elapsed() < Duration::from_secs(30), "it does not verify");
        }
        (again, began.elapsed())
    }

    /// The same again, on the same database; everything that was remembered is forgotten.
    pub fn restart(self, place: &Place, processors: &str, settings: &[&str]) -> Self {
        self.again(place, processors, settings).0
    }

    /// The same again on another database, an empty one, with everything that was in the first.
    pub fn moved(self, from: &Place, to: &Place, settings: &[&str]) -> Self {
        let folder = self.home.path().to_str().expect("a path");
        let file = self.home.path().join("moving.export");
        let file = file.to_str().expect("a path");
        let run = |database: &Place, words: &[&str]| {
            let mut command = Command::new(program());
            command.args(words).args(["--data-dir", folder, "--database", &database.url()]);
            assert!(command.stdout(Stdio::null()).status().expect("keyreeve").success(), "{words:?}");
        };
        run(from, &["export", "--out", file]);
        run(to, &["migrate"]);
        run(to, &["import", file]);
        run(to, &["thaw"]);
        self.restart(to, "0", settings)
    }

    /// With the moment at which it was started.
    fn again(self, place: &Place, processors: &str, settings: &[&str]) -> (Self, Instant) {
        let Self { process, operator_token, gateway, tenant, home, .. } = self;
        process.stop();
        let began = Instant::now();
        let process = serve(&place.url(), home.path().to_str().expect("a path"), processors, settings);
        let operator = Client::new(process.url(), Some(operator_token.clone()));
        (Self { process, operator, operator_token, gateway, tenant, home }, began)
    }

    pub fn key(&self, label: &str) -> Signer {
        let body = json!({"region": REGION, "label": label});
        Signer::of(&self.operator.post(&format!("{}/keys", self.tenant), body).expect(201))
    }

    /// So many keys, made four at a time.
    pub fn keys(&self, count: usize) -> Vec<Signer> {
        std::thread::scope(|scope| {
            let part = |part: usize| {
                move || (part..count).step_by(4).map(|number| self.key(&format!("key {number}"))).collect()
            };
            let parts: Vec<_> = (0..4).map(|number| scope.spawn(part(number))).collect();
            parts.into_iter().flat_map(|part| -> Vec<Signer> { part.join().expect("keys") }).collect()
        })
    }

    /// Another tenant, by its path, with the region.
    pub fn another_tenant(&self, name: &str) -> String {
        let tenant = self.operator.post("/v1/tenants", json!({"name": name})).expect(201).header("location").to_owned();
        self.operator.put(&format!("{tenant}/regions/{REGION}"), json!({"service": "available"})).expect(200);
        tenant
    }

    /// A key of a tenant of its own, by its path: whoever changes it waits for nobody else's audit.
    pub fn key_of_its_own(&self, name: &str) -> String {
        let tenant = self.another_tenant(name);
        let order = json!({"region": REGION, "label": "written"});
        let key = self.operator.post(&format!("{tenant}/keys"), order).expect(201).text_at("/key/id");
        format!("{tenant}/keys/{key}")
    }

    /// So many keys, stored past the server, which need not hear of them.
    pub fn seeded(&self, place: &Place, count: usize) -> Seeded {
        let tenant = self.tenant.rsplit('/').next().expect("its id");
        seed(&place.url(), &self.home.path().join("master.key"), tenant, count)
    }

    /// Another replica on the same database.
    pub fn replica(&self, place: &Place, processors: &str, settings: &[&str]) -> Replica {
        let home = TempDir::new().expect("a folder");
        std::fs::copy(self.home.path().join("master.key"), home.path().join("master.key")).expect("a master key");
        let process = serve(&place.url(), home.path().to_str().expect("a path"), processors, settings);
        Replica { process, _home: home }
    }

    pub fn operator_token(&self) -> &str {
        &self.operator_token
    }

    /// What a gateway asks about a request that was signed just now, as it goes over the wire.
    pub fn question(&self, signer: &Signer) -> Vec<u8> {
        self.post("/v1/gateway/verify", &signer.request(now()).to_string())
    }

    /// The same about many.
    pub fn questions(&self, signers: &[Signer]) -> Vec<u8> {
        let items: Vec<_> = signers.iter().map(|signer| signer.request(now())).collect();
        self.post("/v1/gateway/verify/batch", &json!({"items": items}).to_string())
    }

    fn post(&self, path: &str, body: &str) -> Vec<u8> {
        post(path, &self.gateway, "", body)
    }

    /// Somebody reads its metrics again and again, until this is dropped.
    pub fn scraped_every(&self, interval: Duration) -> Scraper {
        let url = self.process.metrics().to_owned();
        let (stop, stopped) = mpsc::channel::<()>();
        let reader = std::thread::spawn(move || {
            while stopped.recv_timeout(interval) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = ureq::get(&url).call().map(|mut page| page.body_mut().read_to_string());
            }
        });
        Scraper { stop: Some(stop), reader: Some(reader) }
    }

    /// What its metrics say: see [`Process::metric`].
    pub fn metric(&self, name: &str, words: &str) -> f64 {
        self.process.metric(name, words)
    }
}

pub struct Replica {
    pub process: Process,
    _home: TempDir,
}

pub struct Scraper {
    stop: Option<mpsc::Sender<()>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Scraper {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.reader.take().map(std::thread::JoinHandle::join);
    }
}

fn serve(url: &str, folder: &str, processors: &str, settings: &[&str]) -> Process {
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"];
    arguments.extend(["--requests-per-second", "0", "--data-dir", folder, "--database", url]);
    arguments.extend(settings);
    Process::start(&program(), &arguments, processors)
}

fn program() -> PathBuf {
    server("keyreeve")
}

/// A POST as it goes over the wire.
pub fn post(path: &str, token: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: keys\r\nAuthorization: Bearer {token}\r\n{headers}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A GET as it goes over the wire.
pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: keys\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

pub fn now() -> DateTime<Utc> {
    Utc::now()
}
