//! Ceph RGW, on a monitor and an OSD of its own that keeps everything in memory. Run by `just test-rgw`: Ceph is large, and slow
//! to come up.

#![cfg(test)]
#![expect(dead_code, reason = "what the tests of other gateways use as well is not all used here")]

#[path = "../it/gateways/client.rs"]
mod client;
#[path = "../it/home.rs"]
mod home;
#[path = "../it/gateways/provider.rs"]
mod provider;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use client::Endpoint;
use home::until;
use provider::{Daemon, Provider, free_port};

/// What ends first is last.
struct Rgw {
    endpoint: Endpoint,
    _rgw: Daemon,
    _osd: Daemon,
    _monitor: Daemon,
    folder: TempDir,
}

impl Rgw {
    /// `keystone` is how it finds Keyreeve: lines of its configuration.
    fn start(keystone: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (monitor, port) = (free_port(), free_port());
        let address = format!("[v1:127.0.0.1:{monitor}]");
        let [cluster, osd] = ["5d7c0fb4-1199-46f8-8801-49b812586fd9", "e23581a1-f168-4de4-bfb2-1053f80fb295"];
        for data in ["mon", "osd"] {
            fs::create_dir(folder.path().join(data)).unwrap();
        }
        fs::write(folder.path().join("keyring"), "").unwrap();
        fs::write(folder.path().join("ceph.conf"), configuration(folder.path(), cluster, &address, port, keystone))
            .unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let output = command(folder.path(), program, arguments).output().expect(HELP);
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        };
        run("monmaptool", &["--create", "--fsid", cluster, "--addv", "a", &address, "monmap"]);
        run("ceph-mon", &["--mkfs", "-i", "a", "--monmap", "monmap"]);
        let daemon = |program: &str, arguments: &[&str]| {
            let mut command = command(folder.path(), program, arguments);
            Daemon::start(command.arg("-f").stdout(Stdio::null()).stderr(Stdio::null()))
        };
        let monitor = daemon("ceph-mon", &["-i", "a"]);
        run("ceph", &["--connect-timeout", "20", "osd", "new", osd]);
        run("ceph-osd", &["-i", "0", "--mkfs", "--osd-uuid", osd]);
        let osd = daemon("ceph-osd", &["-i", "0"]);
        let rgw = daemon("radosgw", &["-n", "client.rgw"]);
        let endpoint = Endpoint::at(port);
        wait_for(&endpoint);
        Self { endpoint, _rgw: rgw, _osd: osd, _monitor: monitor, folder }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("client.rgw.log")).unwrap_or_default()
    }
}

const HELP: &str = "this test needs Ceph: run scripts/test-rgw";

/// Pools are made on the way, and each takes a while.
#[expect(clippy::disallowed_methods, reason = "another process gives no event to wait for")]
fn wait_for(endpoint: &Endpoint) {
    let began = Instant::now();
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    while agent.get(endpoint.url()).call().is_err() {
        assert!(began.elapsed() < Duration::from_secs(90), "radosgw does not answer");
        thread::sleep(Duration::from_millis(100));
    }
}

fn command(folder: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    if program != "monmaptool" {
        command.args(["-c", "ceph.conf"]);
    }
    command
}

fn configuration(folder: &Path, cluster: &str, monitor: &str, port: u16, keystone: &str) -> String {
    let folder = folder.display();
    format!(
        "[global]\nfsid = {cluster}\nmon host = {monitor}\npublic addr = 127.0.0.1\nms bind msgr2 = false\n\
         auth cluster required = none\nauth service required = none\nauth client required = none\nkeyring = {folder}/keyring\n\
         osd pool default size = 1\nosd pool default min size = 1\nosd pool default pg num = 1\nosd pool default pgp num = 1\n\
         osd pool default pg autoscale mode = off\nosd crush chooseleaf type = 0\nmon allow pool size one = true\n\
         osd objectstore = memstore\nmemstore device bytes = 536870912\n\
         run dir = {folder}\nadmin socket = {folder}/$name.asok\nlog file = {folder}/$name.log\n\
         mon cluster log file = {folder}/cluster.log\nmon data = {folder}/mon\nosd data = {folder}/osd\n\
         [client.rgw]\nrgw frontends = beast endpoint=127.0.0.1:{port}\nrgw s3 auth use keystone = true\n\
         rgw s3 auth order = sts, external, local\nrgw keystone api version = 3\nrgw keystone accepted roles = member\n\
         rgw keystone implicit tenants = true\n{keystone}"
    )
}

const COLD: usize = 200;

#[test]
fn a_key_lives_and_ends_through_rgw() {
    let mut provider = Provider::new();
    let gateway = provider.register(&["keystone", "secrets"]);
    // As docs/gateways/ceph-rgw.md has it, with a user and a password.
    let rgw = Rgw::start(&format!(
        "rgw keystone url = {}\nrgw keystone admin user = {}\nrgw keystone admin password = {}\n\
         rgw keystone admin domain = Default\nrgw keystone admin project = service\n",
        provider.url(),
        gateway.id,
        gateway.token
    ));
    let acme = provider.tenant("Acme");
    let key = provider.key(&acme, json!({"label": "all"}));
    rgw.endpoint.life(&key.signer, "all");
    let reader = provider.key(&acme, json!({"label": "reader", "permissions": ["read", "list"]}));
    rgw.endpoint.life(&reader.signer, "refused");
    let stranger = provider.tenant("Stranger");
    let stranger = provider.key(&stranger, json!({"label": "stranger"}));
    assert_eq!(rgw.endpoint.get(&stranger.signer, "/media").status, 404, "an account of its own");

    assert_eq!(rgw.endpoint.get(&key.signer, "/media").status, 200);
    provider.revoke(&key);
    let taken = rgw.endpoint.until_refused(&key.signer, "/media", Duration::from_secs(35));
    println!("RGW that is told to remember for 30 s: {:.3} s from revoke to refusal", taken.as_secs_f64());
    let refused = rgw.endpoint.get(&key.signer, "/media");
    assert!(refused.text.contains("<Code>InvalidAccessKeyId</Code>"), "{refused}");

    let other = provider.key(&acme, json!({"label": "other"}));
    a_restart_costs_no_login(&mut provider, &rgw, &other.signer);
    many_cold_keys(&mut provider, &rgw);
}

fn a_restart_costs_no_login(provider: &mut Provider, rgw: &Rgw, signer: &testkit::Signer) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let traffic = scope.spawn(|| {
            let mut answers = Vec::new();
            while !is_over.load(Ordering::Acquire) {
                answers.push((Instant::now(), rgw.endpoint.get(signer, "/media").status));
            }
            answers
        });
        let began = Instant::now();
        until("some traffic before the restart", || (began.elapsed() > Duration::from_millis(300)).then_some(()));
        provider.restart();
        let back = Instant::now();
        until("some traffic after it", || (back.elapsed() > Duration::from_secs(1)).then_some(()));
        is_over.store(true, Ordering::Release);
        let answers = traffic.join().unwrap();
        assert_eq!(answers.first().map(|(_, status)| *status), Some(200));
        let after: Vec<_> = answers.iter().filter(|(at, _)| *at > back).map(|(_, status)| *status).collect();
        assert!(after.len() > 5 && after.iter().all(|status| *status == 200), "{after:?}\n{}", rgw.log());
        println!("RGW over a restart: {} requests after it, none refused", after.len());
    });
}

/// Its memory holds none of them, and neither does ours. Their accounts it knows: RGW makes them at the first request, and of
/// several first requests at once it lets all but one fail with 409.
fn many_cold_keys(provider: &mut Provider, rgw: &Rgw) {
    let keys: Vec<_> = (0..COLD / 20)
        .flat_map(|n| {
            let tenant = provider.tenant(&format!("Cold {n}"));
            let first = provider.key(&tenant, json!({"label": "first"}));
            assert_eq!(rgw.endpoint.get(&first.signer, "/").status, 200);
            let provider = &*provider;
            (0..20).map(move |key| provider.key(&tenant, json!({"label": format!("cold {key}")}))).collect::<Vec<_>>()
        })
        .collect();
    provider.restart();
    let began = Instant::now();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let ask = |key: &provider::Pair| rgw.endpoint.get(&key.signer, "/").status;
        let running: Vec<_> = keys.iter().map(|key| scope.spawn(move || ask(key))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(statuses.len() == COLD && statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert!(provider.log().contains("/v3/s3tokens"), "it was asked");
    assert!(!provider.log().contains("/v3/auth/tokens"), "nobody had to log in again");
    println!("RGW with {COLD} cold keys at once: none failed, {:.1} s", began.elapsed().as_secs_f64());
}
