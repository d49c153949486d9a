//! The example as a process, in front of it the clients that people use, and behind it a real Keyreeve.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use serde_json::json;
use tempfile::TempDir;
use testkit::on_both_databases;

const REGION: &str = "waw3-1";
const HELP: &str = "this test needs python3 with boto3 and awscli, and rclone: run scripts/test";

/// The example, for as long as this lives.
struct Example {
    process: Child,
    url: String,
}

impl Example {
    fn start(folder: &Path, keyreeve: &str, token: &str) -> Self {
        std::fs::write(folder.join("token"), token).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_s3s-gateway"))
            .args(["--keyreeve", keyreeve, "--region", REGION, "--listen", "127.0.0.1:0", "--token-file"])
            .arg(folder.join("token"))
            .arg(folder.join("buckets"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("it said {line:?}")).to_owned();
        Self { process, url }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

on_both_databases! {
    fn the_clients_that_people_use_work_and_are_refused_as_by_s3(server: &Server) {
        // Clients sign by the time of day.
        #[expect(clippy::disallowed_methods, reason = "the clients and the example look at the same clock")]
        let now = DateTime::<Utc>::from(SystemTime::now());
        server.advance(now - server.now());
        server.region(REGION, "multi");
        let operator = server.operator();
        let id = operator.post("/v1/tenants", json!({"name": "Acme"})).expect(201).text_at("/id");
        let tenant = format!("/v1/tenants/{id}");
        operator.put(&format!("{tenant}/regions/{REGION}"), json!({"service": "available"})).expect(200);
        let body = json!({"description": "test", "expires_at": server.in_days(1)});
        let token = operator.post(&format!("{tenant}/tokens"), body).expect(201).text_at("/token");

        let folder = TempDir::new().unwrap();
        let gateway = server.gateway(&[REGION], &["signing_keys", "changes", "usage", "secrets"]);
        let example = Example::start(folder.path(), &server.url(), &gateway.token);
        // One that has lost Keyreeve: nothing listens on this port.
        let elsewhere = TempDir::new().unwrap();
        let lost = Example::start(elsewhere.path(), "http://127.0.0.1:1", &gateway.token);

        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/clients.py");
        let keys = format!("{}{tenant}/keys", server.url());
        let mut python = Command::new("python3");
        python.arg(script).args([&example.url, &lost.url, &keys, &token, REGION]).current_dir(folder.path());
        let said = python.env_remove("AWS_CA_BUNDLE").output().unwrap_or_else(|error| panic!("{HELP}: {error}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(said.status.success(), "{HELP}\n{}{}", text(&said.stdout), text(&said.stderr));

        // What was verified at the gateway shows at Keyreeve.
        let secrets_read = operator.get(&format!("{tenant}/audit?action=secret.issued")).expect(200).items();
        assert_eq!(secrets_read.len(), 1, "one upload in signed chunks, and no other use of a secret");
    }
}
