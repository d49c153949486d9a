//! Which products keys can be: sets of switches.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::context::Context;
use crate::exit::{Failure, Result};
use crate::operations;
use crate::options::{IfVersion, Limit};
use crate::output::Column;

const COLUMNS: &[Column] = &[
    ("NAME", "/name"),
    ("TITLE", "/title"),
    ("BUILT IN", "/built_in"),
    ("INSTANCES", "/instances"),
    ("MOST KEYS", "/max_keys"),
    ("BUCKET SCOPES", "/bucket_scopes"),
    ("DELETE", "/delete"),
];

#[derive(Subcommand)]
pub enum KeyModels {
    /// List key models.
    List {
        #[command(flatten)]
        limit: Limit,
    },
    /// Show a key model.
    Show { name: String },
    /// Make a key model, as a file of JSON describes it.
    #[command(after_help = "Example:\n  \
        keyreeve key-models show multi --output json   prints one to begin with\n  \
        keyreeve key-models create --file daily.json")]
    Create {
        /// JSON file with the fields of the API, - for standard input.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Change those switches of a key model that a file of JSON names.
    Change {
        name: String,
        /// JSON file with the fields of the API, - for standard input.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Delete a key model that nobody uses.
    Delete {
        name: String,
        #[command(flatten)]
        version: IfVersion,
    },
}

impl KeyModels {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::List { limit } => context.list(operations::list_key_models(), &limit, COLUMNS),
            Self::Show { name } => context.show(operations::read_key_model().at(&name)),
            Self::Create { file } => context.show(with_all(operations::create_key_model(), read(&file)?)),
            Self::Change { name, file, version } => {
                let call = operations::change_key_model().at(&name).if_match(version.if_version);
                context.show(with_all(call, read(&file)?))
            }
            Self::Delete { name, version } => {
                context.confirm(&format!("Delete the key model {name}?"))?;
                context.remove(operations::delete_key_model().at(&name).if_match(version.if_version), &name)
            }
        }
    }
}

fn with_all(call: Call, fields: Map<String, Value>) -> Call {
    fields.into_iter().fold(call, |call, (name, value)| call.with(&name, Some(value)))
}

/// What was printed of another model may be used as it is: what the server adds by itself is left out.
fn read(path: &std::path::Path) -> Result<Map<String, Value>> {
    const ADDED: [&str; 3] = ["built_in", "created_at", "version"];
    let text = crate::files::text(path)?;
    let mut fields: Map<String, Value> = serde_json::from_str(&text)
        .map_err(|error| Failure::local(format!("{} is not an object of JSON: {error}", path.display())))?;
    fields.retain(|name, _| !ADDED.contains(&name.as_str()));
    Ok(fields)
}
