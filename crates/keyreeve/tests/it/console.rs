//! The console in a real browser, against the real server: each journey is a script in `tests/console`, run by Node.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::home::{Heard, Home, Server};
use crate::terminal::on_terminal;

#[test]
fn a_fresh_server_is_set_up_by_clicking() {
    let home = Home::new();
    let (said, server) = on_terminal(&home);
    let link = said.lines().find_map(|line| line.split_whitespace().find(|word| word.contains("/setup#"))).unwrap();
    run("setup", &server.url, &[("CONSOLE_SETUP_LINK", link)], &mut |_| {});
}

#[test]
fn a_region_with_one_pair() {
    Scene::new().play("pair");
}

#[test]
fn many_keys_with_labels_and_buckets() {
    Scene::new().play("multi");
}

#[test]
fn storage_instances_with_keys_of_their_own() {
    Scene::new().play("instance");
}

#[test]
fn a_partner_and_an_operator_with_their_tokens() {
    Scene::new().play("partner");
}

#[test]
fn guardrails_and_the_emergency_stop() {
    Scene::new().play("guardrails");
}

#[test]
fn gateways_and_what_they_have_confirmed() {
    Scene::new().play("gateways");
}

#[test]
fn members_and_audit() {
    Scene::new().play("members");
}

#[test]
fn trouble_is_said_humanely_and_nothing_typed_is_lost() {
    let scene = Scene::new();
    let slow = scene.home.serve(&["--requests-per-second", "1"]);
    let address = scene.server.url.strip_prefix("http://").unwrap().to_owned();
    let mut server = Some(scene.server);
    let settings = [("CONSOLE_OPERATOR", scene.token.as_str()), ("CONSOLE_SLOW_URL", &localhost(&slow.url))];
    run("trouble", &format!("http://{address}"), &settings, &mut |word| match word {
        "STOP" => drop(server.take().unwrap().stop().succeeded()),
        "START" => server = Some(scene.home.serve_at(&address, &[])),
        _ => {}
    });
}

#[test]
fn what_a_restore_has_held_back_is_seen_and_decided() {
    let scene = Scene::new();
    let address = scene.server.url.strip_prefix("http://").unwrap().to_owned();
    let (home, mut server) = (&scene.home, Some(scene.server));
    let move_away = |files: &[&str]| {
        for file in files.iter().filter(|file| home.has(&format!("keyreeve-data/{file}"))) {
            std::fs::rename(home.path(&format!("keyreeve-data/{file}")), home.path(file)).unwrap();
        }
    };
    run("quarantine", &format!("http://{address}"), &[("CONSOLE_OPERATOR", scene.token.as_str())], &mut |word| {
        if word == "BACKUP" {
            home.run(&["backup", "--out", "backup"]).succeeded();
        } else if word.starts_with("RESTORE") {
            server.take().unwrap().stop().succeeded();
            move_away(&["keyreeve.db", "keyreeve.db-wal", "keyreeve.db-shm"]);
            if word.ends_with("WITHOUT A JOURNAL") {
                move_away(&["changes.journal"]);
            }
            home.run(&["restore", "backup"]).succeeded();
            server = Some(home.serve_at(&address, &[]));
        }
    });
}

#[test]
fn every_screen_of_customers_in_both_themes_at_three_widths() {
    Scene::new().play_with("screens", &[("CONSOLE_SCREENS", "customers")]);
}

#[test]
fn every_screen_of_providers_in_both_themes_at_three_widths() {
    Scene::new().play_with("screens", &[("CONSOLE_SCREENS", "providers")]);
}

/// With `KEYREEVE_UPDATE` set, the pictures in docs/images are made anew.
#[test]
fn pictures_and_what_a_page_costs() {
    Scene::new().play("pictures");
}

struct Scene {
    home: Home,
    token: String,
    server: Server,
}

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        home.run(&["bootstrap", "--out", "token"]).succeeded();
        let token = home.read("token").trim().to_owned();
        let server = home.serve(&[]);
        Self { home, token, server }
    }

    fn play(&self, journey: &str) {
        self.play_with(journey, &[]);
    }

    fn play_with(&self, journey: &str, settings: &[(&str, &str)]) {
        let settings = [&[("CONSOLE_OPERATOR", self.token.as_str())], settings].concat();
        run(journey, &self.server.url, &settings, &mut |_| {});
    }
}

/// Browsers keep cookies that need HTTPS on localhost as well, but not on an address.
fn localhost(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

/// Runs one script. What it prints on a line of its own may ask for something; it waits until that is done.
fn run(journey: &str, url: &str, settings: &[(&str, &str)], asked: &mut dyn FnMut(&str)) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let tools = workspace.join("target/tools/node");
    assert!(tools.join("node_modules/playwright-core").exists(), "scripts/setup installs what drives the browser");
    let mut node = Command::new("node")
        .arg(workspace.join(format!("crates/keyreeve/tests/console/{journey}.mjs")))
        .env("PATH", path_with(&workspace))
        .env("CONSOLE_TOOLS", &tools)
        .env("CONSOLE_URL", localhost(url))
        .env("CONSOLE_OUT", workspace.join("target/console").join(journey))
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answer = node.stdin.take().unwrap();
    let mut complaints = Heard::from(node.stderr.take().unwrap());
    for line in BufReader::new(node.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        asked(&line);
        // It may have ended in the meantime.
        let _ = answer.write_all(b"done\n");
        println!("{line}");
    }
    let status = node.wait().unwrap();
    assert!(status.success(), "{}", complaints.until_it_ends());
}

#[expect(clippy::disallowed_methods, reason = "programs are found where the developer has them")]
fn path_with(workspace: &Path) -> std::ffi::OsString {
    let own = workspace.join("target/tools/venv/bin");
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&others).chain([own])).unwrap()
}
