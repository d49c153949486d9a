//! nginx with the configuration in `deploy/nginx`: what is shipped, with the places and names of this test in it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::client::Endpoint;
use super::provider::{Daemon, Pair, Provider, free_port, shipped};
use crate::home::until;

struct Nginx {
    /// A plain directory.
    directory: Endpoint,
    /// A server behind, for one account.
    upstream: Endpoint,
    folder: TempDir,
    _daemon: Daemon,
}

impl Nginx {
    fn start(provider: &Provider, token: &str, namespace: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [directory, upstream, behind] = [free_port(), free_port(), free_port()];
        let place = folder.path().display().to_string();
        let write = |name: &str, changes: &[(&str, String)]| {
            shipped(&format!("nginx/{name}"), changes, &folder.path().join(name));
        };
        write("keyreeve.conf", &[("127.0.0.1:8080", provider.address().to_owned()), ("krg_...", token.to_owned())]);
        write("authorize.conf", &[]);
        write("directory.conf", &[("127.0.0.1:9000", at(directory)), ("/srv/s3", place)]);
        let changes =
            [("127.0.0.1:9002", at(upstream)), ("127.0.0.1:9001", at(behind)), ("ten_...", namespace.to_owned())];
        write("upstream.conf", &changes);
        let included = "include keyreeve.conf; include directory.conf; include upstream.conf;";
        let all = format!("{included}\n{}", self::behind(folder.path(), behind));
        fs::write(folder.path().join("nginx.conf"), around(folder.path(), &all)).unwrap();
        fs::create_dir(folder.path().join("behind")).unwrap();
        let daemon = daemon(folder.path());
        let endpoint = Endpoint::at(directory);
        until("nginx to be up", || ureq::get(endpoint.url()).config().http_status_as_error(false).build().call().ok());
        Self { directory: endpoint, upstream: Endpoint::at(upstream), folder, _daemon: daemon }
    }

    fn file(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.path().join(name)).ok()
    }
}

fn at(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// What goes around servers.
pub(crate) fn around(folder: &Path, servers: &str) -> String {
    let folder = folder.display();
    // As root, nginx would let its workers be somebody who may not write here.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    format!(
        "{user} daemon off; worker_processes 2; pid {folder}/nginx.pid;\n\
         events {{ worker_connections 512; }}\n\
         http {{\n\
         access_log off; client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/proxied;\n\
         fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n\
         {servers}\n}}\n"
    )
}

/// A server that asks nobody, and does not want to see signatures that it could not verify.
pub(crate) fn behind(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "server {{ listen 127.0.0.1:{port}; root {folder}/behind;\n\
         location / {{ if ($http_authorization) {{ return 400; }} if ($args ~ X-Amz-) {{ return 400; }}\n\
         dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 5g; }} }}\n"
    )
}

pub(crate) fn daemon(folder: &Path) -> Daemon {
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-p").arg(folder).arg("-c").arg("nginx.conf").args(["-e", "error.log"]);
    Daemon::start(command.stdin(Stdio::null()))
}

#[test]
fn a_key_lives_and_ends_through_nginx() {
    let mut provider = Provider::new();
    let gateway = provider.register(&["verify"]);
    let acme = provider.tenant("Acme");
    let namespace = acme.rsplit('/').next().unwrap();
    let nginx = Nginx::start(&provider, &gateway.token, namespace);
    let key = provider.key(&acme, json!({"label": "all"}));

    nginx.directory.life(&key.signer, "objects");
    let kept = format!("accounts/{namespace}/media/kept/a b+c.txt");
    assert_eq!(nginx.file(&kept).map(|bytes| bytes.len()), Some(10_000), "in a directory of its account");
    nginx.upstream.life(&key.signer, "objects");
    assert!(nginx.file("behind/media/kept/a b+c.txt").is_some());

    assert!(matches!(nginx.directory.put(&key.signer, "/media/length", "12345").status, 201 | 204));

    limits_are_kept(&provider, &nginx, &acme);
    what_a_directory_cannot_do_is_not_done_by_halves(&nginx, &key);
    accounts_are_apart(&provider, &nginx);

    assert_eq!(nginx.directory.get(&key.signer, KEPT).status, 200);
    provider.stop();
    let unavailable = nginx.directory.get(&key.signer, KEPT);
    assert_eq!(unavailable.status, 503, "no verdict is no refusal: {unavailable}");
    assert!(unavailable.text.contains("<Code>ServiceUnavailable</Code>"), "{unavailable}");
    provider.start();
    assert_eq!(nginx.directory.get(&key.signer, KEPT).status, 200);

    provider.revoke(&key);
    let taken = nginx.directory.until_refused(&key.signer, KEPT, Duration::from_secs(1));
    println!("nginx: {:.3} s from revoke to refusal", taken.as_secs_f64());
    let refused = nginx.directory.get(&key.signer, KEPT);
    assert!(refused.text.contains("<Code>InvalidAccessKeyId</Code>"), "{refused}");
    assert!(nginx.directory.life(&key.signer, "refused").contains("InvalidAccessKeyId"));
    assert!(nginx.file(&format!("accounts/{namespace}/media/x")).is_none());
}

const KEPT: &str = "/media/kept/a%20b%2Bc.txt";

fn limits_are_kept(provider: &Provider, nginx: &Nginx, tenant: &str) {
    let reader = provider.key(tenant, json!({"label": "reader", "permissions": ["read"]}));
    nginx.directory.life(&reader.signer, "reading");
    let scoped = json!({
        "label": "scoped", "buckets": {"access": "specific", "names": ["media"]}, "prefixes": ["kept/"]
    });
    let scoped = provider.key(tenant, scoped);
    let status = |target: &str| nginx.directory.get(&scoped.signer, target).status;
    assert_eq!(status(KEPT), 200);
    for outside in ["/media/other", "/backups/kept/a", "/media/kept/../other", "/backups/../media/kept/a%20b%2Bc.txt"] {
        assert_eq!(status(outside), 403, "{outside}");
    }
    // From here, and as nginx says from where.
    let here = provider.key(tenant, json!({"label": "here", "allowed_addresses": ["127.0.0.1"]}));
    assert_eq!(nginx.directory.get(&here.signer, KEPT).status, 200);
    let elsewhere = provider.key(tenant, json!({"label": "elsewhere", "allowed_addresses": ["203.0.113.0/24"]}));
    assert_eq!(nginx.directory.get(&elsewhere.signer, KEPT).status, 403);
}

fn what_a_directory_cannot_do_is_not_done_by_halves(nginx: &Nginx, key: &Pair) {
    nginx.directory.life(&key.signer, "halves");
    for target in ["/media", "/media?list-type=2", "/media/kept/", "/media/x?uploads", "/media/x?acl", "/"] {
        let answer = nginx.directory.get(&key.signer, target);
        assert_eq!(answer.status, 501, "{target}: {answer}");
        assert!(answer.text.contains("<Code>NotImplemented</Code>"), "{answer}");
    }
}

fn accounts_are_apart(provider: &Provider, nginx: &Nginx) {
    let stranger = provider.tenant("Stranger");
    let stranger = provider.key(&stranger, json!({"label": "stranger"}));
    assert_eq!(nginx.directory.get(&stranger.signer, KEPT).status, 404);
    assert_eq!(nginx.upstream.get(&stranger.signer, KEPT).status, 503, "nothing is behind for that account");
}
