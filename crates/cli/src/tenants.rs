//! Customers.

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::exit::Result;
use crate::options::{IfVersion, Limit, Stop};
use crate::output::Column;
use crate::{files, operations, system};

const COLUMNS: &[Column] = &[
    ("ID", "/id"),
    ("NAME", "/name"),
    ("STATUS", "/status"),
    ("PARTNER", "/partner_id"),
    ("REFERENCE", "/external_ref"),
];

#[derive(Subcommand)]
pub enum Tenants {
    /// List tenants, the oldest first.
    List {
        /// Only customers of this partner itself.
        #[arg(long, value_name = "ID")]
        partner: Option<String>,
        /// active, suspended or deleting.
        #[arg(long)]
        status: Option<String>,
        /// Only those with this number of yours.
        #[arg(long, value_name = "TEXT")]
        external_ref: Option<String>,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show a tenant.
    Show { tenant: String },
    /// Make a tenant.
    #[command(after_help = "Examples:\n  \
        keyreeve tenants create Acme --admin ada@example.org\n  \
        keyreeve tenants create Acme --admin ada@example.org --admin-password-file password")]
    Create(Create),
    /// Change a tenant's name or your number for it.
    Change {
        tenant: String,
        #[arg(long)]
        name: Option<String>,
        /// Your number for it; an empty one takes it away.
        #[arg(long, value_name = "TEXT")]
        external_ref: Option<String>,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Stop everything of a tenant, until it is resumed.
    Suspend {
        tenant: String,
        #[command(flatten)]
        stop: Stop,
    },
    /// Let a suspended tenant go on.
    Resume {
        tenant: String,
        #[command(flatten)]
        stop: Stop,
    },
    /// Stop everything of a tenant at once, and delete it for good after a while.
    Delete {
        tenant: String,
        /// How long it can be restored, such as 30d.
        #[arg(long, value_name = "DURATION", value_parser = system::duration)]
        delay: Option<TimeDelta>,
        #[command(flatten)]
        stop: Stop,
    },
    /// Take back a deletion whose time has not come.
    Restore {
        tenant: String,
        #[command(flatten)]
        stop: Stop,
    },
}

#[derive(Args)]
pub struct Create {
    name: String,
    /// Whose customer.
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    /// Your own number for it.
    #[arg(long, value_name = "TEXT")]
    external_ref: Option<String>,
    /// E-mail address of the person who will run it; the answer holds their invitation.
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<String>,
    #[arg(long, value_name = "NAME", requires = "admin")]
    admin_name: Option<String>,
    /// File with that person's password, instead of an invitation.
    #[arg(long, value_name = "FILE", requires = "admin")]
    admin_password_file: Option<PathBuf>,
}

impl Tenants {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::List { partner, status, external_ref, limit } => {
                let call = operations::list_tenants()
                    .query("partner_id", partner)
                    .query("status", status)
                    .query("external_ref", external_ref);
                context.list(call, &limit, COLUMNS)
            }
            Self::Show { tenant } => context.show(operations::read_tenant().at(&tenant)),
            Self::Create(create) => create.run(context),
            Self::Change { tenant, name, external_ref, version } => {
                let call = operations::change_tenant().at(&tenant).with("name", name);
                context.show(call.with_or_null("external_ref", external_ref).if_match(version.if_version))
            }
            Self::Suspend { tenant, stop } => {
                context.confirm(&format!("Suspend {tenant}, with all its people, tokens and keys?"))?;
                context.stop(operations::suspend_tenant().at(&tenant), &stop, "suspended", None)
            }
            Self::Resume { tenant, stop } => {
                context.stop(operations::resume_tenant().at(&tenant), &stop, "resumed", None)
            }
            Self::Delete { tenant, delay, stop } => {
                context.confirm(&format!("Delete {tenant}, with all its people, tokens and keys?"))?;
                let delay = delay.map(|delay| delay.num_seconds());
                let call = operations::delete_tenant().at(&tenant).query("delay_seconds", delay);
                context.stop(call, &stop, "being deleted", None)
            }
            Self::Restore { tenant, stop } => {
                context.stop(operations::restore_tenant().at(&tenant), &stop, "restored", None)
            }
        }
    }
}

impl Create {
    fn run(self, context: &Context) -> Result<()> {
        let admin = match self.admin {
            Some(email) => {
                let mut admin = Map::new();
                admin.insert("email".to_owned(), email.into());
                admin.extend(self.admin_name.map(|name| ("name".to_owned(), name.into())));
                if let Some(file) = self.admin_password_file {
                    admin.insert("password".to_owned(), files::secret(&file, "password")?.expose().into());
                }
                Some(Value::Object(admin))
            }
            None => None,
        };
        let call = operations::create_tenant()
            .with("name", Some(self.name))
            .with("partner_id", self.partner)
            .with("external_ref", self.external_ref)
            .with("admin", admin);
        context.show(call)
    }
}
