//! S3 gateways: what they may ask, and how far they have followed the changes.

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Result;
use crate::operations;
use crate::options::{IfVersion, Limit};
use crate::output::{Column, Mode};

const COLUMNS: &[Column] = &[
    ("ID", "/id"),
    ("NAME", "/name"),
    ("REGIONS", "/regions"),
    ("CAPABILITIES", "/capabilities"),
    ("LEASE", "/lease/seconds_left"),
    ("LAG", "/lease/lag"),
];
const PROCESSES: &[Column] =
    &[("PROCESS", "/instance"), ("LEASE", "/seconds_left"), ("APPLIED", "/applied_sequence"), ("LAG", "/lag")];

#[derive(Subcommand)]
pub enum Gateways {
    /// List gateways, with the lease and the lag of the process that is furthest behind.
    List {
        #[command(flatten)]
        limit: Limit,
    },
    /// Show a gateway.
    Show { gateway: String },
    /// Show how far each process of a gateway has followed the changes.
    Status { gateway: String },
    /// Register a gateway.
    #[command(after_help = "Example:\n  \
        keyreeve gateways create waw3-edge --region waw3-1 --capability verify --capability changes\n  \
        keyreeve tokens create --gateway gtw_01jd0000000000000000000000 --description edge --expires 366d --out edge.token")]
    Create {
        name: String,
        /// Where its keys are; several may be named.
        #[arg(long = "region", value_name = "CODE", required = true)]
        regions: Vec<String>,
        /// verify, signing_keys, secrets, changes, usage or keystone; several may be named.
        #[arg(long = "capability", value_name = "NAME", required = true)]
        capabilities: Vec<String>,
    },
    /// Change a gateway. Regions or capabilities that are named take the place of all that were.
    Change {
        gateway: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long = "region", value_name = "CODE")]
        regions: Vec<String>,
        #[arg(long = "capability", value_name = "NAME")]
        capabilities: Vec<String>,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Delete a gateway: its tokens stop working at once.
    Delete {
        gateway: String,
        #[command(flatten)]
        version: IfVersion,
    },
}

impl Gateways {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let some = |texts: Vec<String>| Some(texts).filter(|texts| !texts.is_empty());
        match self {
            Self::List { limit } => context.list(operations::list_gateways(), &limit, COLUMNS),
            Self::Show { gateway } => context.show(operations::read_gateway().at(&gateway)),
            Self::Status { gateway } => {
                let document = context.client.ask(operations::read_gateway().at(&gateway))?;
                if context.output.mode == Mode::Json {
                    return context.output.show(&document);
                }
                let processes = document.get("processes").cloned().unwrap_or_default();
                context.output.list(&serde_json::json!({"items": processes}), PROCESSES)
            }
            Self::Create { name, regions, capabilities } => {
                let call = operations::create_gateway()
                    .with("name", Some(name))
                    .with("regions", Some(regions))
                    .with("capabilities", Some(capabilities));
                context.show(call)
            }
            Self::Change { gateway, name, regions, capabilities, version } => {
                let call = operations::change_gateway()
                    .at(&gateway)
                    .with("name", name)
                    .with("regions", some(regions))
                    .with("capabilities", some(capabilities));
                context.show(call.if_match(version.if_version))
            }
            Self::Delete { gateway, version } => {
                context.confirm(&format!("Delete {gateway}? Its tokens stop working at once."))?;
                context.remove(operations::delete_gateway().at(&gateway).if_match(version.if_version), &gateway)
            }
        }
    }
}
