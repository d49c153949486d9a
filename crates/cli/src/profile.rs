//! Which server, and who: what the flags, the environment and the profile say, in this order.
//!
//! Profiles are in `config.toml`, which holds no secrets. Log-in adds a profile to it, and changes none.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::credentials::Credentials;
use crate::exit::{Failure, Result};
use crate::options::Options;
use crate::output::Mode;
use crate::system;

/// The name of the profile where nobody names one.
const USUAL: &str = "default";

/// `config.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The profile that holds where nobody names one.
    default: Option<String>,
    #[serde(default)]
    profiles: std::collections::BTreeMap<String, Profile>,
}

#[derive(Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    server: Option<String>,
    ca_file: Option<PathBuf>,
    tenant: Option<String>,
    output: Option<Mode>,
}

/// What holds for this command.
pub(crate) struct Chosen {
    pub(crate) profile: String,
    /// Without a slash at the end.
    pub(crate) server: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) tenant: Option<String>,
    pub(crate) output: Mode,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) may_be_plain: bool,
    /// Where the client keeps its files, if it knows.
    directory: Option<PathBuf>,
    is_in_config: bool,
}

impl Chosen {
    pub(crate) fn by(options: &Options) -> Result<Self> {
        let directory = system::config_dir();
        let config = match &directory {
            Some(directory) => read(&directory.join("config.toml"))?,
            None => Config::default(),
        };
        let named = options.profile.clone().or_else(|| system::variable(system::PROFILE));
        let name = named.or(config.default).unwrap_or_else(|| USUAL.to_owned());
        if !is_name(&name) {
            return Err(Failure::Usage(format!(
                "a profile's name has 1 to 64 letters, digits, hyphens and underscores, unlike {name:?}"
            )));
        }
        let profile = config.profiles.get(&name).cloned();
        let is_in_config = profile.is_some();
        let profile = profile.unwrap_or_default();
        let file = |name| system::variable(name).map(PathBuf::from);
        let said = options.server.clone().or_else(|| system::variable(system::SERVER));
        let server = said.or(profile.server).map(|server| server.trim_end_matches('/').to_owned());
        Ok(Self {
            profile: name,
            server,
            ca_file: options.ca_file.clone().or_else(|| file(system::CA_FILE)).or(profile.ca_file),
            tenant: system::variable(system::TENANT).or(profile.tenant),
            output: options.output.or(profile.output).unwrap_or(Mode::Table),
            token_file: options.token_file.clone().or_else(|| file(system::TOKEN_FILE)),
            may_be_plain: options.insecure,
            directory,
            is_in_config,
        })
    }

    /// The credentials that were stored for this profile.
    pub(crate) fn credentials(&self) -> Result<Credentials> {
        let directory = self.directory.as_ref().ok_or_else(|| {
            Failure::Usage(
                "there is no place for credentials: set HOME or XDG_CONFIG_HOME, or name a --token-file".to_owned(),
            )
        })?;
        Ok(Credentials::at(directory.join("credentials").join(format!("{}.json", self.profile))))
    }

    pub(crate) fn server(&self) -> Result<&str> {
        self.server.as_deref().ok_or_else(|| {
            Failure::Usage(format!(
                "which server? Name it with --server URL, with {}, or log in once with `keyreeve login --server URL`",
                system::SERVER
            ))
        })
    }

    /// Adds a section for this profile to `config.toml`, if there is none. Whatever else is there stays as it is.
    pub(crate) fn remember(&self) -> Result<()> {
        let Some(directory) = self.directory.as_ref().filter(|_| !self.is_in_config) else { return Ok(()) };
        let path = directory.join("config.toml");
        let cannot = |error| Failure::local(format!("{} cannot be written: {error}", path.display()));
        let mut text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read.map_err(cannot)?,
        };
        if !text.is_empty() {
            text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
        }
        text.push_str(&format!("[profiles.{}]\nserver = {}\n", self.profile, quoted(self.server()?)));
        if let Some(ca_file) = &self.ca_file {
            let ca_file = std::path::absolute(ca_file).unwrap_or_else(|_| ca_file.clone());
            text.push_str(&format!("ca_file = {}\n", quoted(&ca_file.to_string_lossy())));
        }
        crate::files::replace(&path, &text).map_err(cannot)
    }
}

fn read(path: &Path) -> Result<Config> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(Failure::local(format!("{} cannot be read: {error}", path.display()))),
        Ok(text) => toml::from_str(&text)
            .map_err(|error| Failure::Usage(format!("{} makes no sense: {}", path.display(), error.message()))),
    }
}

/// It becomes the name of a file and of a section.
fn is_name(name: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=64).contains(&name.len()) && name.chars().all(is_allowed)
}

/// A basic string of TOML: JSON's escapes are a part of TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_profile_is_no_path() {
        for right in ["default", "Work-2", "a_b"] {
            assert!(is_name(right), "{right}");
        }
        for wrong in ["", "..", "a/b", "a.b", "a b", &"x".repeat(65)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_quoted_reads_back() {
        for text in ["https://keys.example.org", "/a \"b\"\\c", "é\u{7f}\n\u{1}"] {
            let table: toml::Table = format!("x = {}", quoted(text)).parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }
}
