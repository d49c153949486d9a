//! `with-postgres [--] COMMAND...`: runs a command with a throwaway PostgreSQL, named to it by `KEYREEVE_TEST_POSTGRES`,
//! and ends with the command's status. Where the variable names a server already, the command gets that one.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus};
use std::{io, thread};

use keyreeve_testkit::postgres::{Provided, SERVER_VARIABLE};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut words = std::env::args_os().skip(1).skip_while(|word| word == "--");
    let program = words.next().ok_or("usage: with-postgres [--] COMMAND...")?;
    let server = Provided::find_or_start()?;

    let mut command = Command::new(&program);
    command.args(words).env(SERVER_VARIABLE, server.maintenance_url());
    let signals = Signals::outlive()?;
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
    let pid = child.id();
    thread::spawn(move || signals.hand_on(pid));

    let status = child.wait()?;
    // Not left to the guardian: whoever waits for this process may expect the server gone.
    drop(server);
    Ok(exit_code(status))
}

/// The command decides how to end, and this process after it. A terminal sends Ctrl-C to both, so that is only survived;
/// TERM reaches this process alone and is handed on.
struct Signals {
    runtime: Runtime,
    terminated: Signal,
}

impl Signals {
    /// From here on, before there is a command to hand them to: none of them ends this process.
    fn outlive() -> io::Result<Signals> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let inside = runtime.enter();
        drop(signal(SignalKind::interrupt())?);
        let terminated = signal(SignalKind::terminate())?;
        drop(inside);
        Ok(Signals { runtime, terminated })
    }

    fn hand_on(mut self, command: u32) {
        while self.runtime.block_on(self.terminated.recv()).is_some() {
            // A command that is gone already needs no telling.
            let _ = Command::new("kill").arg(command.to_string()).status();
        }
    }
}

/// As a shell reports it: 128 more than the signal, for a command that a signal ended.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
