//! The person in front of the terminal, where there is one.

use std::io::{IsTerminal, Write, stderr, stdin};

use domain::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::exit::{Failure, Result};

/// Whether somebody is there to be asked.
pub(crate) fn is_attended() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks before something that cannot be undone. Where nobody can be asked, `--yes` has to say it.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !is_attended() {
        return Err(Failure::Usage(format!("{question} There is nobody to ask: say --yes if this is meant")));
    }
    let answer = ask(&format!("{question} [y/N] "))?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Failure::Usage("nothing was done".to_owned()))
}

/// A line of what somebody types.
pub(crate) fn ask(question: &str) -> Result<String> {
    let mut stderr = stderr().lock();
    let asked = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    asked.map_err(|error| Failure::local(format!("the terminal cannot be written: {error}")))?;
    let mut line = String::with_capacity(512);
    let length = stdin().read_line(&mut line);
    match length {
        Ok(0) => Err(Failure::Usage("nothing was typed".to_owned())),
        Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(Failure::local(format!("the terminal cannot be read: {error}"))),
    }
}

/// The same, unseen.
pub(crate) fn ask_secretly(question: &str) -> Result<Secret> {
    let unseen = Unseen::begin();
    let answer = ask(question).map(Secret::new);
    drop(unseen);
    let _ = writeln!(stderr());
    answer
}

/// Until it is dropped the terminal does not show what is typed.
struct Unseen(Option<Termios>);

impl Unseen {
    fn begin() -> Self {
        let Ok(before) = tcgetattr(stdin()) else { return Self(None) };
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        let _ = tcsetattr(stdin(), OptionalActions::Flush, &unseen);
        Self(Some(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(stdin(), OptionalActions::Now, before);
        }
    }
}
