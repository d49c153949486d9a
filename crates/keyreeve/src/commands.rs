//! One file for each command.

mod bootstrap;
mod config;
mod doctor;
mod manual;
mod migrate;
mod serve;

use std::path::Path;

use crate::command_line::{Command, CommandLine, Config, MasterKey};
use crate::failure::Failure;
use crate::settings::{Flags, Settings};
use crate::{logging, master_key, out, process};

pub(crate) fn run(command_line: CommandLine) -> Result<(), Failure> {
    match command_line.command.unwrap_or(Command::Serve(command_line.settings)) {
        Command::Serve(flags) => serve::run(&load(&flags)?),
        Command::Migrate(flags) => migrate::run(&load(&flags)?),
        Command::Bootstrap(command) => bootstrap::run(&load(&command.settings)?, &command),
        Command::Config(Config::Show(flags)) => config::show(&flags),
        Command::Config(Config::Check(flags)) => config::check(&flags),
        Command::Openapi => out::say(&api::openapi()),
        Command::Problems => out::say(&api::problem_catalogue()),
        Command::MasterKey(MasterKey::New { out }) => new_master_key(&out),
        Command::Doctor(command) => doctor::run(&command),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { out } => manual::pages(&out),
        Command::Client(command) => {
            process::keep_to_itself();
            cli::run(*command).map_err(Failure::Said)
        }
        Command::Version => out::say(concat!("keyreeve ", env!("CARGO_PKG_VERSION"))),
    }
}

fn load(flags: &Flags) -> Result<Settings, Failure> {
    let settings = Settings::load(flags)?;
    process::keep_to_itself();
    logging::start(&settings)?;
    Ok(settings)
}

fn new_master_key(path: &Path) -> Result<(), Failure> {
    process::keep_to_itself();
    master_key::create(path)?;
    out::say(&format!(
        "Wrote a new master key to {0}.\n\
         Give every replica a copy and name it with --master-key-file; keep another apart from the database's backups.",
        path.display()
    ))
}
