//! The command line: what can be asked of the binary.

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::settings::Flags;

#[derive(Parser)]
#[command(
    name = "keyreeve",
    version,
    about = "Keyreeve, the access-key control plane for S3-compatible storage. Without a command it serves.",
    args_conflicts_with_subcommands = true,
    max_term_width = 120,
    after_help = "Examples:\n  \
        keyreeve                                  serve, with everything in ./keyreeve-data\n  \
        keyreeve bootstrap --out operator-token   let the first operator in\n  \
        keyreeve serve --config keyreeve.toml     serve with the settings of a file\n  \
        keyreeve config show                      tell which settings hold, and why\n  \
        keyreeve login --server URL               work with a server, wherever it is"
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the API until it is told to stop.
    #[command(after_help = "Examples:\n  \
        keyreeve serve --listen 127.0.0.1:9000\n  \
        KEYREEVE_DATABASE=postgres://keyreeve@db/keyreeve keyreeve serve --master-key-file /etc/keyreeve/master.key")]
    Serve(Flags),
    /// Bring the database's schema up to this version; several may do so at once.
    #[command(after_help = "Example:\n  keyreeve migrate --database postgres://keyreeve@db/keyreeve")]
    Migrate(Flags),
    /// Make the first operator's token and write it to a new file.
    #[command(after_help = "Examples:\n  \
        keyreeve bootstrap --out operator-token\n  \
        keyreeve bootstrap --out operator-token --expires-in 30d\n  \
        keyreeve bootstrap --out operator-token --recover   when all operators are locked out")]
    Bootstrap(Bootstrap),
    /// Ask the server with these settings whether it can serve; for health checks.
    #[command(after_help = "Example:\n  keyreeve health --listen 127.0.0.1:8080")]
    Health(Flags),
    /// Copy the embedded database to a new file, while it is in use.
    #[command(after_help = "Example:\n  keyreeve backup --out /var/backups/keyreeve-2026-11-20.db")]
    Backup(Backup),
    /// Put a backup in the place of a database; without a file: say that PostgreSQL has restored this one.
    #[command(after_help = "Examples:\n  \
        keyreeve restore /var/backups/keyreeve-2026-11-20.db --journal other-node/changes.journal\n  \
        keyreeve restore --database postgres://keyreeve@db/keyreeve --journal node-1.journal --journal node-2.journal")]
    Restore(Restore),
    /// Look at the settings.
    #[command(subcommand)]
    Config(Config),
    /// Print the OpenAPI document.
    #[command(after_help = "Example:\n  keyreeve openapi > openapi.json")]
    Openapi,
    /// Print the catalogue of problems that the API answers with, in Markdown.
    #[command(after_help = "Example:\n  keyreeve problems > problems.md")]
    Problems,
    /// Let nothing be changed, on every replica, while everything moves to another database. Verifying goes on.
    #[command(after_help = "Changes are answered 503 with Retry-After from the moment this ends. What comes next: \
        `keyreeve export`, or `keyreeve thaw` to go on here.\n\n\
        Example:\n  keyreeve freeze --config /etc/keyreeve.toml")]
    Freeze(Flags),
    /// Write everything in the database to a file, at one moment. What is sealed stays sealed, and the master key is not in it.
    #[command(
        after_help = "What comes next: `keyreeve migrate` and `keyreeve import FILE` with another --database. For a move, \
        run `keyreeve freeze` before this.\n\n\
        Examples:\n  keyreeve export --out keyreeve.export\n  \
        keyreeve export --out - | ssh db keyreeve import - --config /etc/keyreeve.toml"
    )]
    Export(Export),
    /// Read such a file into an empty database of either kind, all of it or nothing.
    #[command(
        after_help = "Nothing can be changed in the new database before `keyreeve thaw`. What comes next: serve it, send \
        everybody there, stop the old server, `keyreeve thaw`.\n\n\
        Example:\n  keyreeve migrate --database postgres://keyreeve@db/keyreeve\n  \
        keyreeve import keyreeve.export --database postgres://keyreeve@db/keyreeve"
    )]
    Import(Import),
    /// Let changes through again: after a freeze, or after an import once the old server is stopped.
    #[command(
        after_help = "After an import this waits until what gateways remember of the old server has run out.\n\n\
        Example:\n  keyreeve thaw --config /etc/keyreeve.toml"
    )]
    Thaw(Flags),
    /// Handle master keys: new, list, and in this order add, rotate, remove.
    #[command(subcommand)]
    MasterKey(MasterKey),
    /// Handle the time that was reached, which no machine's clock takes back.
    #[command(subcommand)]
    Clock(Clock),
    /// Look for what is wrong with a server's surroundings, and say how to mend it.
    #[command(after_help = "Examples:\n  \
        keyreeve doctor --config /etc/keyreeve.toml\n  \
        keyreeve doctor --output json\n\n\
        Exit codes: 0 nothing is broken, 1 something is, 2 makes no sense")]
    Doctor(Doctor),
    /// Print completions for a shell.
    #[command(after_help = "Example:\n  keyreeve completions bash > /etc/bash_completion.d/keyreeve")]
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write a manual page for each command.
    #[command(after_help = "Example:\n  keyreeve man --out /usr/local/share/man/man1")]
    Man {
        /// Directory to write them to; it is made if it is not there.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Print the version.
    #[command(after_help = "Example:\n  keyreeve version")]
    Version,
    #[command(flatten)]
    Client(Box<cli::Command>),
}

#[derive(Args)]
pub(crate) struct Bootstrap {
    /// File to write the token to, as one line; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// How long the token works, such as 90m, 24h or 30d, up to 366 days.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = cli::duration)]
    pub(crate) expires_in: TimeDelta,
    /// Make a token although there is an operator.
    #[arg(long)]
    pub(crate) recover: bool,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Args)]
pub(crate) struct Backup {
    /// File to write the backup to; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Args)]
pub(crate) struct Export {
    /// File to write to; it must not be there yet. - for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Args)]
pub(crate) struct Doctor {
    /// How findings are printed.
    #[arg(id = "doctor-output", long = "output", value_enum, default_value = "text", value_name = "FORM")]
    pub(crate) output: Findings,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Args)]
pub(crate) struct Restore {
    /// The backup. There must be no database yet where it goes.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A journal of another server, besides the one of this data directory; may be said several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Vec<PathBuf>,
    /// Verify requests although no journal tells what has changed since the backup: what was revoked since works again.
    #[arg(long)]
    pub(crate) accept_without_journal: bool,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Args)]
pub(crate) struct Import {
    /// What `keyreeve export` has written. - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Findings {
    Text,
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Config {
    /// Print every setting, its value and where that comes from; passwords are masked.
    #[command(after_help = "Example:\n  keyreeve config show --config /etc/keyreeve.toml")]
    Show(Flags),
    /// Print every reason for which serve would refuse to start.
    #[command(after_help = "Example:\n  keyreeve config check --config /etc/keyreeve.toml")]
    Check(Flags),
}

#[derive(Subcommand)]
pub(crate) enum MasterKey {
    /// Draw a master key and write it to a new file, for a new database.
    #[command(after_help = "Example:\n  keyreeve master-key new --out /etc/keyreeve/master.key")]
    New {
        /// File to write the key to; it must not be there yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Tell which master keys there are, how much each seals, and which replicas lack it.
    #[command(after_help = "Example:\n  keyreeve master-key list --config /etc/keyreeve.toml")]
    List(Flags),
    /// Rotation, step 1: draw another key into the master key file, in front. It seals nothing yet.
    #[command(
        after_help = "Running servers read the file again by themselves. What comes next: copy the file to every \
        replica, look with `keyreeve master-key list` whether each has it, then `keyreeve master-key rotate`.\n\n\
        Example:\n  keyreeve master-key add --master-key-file /etc/keyreeve/master.key"
    )]
    Add(Flags),
    /// Rotation, step 2: have the newest key seal, and seal again by it what older ones have sealed.
    #[command(
        after_help = "Everything goes on meanwhile. Refused while a replica lacks the key. If it is broken off, run it \
        again. What comes next: `keyreeve master-key remove` for the older key.\n\n\
        Example:\n  keyreeve master-key rotate --config /etc/keyreeve.toml"
    )]
    Rotate(Flags),
    /// Rotation, step 3: take a key out of use and out of the master key file. Backups from before still need it.
    #[command(
        after_help = "Refused while anything is sealed by it. What comes next: take it out of the files of the other \
        replicas, by a copy of this one.\n\n\
        Example:\n  keyreeve master-key remove 3f2a09c41be77d60 --config /etc/keyreeve.toml"
    )]
    Remove(RemoveMasterKey),
}

#[derive(Subcommand)]
pub(crate) enum Clock {
    /// Take this machine's clock for right, after one that was ahead was believed: what has expired in between counts again.
    #[command(
        after_help = "Set the clocks of all machines right before. Running servers hear of it within seconds; one whose clock is still \
        ahead believes that again in ten minutes. It is in the audit.\n\n\
        Example:\n  keyreeve clock reset --config /etc/keyreeve.toml"
    )]
    Reset(Flags),
}

#[derive(Args)]
pub(crate) struct RemoveMasterKey {
    /// The key, as `keyreeve master-key list` names it.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }
}
