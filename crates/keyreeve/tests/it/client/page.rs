//! `docs/cli.md`, run from top to bottom.

use std::process::Stdio;

use crate::home::{Heard, Home, Running};

#[test]
fn every_command_of_the_documentation_works_in_its_order() {
    let page = include_str!("../../../../../docs/cli.md");
    let home = Home::new();
    let server = home.serve(&[]);
    let blocks: Vec<&str> = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() > 8);
    let script = blocks.concat().replace("http://127.0.0.1:8080", &server.url);
    let binaries = std::path::Path::new(env!("CARGO_BIN_EXE_keyreeve")).parent().unwrap();
    let mut command = std::process::Command::new("sh");
    command.args(["-eu", "-c", &script]).env_clear().current_dir(home.path("")).stdin(Stdio::null());
    command.env("HOME", home.path("")).env("PATH", format!("{}:/usr/bin:/bin", binaries.display()));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (out, err) = (Heard::from(child.stdout.take().unwrap()), Heard::from(child.stderr.take().unwrap()));
    let finished = Running::heard(child, out, err).finish().succeeded();
    assert!(finished.out.contains("decision  allow") && finished.out.contains("is revoked."), "{}", finished.out);
    assert_eq!(home.mode("production.env"), 0o600);
    server.stop().succeeded();
}

/// What the page says of exit codes is what `--help` says, code by code.
#[test]
fn the_documentation_has_every_exit_code() {
    let page = include_str!("../../../../../docs/cli.md");
    let help = Home::new().run(&["keys", "--help"]).succeeded().out;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, codes) = help.split_once("Exit codes: ").unwrap();
    let codes: Vec<&str> = codes.split(", ").map(|code| code.split(' ').next().unwrap()).collect();
    assert_eq!(codes, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    for code in codes {
        assert!(page.contains(&format!("\n| {code} | ")), "{code}");
    }
}
