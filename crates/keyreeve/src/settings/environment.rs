//! The environment: the only place where it is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::chosen::Texts;
use super::closest::closest;
use super::table::{Setting, TABLE};

const PREFIX: &str = "KEYREEVE_";
const CONFIG: &str = "KEYREEVE_CONFIG";

pub(crate) struct Environment {
    pub(crate) config: Option<PathBuf>,
    pub(crate) texts: Texts,
}

impl Environment {
    /// A variable that looks like one of ours and is none is an error: a mistyped one would go unnoticed for long.
    pub(crate) fn read() -> Result<Self, Vec<String>> {
        let mut variables = BTreeMap::new();
        let mut wrong = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
            match value.into_string() {
                // What a template leaves empty was not said.
                Ok(value) if value.is_empty() => {}
                Ok(value) => drop(variables.insert(name.to_owned(), value)),
                Err(_) => wrong.push(format!("the environment variable {name} is not UTF-8")),
            }
        }
        let config = variables.remove(CONFIG).map(PathBuf::from);
        let mut texts = Texts::new();
        for setting in TABLE {
            texts.extend(variables.remove(&setting.variable()).map(|text| (setting.key, text)));
        }
        wrong.extend(variables.keys().filter(|name| !is_somebody_elses(name)).map(|name| unknown(name)));
        if wrong.is_empty() { Ok(Self { config, texts }) } else { Err(wrong) }
    }
}

fn unknown(name: &str) -> String {
    let known = TABLE.iter().map(Setting::variable).chain([CONFIG.to_owned()]);
    format!("there is no setting {name}; the closest one is {}", closest(name, known))
}

/// The client's, the tests' own, and those that Kubernetes puts into every container for a service called keyreeve.
fn is_somebody_elses(name: &str) -> bool {
    let port = name.split_once("_PORT").map(|(_, rest)| rest);
    let is_link = port.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    cli::VARIABLES.contains(&name) || name.starts_with("KEYREEVE_TEST_") || name.ends_with("_SERVICE_HOST") || is_link
}

/// See <https://no-color.org>.
#[expect(clippy::disallowed_methods, reason = "this module is where the environment is read")]
pub(crate) fn forbids_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
