//! The client in front of a person.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::desk::{self, Desk, PASSWORD};
use crate::home::{Finished, Heard, Running, until};

/// Runs a command on a terminal of its own and types an answer to each question that it asks.
fn typed(desk: &Desk, arguments: &[&str], answers: &[(&str, &str)]) -> Finished {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal: File = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut keyboard = File::from(master.try_clone().unwrap());
    let mut command = desk.home.command(arguments);
    command.env("HOME", desk.home.path("")).env("KEYREEVE_SERVER", &desk.server);
    command.stdin(Stdio::from(terminal.try_clone().unwrap())).stdout(Stdio::piped()).stderr(terminal);
    let mut child = command.spawn().unwrap();
    drop(command);
    let out = Heard::from(child.stdout.take().unwrap());
    let running = Running::heard(child, out, Heard::from(File::from(master)));
    for (question, answer) in answers {
        until(question, || running.err.so_far().contains(question).then_some(()));
        keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    drop(keyboard);
    running.finish()
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    let grace = ada.beside();
    let answers = [("E-mail: ", "ada@acme.example.org"), ("Password: ", PASSWORD)];
    let said = typed(&grace, &["login"], &answers).succeeded();
    assert!(said.err.contains("ada@acme.example.org") && !said.err.contains(PASSWORD), "{}", said.err);
    grace.run(&["whoami"]).succeeded();
    server.stop().succeeded();
}

#[test]
fn what_cannot_be_undone_is_asked_about_and_done_after_a_yes() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let delete = ["regions", "delete", "waw3-1"];
    let refused = typed(&operator, &delete, &[("Delete the region waw3-1? [y/N] ", "n")]);
    refused.refused(2, &["nothing was done"]);
    operator.run(&["regions", "show", "waw3-1"]).succeeded();
    typed(&operator, &delete, &[("[y/N] ", "")]).refused(2, &["nothing was done"]);
    typed(&operator, &delete, &[("[y/N] ", "y")]).succeeded();
    operator.run(&["regions", "show", "waw3-1"]).refused(4, &[]);
    server.stop().succeeded();
}
