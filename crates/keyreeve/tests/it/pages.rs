//! The pages that tell people what to type, typed: every block of shell in them is run from top to bottom, in a folder of its
//! own, against real servers.
//!
//! A page is Markdown and nothing else. What a reader would know and a program would not stands in a comment in front of a
//! block:
//!
//! - `<!-- leave running: URL -->`: this one goes on; what comes after it waits until the URL answers
//! - `<!-- is refused -->`: the last command of the block fails, and should
//! - `<!-- write to: NAME -->`: the block is a file

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

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
}

/// Pages whose shell cannot be run by itself, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("docs/gateways/s3s.md", "its commands are those of the first hour, which is run"),
    ("docs/gateways/writing-a-gateway.md", "its command continues another page's"),
];

const PATIENCE: Duration = Duration::from_secs(300);
const HELP: &str = "the pages need bash, curl, python3 and the aws command: run scripts/test";

#[test]
fn no_page_is_forgotten() {
    let has_shell = |page: &String| blocks(&fs::read_to_string(root().join(page)).unwrap()).iter().any(Block::is_shell);
    let with_shell: BTreeSet<String> = pages().into_iter().filter(has_shell).collect();
    let known: BTreeSet<String> =
        RUN.iter().copied().chain(NOT_RUN.iter().map(|(page, _)| *page)).map(str::to_owned).collect();
    assert_eq!(with_shell, known, "each page with blocks of shell is run, or it is said why not");
}

#[test]
fn every_link_leads_somewhere() {
    let (mut links, mut broken) = (0, Vec::new());
    for page in pages() {
        let text = fs::read_to_string(root().join(&page)).unwrap();
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
    let text = fs::read_to_string(root().join(page)).unwrap();
    let home = Home::new();
    let ports = [(); 2].map(|()| free_port());
    let script = with_what_is_built(&at_ports(&script(page, &blocks(&text)), &ports));
    home.write("script.sh", &script);
    fs::create_dir(home.path("bin")).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_keyreeve"));
    for name in ["keyreeve", "s3s-gateway"] {
        symlink(built.with_file_name(name), home.path("bin").join(name)).unwrap();
    }
    fs::create_dir(home.path("work")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the programs that the pages name are found as everywhere")]
    let path = format!("{}:{}", home.path("bin").display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command
        .arg(home.path("script.sh"))
        .current_dir(home.path("work"))
        .env_clear()
        .envs([("PATH", path.as_str()), ("HOME", home.path("work").to_str().unwrap()), ("LC_ALL", "C.UTF-8")])
        // Where a page names no port, the usual one is meant.
        .envs([("KEYREEVE_LISTEN", format!("127.0.0.1:{}", ports[0]).as_str()), ("KEYREEVE_METRICS_LISTEN", "off")])
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

/// One session of bash out of all blocks, which says where it stopped.
fn script(page: &str, blocks: &[Block]) -> String {
    let mut script = "set -euo pipefail\ntrap 'echo \"stopped at $at\" >&2' ERR\n".to_owned();
    for block in blocks {
        let Block { line, text, .. } = block;
        let _ = writeln!(script, "at={page}:{line}\necho \"=== $at\"");
        let _ = match &block.manner {
            Manner::File(name) => writeln!(script, "cat > {name} <<'THE END OF THE FILE'\n{text}THE END OF THE FILE"),
            _ if !block.is_shell() => Ok(()),
            Manner::Run => writeln!(script, "{text}"),
            Manner::LeaveRunning(url) => writeln!(
                script,
                "{{ {text}}} &\nfor try in $(seq 600); do curl --silent --output /dev/null {url} && break; sleep 0.1; done\n\
                 curl --silent --show-error --output /dev/null {url}"
            ),
            Manner::Refused => {
                writeln!(script, "if ( set -e; {text}); then echo \"$at was not refused\" >&2; exit 1; fi")
            }
        };
    }
    script
}

/// Tests run side by side: each page has ports of its own in place of those it names.
fn at_ports(script: &str, ports: &[u16; 2]) -> String {
    ["8080", "8014"].iter().zip(ports).fold(script.to_owned(), |script, (usual, own)| {
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
}

impl Block {
    fn is_shell(&self) -> bool {
        self.language == "sh"
    }
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open, mut manner): (Vec<Block>, Option<Block>, _) = (Vec::new(), None, Manner::Run);
    for (index, line) in page.lines().enumerate() {
        match &mut open {
            Some(_) if line.trim_start() == "```" => blocks.extend(open.take()),
            Some(block) => block.text.extend([line, "\n"]),
            None => {
                if let Some(language) = line.trim_start().strip_prefix("```") {
                    let manner = std::mem::replace(&mut manner, Manner::Run);
                    open = Some(Block { line: index + 1, language: language.to_owned(), manner, text: String::new() });
                } else if let Some(said) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
                    manner = match said.split_once(": ") {
                        Some(("leave running", url)) => Manner::LeaveRunning(url.to_owned()),
                        Some(("write to", name)) => Manner::File(name.to_owned()),
                        _ if said == "is refused" => Manner::Refused,
                        _ => Manner::Run,
                    };
                }
            }
        }
    }
    blocks
}
