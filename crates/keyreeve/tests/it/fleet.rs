//! Replicas over one database, with a tenant whose keys a gateway asks about.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use testkit::{Answer, Client, Signer};

use crate::home::{Home, Server};

pub(crate) const REGION: &str = "waw3-1";

pub(crate) struct Fleet {
    pub(crate) replicas: Vec<Server>,
    pub(crate) operator: String,
    pub(crate) gateway: String,
    pub(crate) tenant: String,
    pub(crate) database: String,
    arguments: Vec<String>,
    pub(crate) home: Home,
}

pub(crate) struct Key {
    pub(crate) path: String,
    signer: Signer,
}

impl Fleet {
    pub(crate) fn of(count: usize, database: &str, settings: &[&str]) -> Self {
        Self::at(Home::new(), count, database, settings)
    }

    pub(crate) fn at(home: Home, count: usize, database: &str, settings: &[&str]) -> Self {
        home.run(&["bootstrap", "--out", "token", "--database", database]).succeeded();
        let arguments = [&["--database", database, "--requests-per-second", "0"][..], settings].concat();
        let replicas: Vec<_> = (0..count).map(|_| home.serve(&arguments)).collect();
        let operator = home.read("token").trim().to_owned();
        let client = Client::new(replicas[0].url.clone(), Some(operator.clone()));
        let region =
            json!({"code": REGION, "name": "Warsaw", "s3_endpoint": "https://s3.example.org", "key_model": "multi"});
        client.post("/v1/regions", region).expect(201);
        let tenant = client.post("/v1/tenants", json!({"name": "Acme"})).expect(201).header("location").to_owned();
        client.put(&format!("{tenant}/regions/{REGION}"), json!({"service": "available"})).expect(200);
        let gateway = json!({"name": "edge", "regions": [REGION], "capabilities": ["verify", "changes"]});
        let gateway = client.post("/v1/gateways", gateway).expect(201).header("location").to_owned();
        let token = json!({"description": "edge", "expires_at": now() + chrono::TimeDelta::hours(1)});
        let gateway = client.post(&format!("{gateway}/tokens"), token).expect(201).text_at("/token");
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        Self { replicas, operator, gateway, tenant, database: database.to_owned(), arguments, home }
    }

    /// Starts one more.
    pub(crate) fn serve(&mut self) {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.replicas.push(self.home.serve(&arguments));
    }

    /// Stops one of the replicas and starts another in its place; says how long the first took to stop.
    pub(crate) fn restart(&mut self, which: usize) -> Duration {
        let began = Instant::now();
        let stopped = self.replicas.remove(which);
        let address = stopped.url.strip_prefix("http://").unwrap().to_owned();
        stopped.terminate().succeeded();
        let took = began.elapsed();
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.replicas.insert(which, self.home.serve_at(&address, &arguments));
        took
    }

    /// The operator, at one of the replicas.
    pub(crate) fn operator(&self, which: usize) -> Client {
        Client::new(self.replicas[which].url.clone(), Some(self.operator.clone()))
    }

    pub(crate) fn gateway(&self, which: usize) -> Client {
        Client::new(self.replicas[which].url.clone(), Some(self.gateway.clone()))
    }

    pub(crate) fn key(&self, label: &str) -> Key {
        let made = self.operator(0).post(&format!("{}/keys", self.tenant), json!({"region": REGION, "label": label}));
        Key::of(&made.expect(201))
    }

    /// One more replica, which reads its master keys from a file of its own.
    pub(crate) fn another(&self, master_key_file: &str) -> Server {
        let settings = ["--database", &self.database, "--lease-seconds", "5", "--master-key-file", master_key_file];
        self.home.serve(&settings)
    }
}

impl Key {
    /// Out of the answer that made it.
    pub(crate) fn of(made: &Answer) -> Self {
        Self { path: made.header("location").to_owned(), signer: Signer::of(made) }
    }

    pub(crate) fn verify(&self, gateway: &Client) -> Answer {
        gateway.post("/v1/gateway/verify", self.request())
    }

    /// What a gateway asks about a request that was signed just now.
    pub(crate) fn request(&self) -> Value {
        self.signer.request(now())
    }

    pub(crate) fn is_allowed(&self, gateway: &Client) -> bool {
        self.verify(gateway).expect(200).field("/decision") == "allow"
    }
}

#[expect(clippy::disallowed_methods, reason = "real processes go by the real clock")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
