//! Keyreeve's one binary: reads the settings, opens the database with its master key, and serves.
//!
//! Everything a person says to it comes in through `command_line` and `settings`; everything it says leaves through
//! `out` or the log. What an access key is, and who may do what with it, is decided elsewhere.

#![forbid(unsafe_code)]

mod background;
mod command_line;
mod commands;
mod database;
mod failure;
mod first_operator;
mod journal;
mod listeners;
mod logging;
mod master_key;
mod opened;
#[cfg(feature = "otlp")]
mod otlp;
mod out;
mod own_files;
mod process;
mod progress;
mod refusals;
mod ring_follower;
mod settings;
mod tls;
mod traces;

use std::process::ExitCode;

use clap::Parser;

use command_line::CommandLine;

fn main() -> ExitCode {
    let done = match CommandLine::try_parse() {
        Ok(command_line) => commands::run(command_line),
        Err(said) => {
            // Help and version are "errors" of the parser as well, and a closed pipe is nobody's concern here.
            let _ = said.print();
            return ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2));
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::complain(failure.reasons());
            ExitCode::from(failure.exit_code())
        }
    }
}
