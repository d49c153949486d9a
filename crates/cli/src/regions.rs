//! Places with S3 gateways, and what a tenant has in them.

use clap::{Args, Subcommand, ValueEnum};

use crate::context::Context;
use crate::exit::Result;
use crate::handing::Handing;
use crate::operations;
use crate::options::{IfVersion, Limit, OfTenant};
use crate::output::Column;

const COLUMNS: &[Column] =
    &[("CODE", "/code"), ("NAME", "/name"), ("S3 ENDPOINT", "/s3_endpoint"), ("KEY MODEL", "/key_model")];
const COLUMNS_OF_TENANT: &[Column] = &[
    ("REGION", "/region"),
    ("SERVICE", "/service"),
    ("STATUS", "/status"),
    ("KEY MODEL", "/key_model"),
    ("KEYS", "/key_count"),
    ("S3 ENDPOINT", "/s3_endpoint"),
];

#[derive(Subcommand)]
pub enum Regions {
    /// List regions.
    List {
        #[command(flatten)]
        limit: Limit,
    },
    /// Show a region.
    Show { region: String },
    /// Make a region.
    #[command(after_help = "Example:\n  \
        keyreeve regions create waw3-1 --name 'Warsaw 3' --s3-endpoint https://s3.waw3-1.example.org --key-model multi")]
    Create {
        code: String,
        #[arg(long)]
        name: String,
        #[arg(long, value_name = "URL")]
        s3_endpoint: String,
        #[arg(long, value_name = "NAME")]
        key_model: String,
    },
    /// Change a region.
    Change {
        region: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long, value_name = "URL")]
        s3_endpoint: Option<String>,
        #[arg(long, value_name = "NAME")]
        key_model: Option<String>,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Delete a region that nobody uses.
    Delete {
        region: String,
        #[command(flatten)]
        version: IfVersion,
    },
    /// List what a tenant has in each region that is offered to it.
    Offered {
        /// Only this region.
        region: Option<String>,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        limit: Limit,
    },
    /// Make a region's service available to a tenant, or take it away.
    #[command(after_help = "Example:\n  keyreeve regions offer waw3-1 --tenant ten_01jd0000000000000000000000")]
    Offer(Offer),
}

#[derive(Args)]
pub struct Offer {
    region: String,
    #[arg(long, value_enum, default_value = "available")]
    service: Service,
    /// Another key model than the region's; an empty one goes back to it.
    #[arg(long, value_name = "NAME")]
    key_model: Option<String>,
    /// Whether gateways may be given the secrets of the tenant's keys here.
    #[arg(long, value_enum, value_name = "RULE")]
    gateway_secrets: Option<Secrets>,
    #[command(flatten)]
    tenant: OfTenant,
    /// For the first key, where the key model makes one.
    #[command(flatten)]
    handing: Handing,
    #[command(flatten)]
    version: IfVersion,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Service {
    Available,
    Unavailable,
}

#[derive(Clone, Copy, ValueEnum)]
enum Secrets {
    Allowed,
    Forbidden,
}

impl Regions {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::List { limit } => context.list(operations::list_regions(), &limit, COLUMNS),
            Self::Show { region } => context.show(operations::read_region().at(&region)),
            Self::Create { code, name, s3_endpoint, key_model } => {
                let call = operations::create_region()
                    .with("code", Some(code))
                    .with("name", Some(name))
                    .with("s3_endpoint", Some(s3_endpoint))
                    .with("key_model", Some(key_model));
                context.show(call)
            }
            Self::Change { region, name, s3_endpoint, key_model, version } => {
                let call = operations::change_region()
                    .at(&region)
                    .with("name", name)
                    .with("s3_endpoint", s3_endpoint)
                    .with("key_model", key_model);
                context.show(call.if_match(version.if_version))
            }
            Self::Delete { region, version } => {
                context.confirm(&format!("Delete the region {region}?"))?;
                context.remove(operations::delete_region().at(&region).if_match(version.if_version), &region)
            }
            Self::Offered { region: Some(region), tenant, limit: _ } => {
                context.show(operations::read_tenant_region().at(&context.tenant(&tenant)?).at(&region))
            }
            Self::Offered { region: None, tenant, limit } => {
                let call = operations::list_tenant_regions().at(&context.tenant(&tenant)?);
                context.list(call, &limit, COLUMNS_OF_TENANT)
            }
            Self::Offer(offer) => offer.run(context),
        }
    }
}

impl Offer {
    fn run(self, context: &Context) -> Result<()> {
        let tenant = context.tenant(&self.tenant)?;
        if self.service == Service::Unavailable {
            context.confirm(&format!("Take the service in {} away from {tenant}?", self.region))?;
        }
        let service = match self.service {
            Service::Available => "available",
            Service::Unavailable => "unavailable",
        };
        let gateway_secrets = self.gateway_secrets.map(|rule| match rule {
            Secrets::Allowed => "allowed",
            Secrets::Forbidden => "forbidden",
        });
        let call = operations::change_tenant_region()
            .at(&tenant)
            .at(&self.region)
            .with("service", Some(service))
            .with_or_null("key_model", self.key_model)
            .with("gateway_secrets", gateway_secrets);
        let place = self.handing.prepare_for_some()?;
        let document = context.client.ask(call.if_match(self.version.if_version))?;
        place.hand_first_key(&document, &context.output)
    }
}
