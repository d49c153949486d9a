//! Flags that every command of the client takes.

use std::path::PathBuf;

use clap::Args;

use crate::output::Mode;

const HEADING: &str = "Options of every client command";

#[derive(Args, Clone)]
#[command(next_help_heading = HEADING)]
pub(crate) struct Options {
    /// URL of the server [env: KEYREEVE_SERVER] [default: of the profile].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Which profile of the config file [env: KEYREEVE_PROFILE] [default: default].
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// File with an API token, - for standard input [env: KEYREEVE_TOKEN_FILE] [default: as logged in].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM file of the authorities to trust [env: KEYREEVE_CA_FILE] [default: the machine's].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Allow plain HTTP to another machine, in a network that is yours alone.
    // The server has a flag of this name with a value: what is global here is told apart by its id.
    #[arg(id = "client-insecure", long = "insecure", global = true)]
    pub(crate) insecure: bool,
    /// How results are printed; json is the API's own document.
    #[arg(long, short, global = true, value_enum, value_name = "FORM")]
    pub(crate) output: Option<Mode>,
    /// Print ids only.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Do not ask; needed where nobody can be asked.
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,
}

/// How much of a list.
#[derive(Args)]
pub struct Limit {
    /// How many at most [default: all].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
}

/// Whose.
#[derive(Args)]
pub struct OfTenant {
    /// Which tenant [env: KEYREEVE_TENANT] [default: of the profile, or the one you belong to].
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
}

/// Only if nobody was faster.
#[derive(Args)]
pub struct IfVersion {
    /// Only if this is still its version.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) if_version: Option<i64>,
}

/// What to do until a change is in force everywhere.
#[derive(Args)]
pub struct Stop {
    /// Wait until nobody can honour what was before.
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) version: IfVersion,
}
