//! Buckets that scopes of keys may name, where a tenant's buckets are registered.

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Result;
use crate::operations;
use crate::options::{Limit, OfTenant};
use crate::output::Column;

const COLUMNS: &[Column] = &[("NAME", "/name"), ("REGISTERED", "/created_at")];

#[derive(Subcommand)]
pub enum Buckets {
    /// List registered buckets.
    List {
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show a registered bucket.
    Show {
        bucket: String,
        #[command(flatten)]
        tenant: OfTenant,
    },
    /// Register a bucket, so that keys may be limited to it.
    Register {
        bucket: String,
        #[command(flatten)]
        tenant: OfTenant,
    },
    /// Forget a bucket. Keys that name it keep it.
    Unregister {
        bucket: String,
        #[command(flatten)]
        tenant: OfTenant,
    },
}

impl Buckets {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::List { tenant, limit } => {
                context.list(operations::list_buckets().at(&context.tenant(&tenant)?), &limit, COLUMNS)
            }
            Self::Show { bucket, tenant } => {
                context.show(operations::read_bucket().at(&context.tenant(&tenant)?).at(&bucket))
            }
            Self::Register { bucket, tenant } => {
                context.show(operations::register_bucket().at(&context.tenant(&tenant)?).at(&bucket))
            }
            Self::Unregister { bucket, tenant } => {
                context.confirm(&format!("Forget the bucket {bucket}?"))?;
                context.remove(operations::unregister_bucket().at(&context.tenant(&tenant)?).at(&bucket), &bucket)
            }
        }
    }
}
