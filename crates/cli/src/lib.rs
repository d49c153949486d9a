//! The command line client: people and scripts at the REST API. It speaks HTTP, and knows of the server what `wire` says.
//!
//! One file for each noun has its verbs. What they have in common is in `context`: a verb makes a [`call::Call`], and the
//! context sends it and prints what came back.

#![forbid(unsafe_code)]

mod call;
mod client;
mod context;
mod credentials;
mod exit;
mod files;
mod formats;
mod handing;
mod keys;
mod operations;
mod options;
mod output;
mod profile;
mod receipt;
mod regions;
mod session;
mod system;
mod tenants;
mod terminal;
mod users;

use clap::{Args, Subcommand};

use context::Context;
use options::Options;
pub use system::VARIABLES;

/// What the client can be asked, beside what the server can.
#[derive(Subcommand)]
pub enum Command {
    /// Log in, as a person or with an API token.
    #[command(after_help = session::EXAMPLES)]
    Login(session::Login),
    /// End the session and forget the credentials.
    Logout(Plain),
    /// Say who you are, as far as the server is concerned.
    Whoami(Plain),
    /// Customers.
    Tenants(Noun<tenants::Tenants>),
    /// People of a tenant.
    Users(Noun<users::Users>),
    /// Places with S3 gateways, and which of them a tenant has.
    Regions(Noun<regions::Regions>),
    /// S3 keys.
    Keys(Noun<keys::Keys>),
}

/// A noun, its verbs, and the flags they all take.
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub struct Noun<V: Subcommand> {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: V,
}

/// A command without verbs.
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub struct Plain {
    #[command(flatten)]
    options: Options,
}

/// Runs a command to its end. An error is the exit code: why is said already.
pub fn run(command: Command) -> Result<(), u8> {
    let options = command.options().clone();
    command.run().map_err(|failure| {
        output::Output::of(&options).complain(&failure);
        failure.exit_code()
    })
}

impl Command {
    fn options(&self) -> &Options {
        match self {
            Self::Login(login) => &login.options,
            Self::Logout(plain) | Self::Whoami(plain) => &plain.options,
            Self::Tenants(noun) => &noun.options,
            Self::Users(noun) => &noun.options,
            Self::Regions(noun) => &noun.options,
            Self::Keys(noun) => &noun.options,
        }
    }

    fn run(self) -> exit::Result<()> {
        match self {
            Self::Login(login) => login.run(),
            Self::Logout(plain) => session::log_out(&plain.options),
            Self::Whoami(plain) => session::who_am_i(&Context::of(&plain.options)?),
            Self::Tenants(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Users(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Regions(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Keys(noun) => noun.verb.run(&Context::of(&noun.options)?),
        }
    }
}
