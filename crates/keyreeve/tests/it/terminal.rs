//! The first start in front of a person.

use std::fs::{File, OpenOptions};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::home::{Heard, Home, until};

/// Serves on a terminal until it has said where it listens, and returns all it said.
fn serve_on_terminal(home: &Home) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal: File = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = home.command(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"]);
    let stdin = Stdio::from(terminal.try_clone().unwrap());
    let mut child = command.env("NO_COLOR", "1").stdin(stdin).stdout(Stdio::null()).stderr(terminal).spawn().unwrap();
    drop(command);
    let mut heard = Heard::from(File::from(master));
    until("the server to listen", || {
        assert!(child.try_wait().unwrap().is_none(), "the server ended: {}", heard.so_far());
        heard.so_far().contains("/docs").then_some(())
    });
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let status = until("the server to end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    heard.until_it_ends()
}

#[test]
fn a_person_gets_one_link_once_until_there_is_an_operator() {
    let home = Home::new();
    let said = serve_on_terminal(&home);
    assert_eq!(said.matches("/setup#").count(), 1, "{said}");
    assert!(said.contains("15 minutes") && said.contains("once"));
    let line = said.lines().find(|line| line.contains("/setup#")).unwrap();
    assert!(line.contains("│ http://127.0.0.1:") && !line.contains("INFO"), "the link went through the log: {line}");

    home.run(&["bootstrap", "--out", "token"]).succeeded();
    assert!(!serve_on_terminal(&home).contains("/setup#"));
}
