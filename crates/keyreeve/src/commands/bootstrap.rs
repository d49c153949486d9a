//! `keyreeve bootstrap`: lets the first operator in, by a file that only whoever runs this can read.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use service::api_tokens::TokenMade;
use service::bootstrap::bootstrap;

use crate::command_line::Bootstrap;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{listeners, opened, out, own_files};

pub(crate) fn run(settings: &Settings, command: &Bootstrap) -> Result<(), Failure> {
    // The file first: a token that cannot be written down would be an operator that nobody is.
    let file = own_files::create(&command.out).map_err(|error| own_files::not_created(&command.out, &error))?;
    let written = make(settings, command).and_then(|made| write_down(file, &command.out, &made).map(|()| made));
    if written.is_err() {
        let _ = std::fs::remove_file(&command.out);
    }
    let made = written?;
    out::say(&next_steps(settings, &command.out, &made))
}

fn make(settings: &Settings, command: &Bootstrap) -> Result<TokenMade, Failure> {
    let service = opened::open(settings, String::new())?;
    bootstrap(&service, command.expires_in, command.recover).map_err(|error| {
        if matches!(error, service::Error::AlreadyInitialised) {
            return Failure::because(
                "there is an operator already, who can make further tokens; \
                 if every operator has been locked out, run this again with --recover",
            );
        }
        if let service::Error::Invalid(violations) = &error {
            return Failure::Usage(violations.iter().map(|one| format!("--expires-in: {}", one.detail)).collect());
        }
        opened::said_by(settings, &error)
    })
}

fn write_down(mut file: File, path: &Path, made: &TokenMade) -> Result<(), Failure> {
    let line = [made.text.expose().as_bytes(), b"\n"];
    let written = line.iter().try_for_each(|part| file.write_all(part)).and_then(|()| file.sync_all());
    written.map_err(|error| {
        Failure::because(format!(
            "the token was made but could not be written to {} ({error}): \
             nobody has it; run this again with --recover once the file can be written",
            path.display()
        ))
    })
}

fn next_steps(settings: &Settings, path: &Path, made: &TokenMade) -> String {
    let server = listeners::public_url(settings, settings.listen);
    format!(
        "Wrote an operator's token to {path}. It works until {until}.\n\
         Try it, once the server runs:\n  \
         keyreeve login --server {server} --token-file {path}\n\
         Then make a proper one with `keyreeve tokens create`. Delete {path} when you are done.",
        path = path.display(),
        until = made.token.expires_at.format("%F %R UTC"),
    )
}
