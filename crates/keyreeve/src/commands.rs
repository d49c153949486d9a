//! One file for each command.

mod backup;
mod bootstrap;
mod clock;
mod config;
mod doctor;
mod freeze;
mod health;
mod manual;
mod master_key;
mod migrate;
mod restore;
mod serve;
mod transfer;

use crate::command_line::{Clock, Command, CommandLine, Config, MasterKey};
use crate::failure::Failure;
use crate::settings::{Flags, Settings};
use crate::{logging, out, process};

pub(crate) fn run(command_line: CommandLine) -> Result<(), Failure> {
    match command_line.command.unwrap_or(Command::Serve(command_line.settings)) {
        Command::Serve(flags) => serve::run(load(&flags)?),
        Command::Migrate(flags) => migrate::run(&load(&flags)?),
        Command::Health(flags) => health::run(&load(&flags)?),
        Command::Backup(command) => backup::run(&load(&command.settings)?, &command),
        Command::Restore(command) => restore::run(&load(&command.settings)?, &command),
        Command::Bootstrap(command) => bootstrap::run(&load(&command.settings)?, &command),
        Command::Config(Config::Show(flags)) => config::show(&flags),
        Command::Config(Config::Check(flags)) => config::check(&flags),
        Command::Openapi => out::say(api::OPENAPI),
        Command::Problems => out::say(&api::problem_catalogue()),
        Command::Freeze(flags) => freeze::freeze(&load(&flags)?),
        Command::Export(command) => transfer::export(&load(&command.settings)?, &command.out),
        Command::Import(command) => transfer::import(&load(&command.settings)?, &command.file),
        Command::Thaw(flags) => freeze::thaw(&load(&flags)?),
        Command::MasterKey(MasterKey::New { out }) => master_key::new(&out),
        Command::MasterKey(MasterKey::List(flags)) => master_key::list(&load(&flags)?),
        Command::MasterKey(MasterKey::Add(flags)) => master_key::add(&load(&flags)?),
        Command::MasterKey(MasterKey::Rotate(flags)) => master_key::rotate(&load(&flags)?),
        Command::MasterKey(MasterKey::Remove(command)) => master_key::remove(&load(&command.settings)?, &command.id),
        Command::Clock(Clock::Reset(flags)) => clock::reset(&load(&flags)?),
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
