//! The flags, made from the table of settings.

use std::path::PathBuf;

use clap::builder::PathBufValueParser;
use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::chosen::Texts;
use super::table::{Default, Setting, TABLE};

const HEADING: &str = "Settings (each is also an environment variable KEYREEVE_... and a key of the file)";

#[derive(std::default::Default)]
pub(crate) struct Flags {
    pub(crate) config: Option<PathBuf>,
    pub(crate) texts: Texts,
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(PathBufValueParser::new())
            .help("TOML file of settings [default: keyreeve.toml, if it is there]")
            .help_heading(HEADING);
        command.arg(config).args(TABLE.iter().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &'static Setting) -> Arg {
    let default = match setting.default {
        Default::Text(text) | Default::Nothing(text) => text,
    };
    let argument = Arg::new(setting.key)
        .long(setting.flag())
        .value_name(setting.value_name)
        .help(format!("{} [default: {default}]", setting.help))
        .help_heading(HEADING);
    if setting.is_switch {
        argument.num_args(0..=1).require_equals(true).default_missing_value("true").hide_possible_values(true)
    } else {
        argument
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let text = |setting: &Setting| Some((setting.key, matches.get_one::<String>(setting.key)?.clone()));
        let texts = TABLE.iter().filter_map(text).collect();
        Ok(Self { config: matches.get_one::<PathBuf>("config").cloned(), texts })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
