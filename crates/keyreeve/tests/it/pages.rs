//! The pages that tell people what to type, typed: every block of shell in them is run from top to bottom, in a folder of its
//! own, against real servers.
//!
//! A page is Markdown and nothing else. What a reader would know and a program would not stands in a comment in front of a
//! block:
//!
//! - `<!-- leave running: URL -->`: this one goes on; what comes after it waits until the URL answers
//! - `<!-- is refused -->`: the last command of the block fails, and should
//! - `<!-- write to: NAME -->`: the block is a file
//!
//! Two stand by themselves:
//!
//! - `<!-- begins with: a server -->`: what the first hour has made by then: a server, its operator logged in, a region, a tenant
//! - `<!-- stop: URL -->`: what was left running at this URL is stopped, as Ctrl-C does, and ends well
//!
//! Ports and the PostgreSQL that pages name are replaced by ones of the test's own. Blocks of `console` are not run: they need what no
//! test has, and it is said below what checks them instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use testkit::postgres::shared;

use crate::home::{Heard, Home};

/// Each is a test of its own, and one session.
macro_rules! pages {
    ($($name:ident: $page:literal),+ $(,)?) => {
        const RUN: &[&str] = &[$($page),+];

        $(
            #[test]
            fn $name() {
                run($page);
            }
        )+
    };
}

pages! {
    the_first_hour: "docs/first-hour.md",
    the_partners_guide: "docs/partners-guide.md",
    the_command_line_client: "docs/cli.md",
    alerts: "docs/operations/alerts.md",
    proving_the_audit: "docs/operations/audit.md",
    backup_and_restore: "docs/operations/backup.md",
    logs: "docs/operations/logs.md",
    master_keys: "docs/operations/master-key.md",
    moving_to_another_database: "docs/operations/moving-databases.md",
    observability: "docs/operations/observability.md",
    upgrades: "docs/operations/upgrades.md",
    a_gateway_on_s3s: "docs/gateways/s3s.md",
    a_gateway_on_swift: "docs/gateways/swift.md",
    a_gateway_on_ceph: "docs/gateways/ceph-rgw.md",
    a_gateway_on_nginx: "docs/gateways/nginx.md",
    a_gateway_on_envoy: "docs/gateways/envoy.md",
    a_gateway_of_ones_own: "docs/gateways/writing-a-gateway.md",
    on_kubernetes: "deploy/kustomize/README.md",
    alerts_for_prometheus: "deploy/prometheus/README.md",
}

/// Pages with commands that no test can type, why, and what holds them instead.
const NOT_RUN: &[(&str, &str)] = &[
    ("README.md", "a release build takes minutes; the first hour runs what is built, and .ci/run runs scripts/test"),
    ("docs/adding-an-endpoint.md", "it writes generated files anew; tests find them out of date"),
    ("docs/console.md", "for those who work on the console; .ci/run runs scripts/check-console"),
    ("docs/testing.md", "it runs the tests, of which this is one"),
    (
        "deploy/compose/README.md",
        "wants an engine for containers; scripts/check-deploy reads the file, and makes the secrets",
    ),
    ("deploy/container/README.md", "wants an engine for containers; scripts/check-deploy reads the file"),
    ("deploy/kustomize/README.md", "what asks a cluster; scripts/check-deploy validates every object"),
    ("deploy/systemd/README.md", "wants systemd, and root; scripts/check-deploy has systemd read the unit"),
];

/// What a block may be. One without a name could hide commands.
const LANGUAGES: &[&str] =
    &["console", "ini", "json", "python", "rust", "rust,ignore", "sh", "sql", "text", "toml", "yaml"];

const PATIENCE: Duration = Duration::from_secs(300);
const HELP: &str = "the pages need bash, curl, python3 and the aws command: run scripts/test";

#[test]
fn no_page_is_forgotten() {
    let with = |language: &str| -> BTreeSet<String> {
        let has = |page: &String| blocks(&text_of(page)).iter().any(|block| block.language == language);
        pages().into_iter().filter(has).collect()
    };
    assert_eq!(with("sh"), RUN.iter().copied().map(str::to_owned).collect(), "each page with blocks of sh is run");
    let not_run = NOT_RUN.iter().map(|(page, _)| (*page).to_owned()).collect();
    assert_eq!(with("console"), not_run, "of each page with blocks of console it is said why they are not run");
}

#[test]
fn every_block_says_what_it_is() {
    for page in pages() {
        for Block { line, language, manner, .. } in blocks(&text_of(&page)) {
            let is_known = LANGUAGES.contains(&language.as_str()) || matches!(manner, Manner::Begin | Manner::Stop(_));
            assert!(is_known, "{page}:{line}: {language:?} is none of {LANGUAGES:?}");
        }
    }
}

/// Those within a sentence, which are not run.
#[test]
fn commands_in_sentences_exist() {
    let mut known = BTreeMap::new();
    let mut seen = 0;
    for page in pages() {
        for span in text_of(&page).split('`').skip(1).step_by(2).filter_map(|span| span.strip_prefix("keyreeve ")) {
            let span = span.split(['|', ';', '>', '&']).next().unwrap();
            let is_name =
                |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
            let names: Vec<&str> = span.split_whitespace().take_while(is_name).collect();
            let help = known.entry(names.join(" ")).or_insert_with(|| help_of(&names));
            let help = help.as_ref().unwrap_or_else(|| panic!("{page}: there is no `keyreeve {}`", names.join(" ")));
            for flag in span.split_whitespace().filter(|word| word.starts_with("--")) {
                let flag = flag.split('=').next().unwrap().trim_end_matches(|c: char| !c.is_ascii_lowercase());
                assert!(help.contains(flag), "{page}: `keyreeve {span}` has no {flag}");
            }
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}

fn help_of(names: &[&str]) -> Option<String> {
    let command = names.strip_suffix(&["help"]).unwrap_or(names);
    let help = Home::new().run(&[command, &["--help"]].concat());
    (help.code == Some(0)).then_some(help.out)
}

fn text_of(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

#[test]
fn every_link_leads_somewhere() {
    let (mut links, mut broken) = (0, Vec::new());
    for page in pages() {
        let text = text_of(&page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = root().join(&page).parent().unwrap().to_owned();
            let target = if file.is_empty() { root().join(&page) } else { folder.join(file) };
            links += 1;
            let leads_away = link.contains("://") || link.starts_with("mailto:");
            if !leads_away && !(target.exists() && (heading.is_empty() || headings(&target).contains(heading))) {
                broken.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(links > 100, "{links}");
}

/// As they are linked to.
fn headings(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap();
    let titles = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let slug = |title: String| -> String {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    titles.map(slug).collect()
}

/// Every page there is, from the top of the tree.
fn pages() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"] {
        found.insert(name.to_owned());
    }
    for folder in ["docs", "deploy", "migrations"] {
        find_pages(&root().join(folder), &mut found);
    }
    found
}

fn find_pages(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.insert(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn run(page: &str) {
    let text = text_of(page);
    let home = Home::new();
    let ports = USUAL_PORTS.map(|_| free_port());
    let database = text.contains(USUAL_POSTGRES).then(|| shared().unwrap().database().unwrap());
    let mut script = with_what_is_built(&at_ports(&script(page, &blocks(&text)), &ports));
    if let Some(database) = &database {
        script = script.replace(USUAL_POSTGRES, &database.url());
    }
    home.write("script.sh", &script);
    fs::create_dir(home.path("bin")).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_keyreeve"));
    for name in ["keyreeve", "s3s-gateway"] {
        symlink(built.with_file_name(name), home.path("bin").join(name)).unwrap();
    }
    fs::create_dir(home.path("work")).unwrap();
    symlink(root().join("deploy"), home.path("work/deploy")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the programs that the pages name are found as everywhere")]
    let path = format!("{}:{}", home.path("bin").display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command
        .arg(home.path("script.sh"))
        .current_dir(home.path("work"))
        .env_clear()
        .envs([("PATH", path.as_str()), ("HOME", home.path("work").to_str().unwrap()), ("LC_ALL", "C.UTF-8")])
        // Where a page names no port, the usual one is meant.
        .env("KEYREEVE_LISTEN", format!("127.0.0.1:{}", ports[0]))
        .env("KEYREEVE_METRICS_LISTEN", format!("127.0.0.1:{}", ports[1]))
        // What waits for a lease need not wait for a long one.
        .env("KEYREEVE_LEASE_SECONDS", "5")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut bash = command.spawn().unwrap();
    let group = Pid::from_child(&bash);
    let (out, err) = (Heard::from(bash.stdout.take().unwrap()), Heard::from(bash.stderr.take().unwrap()));
    let started = Instant::now();
    let ended = loop {
        match bash.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if started.elapsed() > PATIENCE => break None,
            #[expect(clippy::disallowed_methods, reason = "another process gives no event to wait for")]
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    // The servers it left running, and whatever else is still there.
    let _ = kill_process_group(group, Signal::KILL);
    let _ = bash.wait();
    let said = format!("{}\n{}", out.so_far(), err.so_far());
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}; {HELP}\n{said}");
    println!("{said}");
}

/// What every session can do.
const BEGINNING: &str = r#"
set -euo pipefail
trap 'echo "stopped at $at" >&2' ERR
declare -A running
answers() { # URL: what was started last is there
    running[$1]=$!
    for try in $(seq 600); do curl --silent --output /dev/null "$1" && return; sleep 0.1; done
    curl --silent --show-error --output /dev/null "$1"
}
stop() { # URL
    kill -INT "${running[$1]}"
    wait "${running[$1]}"
}
"#;

/// What the first hour has made by the time other pages begin.
const A_SERVER: &str = r#"
{ exec keyreeve serve; } &
answers http://127.0.0.1:8080/readyz
keyreeve bootstrap --out operator.token --expires-in 24h
keyreeve login --server http://127.0.0.1:8080 --token-file operator.token
keyreeve regions create waw3-1 --name 'Warsaw 3' --s3-endpoint http://127.0.0.1:8014 --key-model multi
tenant=$(keyreeve tenants create Acme --quiet)
keyreeve regions offer waw3-1 --tenant "$tenant"
"#;

/// One session of bash out of all blocks, which says where it stopped.
fn script(page: &str, blocks: &[Block]) -> String {
    let mut script = BEGINNING.to_owned();
    for block in blocks {
        let Block { line, text, .. } = block;
        let _ = writeln!(script, "at={page}:{line}\necho \"=== $at\"");
        let _ = match &block.manner {
            Manner::File(name) => writeln!(script, "cat > {name} <<'THE END OF THE FILE'\n{text}THE END OF THE FILE"),
            Manner::Begin => script.write_str(A_SERVER),
            Manner::Stop(url) => writeln!(script, "stop {url}"),
            _ if block.language != "sh" => Ok(()),
            Manner::Run => writeln!(script, "{text}"),
            Manner::LeaveRunning(url) => writeln!(script, "{{ exec {text}}} &\nanswers {url}"),
            Manner::Refused => {
                writeln!(script, "if ( set -e; {text}); then echo \"$at was not refused\" >&2; exit 1; fi")
            }
        };
    }
    script
}

/// Of the API, the metrics, a second server, and an S3 gateway.
const USUAL_PORTS: [&str; 4] = ["8080", "9464", "8081", "8014"];
const USUAL_POSTGRES: &str = "postgres://keyreeve@127.0.0.1/keyreeve";

/// Tests run side by side: each page has ports of its own in place of those it names.
fn at_ports(script: &str, ports: &[u16; 4]) -> String {
    USUAL_PORTS.iter().zip(ports).fold(script.to_owned(), |script, (usual, own)| {
        script.replace(&format!("127.0.0.1:{usual}"), &format!("127.0.0.1:{own}"))
    })
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// This very tree, which is built already.
fn with_what_is_built(script: &str) -> String {
    let clone = "git clone https://github.com/keyreeve/keyreeve";
    script
        .replace(clone, &format!("git clone --quiet --depth 1 file://{} keyreeve", root().display()))
        .replace("cargo build --release --workspace --bins", "test -f Cargo.lock")
}

struct Block {
    line: usize,
    language: String,
    manner: Manner,
    text: String,
}

enum Manner {
    Run,
    LeaveRunning(String),
    Refused,
    File(String),
    Begin,
    Stop(String),
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open, mut manner): (Vec<Block>, Option<Block>, _) = (Vec::new(), None, Manner::Run);
    for (index, text) in page.lines().enumerate() {
        let new = |language: &str, manner| Block {
            line: index + 1,
            language: language.to_owned(),
            manner,
            text: String::new(),
        };
        match &mut open {
            Some(_) if text.trim_start() == "```" => blocks.extend(open.take()),
            Some(block) => block.text.extend([text, "\n"]),
            None => {
                if let Some(language) = text.trim_start().strip_prefix("```") {
                    open = Some(new(language, std::mem::replace(&mut manner, Manner::Run)));
                } else if let Some(said) = text.strip_prefix("<!-- ").and_then(|text| text.strip_suffix(" -->")) {
                    match said.split_once(": ") {
                        Some(("leave running", url)) => manner = Manner::LeaveRunning(url.to_owned()),
                        Some(("write to", name)) => manner = Manner::File(name.to_owned()),
                        Some(("stop", url)) => blocks.push(new("", Manner::Stop(url.to_owned()))),
                        _ if said == "begins with: a server" => blocks.push(new("", Manner::Begin)),
                        _ if said == "is refused" => manner = Manner::Refused,
                        _ => panic!("line {}: nobody knows what {said:?} is to say", index + 1),
                    }
                }
            }
        }
    }
    blocks
}
