//! What a command says: its result on standard output, complaints on standard error. A reader that went away is no
//! reason to fail, and never one to panic.

use std::io::{ErrorKind, Write, stderr, stdout};

use crate::failure::Failure;

/// Writes a command's result.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut stdout = stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(stdout, "{text}{end}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::because(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

pub(crate) fn complain(reasons: &[String]) {
    let mut stderr = stderr().lock();
    for reason in reasons {
        // With standard error gone there is nobody left to tell.
        let _ = writeln!(stderr, "keyreeve: {reason}");
    }
}

/// Shows a text to the person in front of the terminal, past the log.
pub(crate) fn show_on_terminal(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}
