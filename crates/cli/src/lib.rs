//! The command line client: people and scripts at the REST API. It speaks HTTP, and knows of the server what `wire` says.
//!
//! One file for each noun has its verbs. What they have in common is in `context`: a verb makes a [`call::Call`], and the
//! context sends it and prints what came back.

#![forbid(unsafe_code)]

mod audit;
mod buckets;
mod call;
mod client;
mod context;
mod credentials;
mod exit;
mod export;
mod files;
mod formats;
mod gateways;
mod handing;
mod import;
mod instances;
mod key_models;
mod keys;
mod operations;
mod options;
mod output;
mod owner;
mod partners;
mod posture;
mod profile;
mod progress;
mod quarantine;
mod receipt;
mod regions;
mod session;
mod system;
mod tenants;
mod terminal;
mod tokens;
mod users;

use clap::{Args, Subcommand};

use context::Context;
use options::Options;
pub use system::{VARIABLES, duration};

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
    /// Change your password; all other sessions of yours are over then.
    ChangePassword(session::ChangePassword),
    /// Customers.
    Tenants(Noun<tenants::Tenants>),
    /// People of a tenant.
    Users(Noun<users::Users>),
    /// Places with S3 gateways, and which of them a tenant has.
    Regions(Noun<regions::Regions>),
    /// Which products keys can be.
    KeyModels(Noun<key_models::KeyModels>),
    /// Distributors and resellers.
    Partners(Noun<partners::Partners>),
    /// S3 keys.
    Keys(Noun<keys::Keys>),
    /// Storage instances.
    Instances(Noun<instances::Instances>),
    /// Registered buckets.
    Buckets(Noun<buckets::Buckets>),
    /// API tokens.
    Tokens(Noun<tokens::Tokens>),
    /// S3 gateways.
    Gateways(Noun<gateways::Gateways>),
    /// What was done, by whom, to what.
    Audit(Noun<audit::Audit>),
    /// How keys stand, in numbers.
    Posture(Noun<posture::Posture>),
    /// What is left of a restore: what is held back, and whether requests are verified.
    Quarantine(Noun<quarantine::Quarantine>),
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
            Self::ChangePassword(change) => &change.options,
            Self::Audit(noun) => &noun.options,
            Self::Tenants(noun) => &noun.options,
            Self::Users(noun) => &noun.options,
            Self::Regions(noun) => &noun.options,
            Self::KeyModels(noun) => &noun.options,
            Self::Partners(noun) => &noun.options,
            Self::Keys(noun) => &noun.options,
            Self::Instances(noun) => &noun.options,
            Self::Buckets(noun) => &noun.options,
            Self::Tokens(noun) => &noun.options,
            Self::Gateways(noun) => &noun.options,
            Self::Posture(noun) => &noun.options,
            Self::Quarantine(noun) => &noun.options,
        }
    }

    fn run(self) -> exit::Result<()> {
        match self {
            Self::Login(login) => login.run(),
            Self::Logout(plain) => session::log_out(&plain.options),
            Self::Whoami(plain) => session::who_am_i(&Context::of(&plain.options)?),
            Self::ChangePassword(change) => change.run(),
            // One of its verbs asks no server.
            Self::Audit(noun) => noun.verb.run(&noun.options),
            Self::Tenants(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Users(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Regions(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::KeyModels(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Partners(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Keys(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Instances(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Buckets(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Tokens(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Gateways(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Posture(noun) => noun.verb.run(&Context::of(&noun.options)?),
            Self::Quarantine(noun) => noun.verb.run(&Context::of(&noun.options)?),
        }
    }
}
