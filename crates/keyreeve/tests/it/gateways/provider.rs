//! Keyreeve as a provider has it, with a gateway to register and keys to give out.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::{Client, Signer};

use crate::home::{Home, Server};

pub(crate) const REGION: &str = "waw3-1";

/// Nobody is slowed down, and who forwards is believed.
/// What gateways ask is in the log at `debug`.
const ARGUMENTS: [&str; 6] =
    ["--requests-per-second", "0", "--trusted-proxies", "127.0.0.1", "--log-level", "info,keyreeve_api=debug"];

pub(crate) struct Provider {
    pub(crate) home: Home,
    server: Option<Server>,
    operator: Client,
    address: String,
}

/// A key as its owner and its client hold it.
pub(crate) struct Pair {
    pub(crate) path: String,
    pub(crate) signer: Signer,
}

pub(crate) struct Registered {
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Provider {
    pub(crate) fn new() -> Self {
        let home = Home::new();
        home.run(&["bootstrap", "--out", "token"]).succeeded();
        let server = home.serve(&ARGUMENTS);
        let operator = Client::new(server.url.clone(), Some(home.read("token").trim().to_owned()));
        let region = json!({
            "code": REGION, "name": REGION, "s3_endpoint": "https://s3.example.org", "key_model": "multi"
        });
        operator.post("/v1/regions", region).expect(201);
        let address = server.url.trim_start_matches("http://").to_owned();
        Self { home, server: Some(server), operator, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `host:port`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Stops it, and starts it anew where it was.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.start();
    }

    pub(crate) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().succeeded();
        }
    }

    pub(crate) fn start(&mut self) {
        self.server = Some(self.home.serve_at(&self.address, &ARGUMENTS));
    }

    /// What the process that runs now has said so far.
    pub(crate) fn log(&self) -> String {
        self.server.as_ref().unwrap().running.err.so_far()
    }

    pub(crate) fn register(&self, capabilities: &[&str]) -> Registered {
        let body = json!({"name": "edge", "regions": [REGION], "capabilities": capabilities});
        let id = self.operator.post("/v1/gateways", body).expect(201).text_at("/id");
        let body = json!({"description": "edge", "expires_at": in_days(30)});
        let made = self.operator.post(&format!("/v1/gateways/{id}/tokens"), body).expect(201);
        Registered { token: made.text_at("/token"), id }
    }

    /// The path of a tenant for whom the region is there.
    pub(crate) fn tenant(&self, name: &str) -> String {
        let id = self.operator.post("/v1/tenants", json!({"name": name})).expect(201).text_at("/id");
        let path = format!("/v1/tenants/{id}");
        self.operator.put(&format!("{path}/regions/{REGION}"), json!({"service": "available"})).expect(200);
        path
    }

    pub(crate) fn key(&self, tenant: &str, mut fields: Value) -> Pair {
        fields["region"] = json!(REGION);
        let made = self.operator.post(&format!("{tenant}/keys"), fields).expect(201);
        Pair { path: format!("{tenant}/keys/{}", made.text_at("/key/id")), signer: Signer::of(&made) }
    }

    pub(crate) fn revoke(&self, pair: &Pair) {
        self.operator.act(&format!("{}/revoke", pair.path)).expect(200);
    }
}

#[expect(clippy::disallowed_methods, reason = "the server is a process of its own, with the machine's clock")]
pub(crate) fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

fn in_days(days: i64) -> Value {
    json!(now() + chrono::TimeDelta::days(days))
}

/// A port that nobody has at this moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A file of `deploy`, with the places and names of a test in it.
pub(crate) fn shipped(name: &str, changes: &[(&str, String)], to: &Path) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name);
    let mut text = fs::read_to_string(shipped).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{name} has no {from}");
        text = text.replace(from, to);
    }
    fs::write(to, text).unwrap();
}

/// Somebody else's server, ended with the test.
pub(crate) struct Daemon(Child);

impl Daemon {
    pub(crate) fn start(command: &mut Command) -> Self {
        let help = format!("{command:?} is missing: run scripts/test, which installs it");
        Self(command.spawn().expect(&help))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Not killed: its children are its own to end.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}
