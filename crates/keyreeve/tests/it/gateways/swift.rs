//! OpenStack Swift with s3api and s3token, on a single node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::client::Endpoint;
use super::provider::{Daemon, Provider, free_port};
use crate::drain::Load;
use crate::home::until;

/// A node of its own, in a folder that goes away with it.
struct Swift {
    endpoint: Endpoint,
    _daemons: Vec<Daemon>,
    folder: TempDir,
}

impl Swift {
    fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let memcached = free_port();
        let mut daemons = vec![Daemon::start(Command::new("memcached").args([
            "-l",
            "127.0.0.1",
            "-u",
            "root",
            "-p",
            &memcached.to_string(),
        ]))];
        let kinds = ["account", "container", "object"].map(|kind| (kind, free_port()));
        rings(folder.path(), &kinds);
        for (kind, port) in kinds {
            fs::create_dir_all(folder.path().join(kind).join("d1")).unwrap();
            daemons.push(server(folder.path(), kind, &storage(folder.path(), kind, port)));
        }
        let port = free_port();
        daemons.push(server(folder.path(), "proxy", &proxy(folder.path(), port, memcached, settings)));
        let endpoint = Endpoint::at(port);
        until("Swift to be up", || {
            let answer = ureq::get(format!("{}/healthcheck", endpoint.url())).call().ok()?;
            answer.status().is_success().then_some(())
        });
        Self { endpoint, _daemons: daemons, folder }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("proxy.log")).unwrap()
    }
}

fn rings(folder: &Path, kinds: &[(&str, u16)]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/gateways/swift_rings.py");
    let mut command = Command::new("/usr/bin/python3");
    command.arg(script).arg(folder);
    for (kind, port) in kinds {
        command.arg(kind).arg(port.to_string());
    }
    assert!(command.status().unwrap().success(), "this test needs Debian's swift: run scripts/test");
}

fn common(folder: &Path, port: u16) -> String {
    format!(
        "[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nswift_dir = {}\nuser = {}\nworkers = 0\n",
        folder.display(),
        user()
    )
}

/// Whoever runs this: daemons that are started by root want to be somebody else unless they are told.
fn user() -> String {
    let user = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(user.stdout).unwrap().trim().to_owned()
}

fn storage(folder: &Path, kind: &str, port: u16) -> String {
    let devices = folder.join(kind);
    format!(
        "{}devices = {}\nmount_check = false\nfallocate_reserve = 0\n\
         [pipeline:main]\npipeline = {kind}-server\n[app:{kind}-server]\nuse = egg:swift#{kind}\n",
        common(folder, port),
        devices.display()
    )
}

/// What `docs/gateways/swift.md` has people write, with what any Swift has besides.
fn proxy(folder: &Path, port: u16, memcached: u16, settings: &str) -> String {
    let filters =
        ["catch_errors", "gatekeeper", "healthcheck", "proxy-logging", "listing_formats", "bulk", "ratelimit"];
    let filters = filters.iter().chain(&["copy", "container-quotas", "account-quotas", "slo", "dlo"]);
    let filters = filters.chain(&["versioned_writes", "symlink"]);
    let plain: String = filters
        .map(|name| {
            let egg = name.replace('-', "_");
            format!("[filter:{name}]\nuse = egg:swift#{egg}\n")
        })
        .collect();
    let cache = format!("[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:{memcached}\n");
    format!("{}{plain}{cache}{settings}", common(folder, port))
}

fn server(folder: &Path, kind: &str, configuration: &str) -> Daemon {
    let file: PathBuf = folder.join(format!("{kind}.conf"));
    fs::write(&file, configuration).unwrap();
    let log = fs::File::create(folder.join(format!("{kind}.log"))).unwrap();
    let mut command = Command::new(format!("swift-{kind}-server"));
    command.arg(file).arg("-v").stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    Daemon::start(&mut command)
}

/// The settings of the page, with one of the two ways to log in that it has.
fn of_the_page(provider: &Provider, log_in: impl FnOnce(&str, &str) -> String) -> String {
    let page = include_str!("../../../../../docs/gateways/swift.md");
    let (_, settings) = page.split_once("```ini\n").unwrap();
    let (settings, _) = settings.split_once("```").unwrap();
    let (before, rest) = settings.split_once("# Either the token itself ...\n").unwrap();
    let (by_token, rest) =
        rest.split_once("# ... or a user and a password: the gateway's id and its token.\n").unwrap();
    let (by_password, after) = rest.split_once("\n\n").unwrap();
    let log_in = log_in(by_token, &by_password.replace("# ", ""));
    format!("{before}{log_in}\n{after}").replace("https://keys.example.org", &provider.url())
}

fn by_password(provider: &Provider, id: &str, token: &str) -> String {
    of_the_page(provider, |_, by_password| by_password.replace("gtw_...", id).replace("krg_...", token))
}

/// And with secrets that are remembered.
fn by_token(provider: &Provider, token: &str, seconds: u32) -> String {
    let remembered = format!("secret_cache_duration = {seconds}\n");
    of_the_page(provider, |by_token, _| by_token.replace("krg_...", token) + &remembered)
}

const COLD: usize = 200;

#[test]
fn a_key_lives_and_ends_through_swift_which_asks_each_time() {
    let mut provider = Provider::new();
    let gateway = provider.register(&["keystone"]);
    let swift = Swift::start(&by_password(&provider, &gateway.id, &gateway.token));
    let acme = provider.tenant("Acme");
    let key = provider.key(&acme, json!({"label": "all"}));
    assert_eq!(swift.endpoint.life(&key.signer, "all").trim(), "done", "{}", swift.log());

    let reader = provider.key(&acme, json!({"label": "reader", "permissions": ["read", "list"]}));
    swift.endpoint.life(&reader.signer, "reading");
    let scoped = json!({"label": "scoped", "buckets": {"access": "specific", "names": ["media"]}});
    let scoped = provider.key(&acme, scoped);
    assert!(swift.endpoint.life(&scoped.signer, "refused").contains("AccessDenied"));
    let stranger = provider.tenant("Stranger");
    let stranger = provider.key(&stranger, json!({"label": "stranger"}));
    assert_eq!(swift.endpoint.get(&stranger.signer, "/media").status, 404, "an account of its own");

    assert_eq!(swift.endpoint.get(&key.signer, "/media").status, 200);
    provider.revoke(&key);
    let taken = swift.endpoint.until_refused(&key.signer, "/media", Duration::from_secs(1));
    println!("Swift without a memory: {:.3} s from revoke to refusal", taken.as_secs_f64());
    swift.endpoint.life(&key.signer, "refused");

    a_restart_costs_no_login(&mut provider, &swift, &reader.signer);
    many_cold_keys(&mut provider, &swift);
}

/// A client goes on all the time; what was logged in before is logged in after.
fn a_restart_costs_no_login(provider: &mut Provider, swift: &Swift, signer: &testkit::Signer) {
    const ENOUGH: usize = 10;
    let load = Load::default();
    let answers = Mutex::new(Vec::new());
    let ask = || {
        let began = Instant::now();
        let status = swift.endpoint.get(signer, "/media").status;
        answers.lock().unwrap().push((began, Instant::now(), status));
    };
    let asked_since = |since: Instant| {
        let are_enough = || answers.lock().unwrap().iter().filter(|(began, ..)| *began > since).count() >= ENOUGH;
        until("some traffic", || are_enough().then_some(()));
    };
    let (gone, back) = thread::scope(|scope| {
        let _stop = load.until_dropped();
        scope.spawn(|| load.keep(ask));
        asked_since(Instant::now());
        let gone = Instant::now();
        provider.restart();
        let back = Instant::now();
        asked_since(back);
        (gone, back)
    });
    // Whatever was under way while nobody was there may be refused, no matter when it began or ended.
    let refused =
        |(began, ended, status): &&(Instant, Instant, u16)| *status != 200 && (*ended < gone || *began > back);
    let answers = answers.into_inner().unwrap();
    assert_eq!(answers.iter().filter(refused).count(), 0, "{gone:?} to {back:?}: {answers:?}\n{}", swift.log());
    println!(
        "Swift over a restart of {:?}: none of {} requests before and after it refused",
        back - gone,
        answers.len()
    );
    assert!(provider.log().contains("/v3/s3tokens"), "it was asked");
    assert!(!provider.log().contains("/v3/auth/tokens"), "nobody had to log in again");
}

fn many_cold_keys(provider: &mut Provider, swift: &Swift) {
    let keys: Vec<_> = (0..COLD / 20)
        .flat_map(|n| {
            let tenant = provider.tenant(&format!("Cold {n}"));
            let provider = &*provider;
            (0..20).map(move |key| provider.key(&tenant, json!({"label": format!("cold {key}")}))).collect::<Vec<_>>()
        })
        .collect();
    provider.restart();
    let began = Instant::now();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let ask = |key: &super::provider::Pair| swift.endpoint.get(&key.signer, "/").status;
        let running: Vec<_> = keys.iter().map(|key| scope.spawn(move || ask(key))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.len(), COLD);
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    println!("Swift with {COLD} cold keys at once: none failed, {:.1} s", began.elapsed().as_secs_f64());
}

#[test]
fn a_key_ends_in_swifts_own_memory_when_that_says_so() {
    /// Longer than it takes to stop a server on a busy machine.
    const REMEMBERED: u32 = 10;
    let mut provider = Provider::new();
    let gateway = provider.register(&["keystone", "secrets"]);
    let swift = Swift::start(&by_token(&provider, &gateway.token, REMEMBERED));
    let acme = provider.tenant("Acme");
    let key = provider.key(&acme, json!({"label": "all"}));
    swift.endpoint.life(&key.signer, "all");

    // What it remembers it goes by, whether we are there or not.
    assert_eq!(swift.endpoint.get(&key.signer, "/media").status, 200);
    provider.stop();
    assert_eq!(swift.endpoint.get(&key.signer, "/media").status, 200);
    provider.start();

    assert_eq!(swift.endpoint.get(&key.signer, "/media").status, 200);
    provider.revoke(&key);
    let longest = Duration::from_secs(u64::from(REMEMBERED) + 2);
    let taken = swift.endpoint.until_refused(&key.signer, "/media", longest);
    println!("Swift that remembers secrets for {REMEMBERED} s: {:.3} s from revoke to refusal", taken.as_secs_f64());
}
