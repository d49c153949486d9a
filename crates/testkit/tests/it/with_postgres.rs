//! The wrapper ends as its command does, and its cluster with it, whatever becomes of the wrapper.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection};
use keyreeve_testkit::postgres::SERVER_VARIABLE;

#[test]
fn the_command_gets_a_server_and_its_status_is_the_wrappers() {
    let output = wrapped("echo $KEYREEVE_TEST_POSTGRES; exit 7").output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let url = String::from_utf8(output.stdout).unwrap();
    assert!(url.starts_with("postgres://postgres@127.0.0.1:"), "{url}");
    assert!(PgConnection::establish(url.trim()).is_err(), "the server outlived its wrapper");
}

#[test]
fn a_command_ended_by_a_signal_is_reported_as_a_shell_would() {
    assert_eq!(wrapped("kill -KILL $$").status().unwrap().code(), Some(137));
}

#[test]
fn a_server_that_was_named_is_used_as_it_is() {
    let named = "postgres://somebody@127.0.0.1:1/postgres";
    let output = wrapped("echo $KEYREEVE_TEST_POSTGRES").env(SERVER_VARIABLE, named).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), named);
}

#[test]
fn term_is_for_the_command() {
    let mut wrapper = wrapped("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done").spawn().unwrap();
    first_line(&mut wrapper);
    signal("TERM", &wrapper);
    assert_eq!(wrapper.wait().unwrap().code(), Some(3));
}

#[test]
fn ctrl_c_is_survived_until_the_command_ends() {
    let mut wrapper = wrapped("echo ready; sleep 0.5; exit 4").spawn().unwrap();
    first_line(&mut wrapper);
    signal("INT", &wrapper);
    assert_eq!(wrapper.wait().unwrap().code(), Some(4));
}

#[test]
fn a_wrapper_that_is_killed_takes_its_cluster_along() {
    // Nobody ends the orphaned command, so it ends by itself.
    let mut wrapper = wrapped("echo $KEYREEVE_TEST_POSTGRES; sleep 2").spawn().unwrap();
    let url = first_line(&mut wrapper);
    PgConnection::establish(&url).unwrap();
    signal("KILL", &wrapper);
    wrapper.wait().unwrap();
    let began = Instant::now();
    while PgConnection::establish(&url).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(20), "the cluster is still there");
    }
}

#[test]
fn no_command_is_told_how_to_give_one() {
    let output = Command::new(env!("CARGO_BIN_EXE_with-postgres")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("usage: with-postgres"));
}

#[test]
fn a_cluster_that_does_not_start_says_why() {
    let binaries = tempfile::tempdir().unwrap();
    fs::set_permissions(binaries.path(), Permissions::from_mode(0o755)).unwrap();
    for name in ["initdb", "pg_ctl", "postgres"] {
        let path = binaries.path().join(name);
        fs::write(&path, "#!/bin/sh\necho \"$(basename $0): error: out of elephants\"\nexit 1\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", binaries.path().display());
    let output = wrapped("true").env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.trim(), "Error: PostgreSQL did not start: initdb: error: out of elephants");
}

fn wrapped(script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-postgres"));
    command.args(["--", "sh", "-c", script]).env_remove(SERVER_VARIABLE).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn first_line(wrapper: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(wrapper.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

fn signal(name: &str, wrapper: &Child) {
    Command::new("kill").args(["-s", name, &wrapper.id().to_string()]).status().unwrap();
}
