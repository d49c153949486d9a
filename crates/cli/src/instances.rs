//! Storage instances: a tenant's S3 service in a region.

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Result;
use crate::handing::Handing;
use crate::operations;
use crate::options::{IfVersion, Limit, OfTenant, Stop};
use crate::output::Column;

const COLUMNS: &[Column] =
    &[("ID", "/id"), ("NAME", "/name"), ("REGION", "/region"), ("NAMESPACE", "/namespace"), ("MADE", "/created_at")];

#[derive(Subcommand)]
pub enum Instances {
    /// List storage instances.
    List {
        #[arg(long, value_name = "CODE")]
        region: Option<String>,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show a storage instance.
    Show {
        instance: String,
        #[command(flatten)]
        tenant: OfTenant,
    },
    /// Make a storage instance, with its first key where the key model has it so.
    Create {
        #[arg(long, value_name = "CODE")]
        region: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        description: Option<String>,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        handing: Handing,
    },
    /// Change a storage instance's name or description.
    Change {
        instance: String,
        #[arg(long)]
        name: Option<String>,
        /// An empty one takes it away.
        #[arg(long)]
        description: Option<String>,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Delete a storage instance, with all its keys.
    Delete {
        instance: String,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        stop: Stop,
    },
}

impl Instances {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::List { region, tenant, limit } => {
                let call = operations::list_instances().at(&context.tenant(&tenant)?).query("region", region);
                context.list(call, &limit, COLUMNS)
            }
            Self::Show { instance, tenant } => {
                context.show(operations::read_instance().at(&context.tenant(&tenant)?).at(&instance))
            }
            Self::Create { region, name, description, tenant, handing } => {
                let call = operations::create_instance()
                    .at(&context.tenant(&tenant)?)
                    .with("region", Some(region))
                    .with("name", Some(name))
                    .with("description", description);
                let place = handing.prepare_for_some()?;
                place.hand_first_key(&context.client.ask(call)?, &context.output)
            }
            Self::Change { instance, name, description, tenant, version } => {
                let call = operations::change_instance().at(&context.tenant(&tenant)?).at(&instance);
                let call = call.with("name", name).with_or_null("description", description);
                context.show(call.if_match(version.if_version))
            }
            Self::Delete { instance, tenant, stop } => {
                context.confirm(&format!("Delete {instance}, with all its keys?"))?;
                let call = operations::delete_instance().at(&context.tenant(&tenant)?).at(&instance);
                context.stop(call, &stop, "deleted", None)
            }
        }
    }
}
