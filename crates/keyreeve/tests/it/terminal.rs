//! The first start in front of a person.

use std::fs::{File, OpenOptions};
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::home::{Heard, Home, Running, Server, until};

/// A server on a terminal that has said where it listens, and what it said until then.
pub(crate) fn on_terminal(home: &Home) -> (String, Server) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal: File = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = home.command(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"]);
    let stdin = Stdio::from(terminal.try_clone().unwrap());
    command.env("NO_COLOR", "1").stdin(stdin).stdout(Stdio::null()).stderr(terminal);
    let child = command.spawn().unwrap();
    drop(command);
    let server = Server::ready(Running::heard(child, Heard::from(std::io::empty()), Heard::from(File::from(master))));
    let said = until("the server to say all it has to", || {
        let said = server.running.err.so_far();
        let is_all = said.contains("/docs") && (said.contains("└") || home.has("token"));
        is_all.then_some(said)
    });
    (said, server)
}

/// Serves on a terminal until it has said where it listens, and returns all it said.
fn serve_on_terminal(home: &Home) -> String {
    let (_, server) = on_terminal(home);
    server.stop().succeeded().err
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
