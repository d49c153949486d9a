//! People of a tenant.

use std::path::PathBuf;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Result;
use crate::options::{IfVersion, Limit, OfTenant};
use crate::output::Column;
use crate::{files, operations};

const COLUMNS: &[Column] =
    &[("ID", "/id"), ("E-MAIL", "/email"), ("NAME", "/name"), ("ROLE", "/role"), ("STATUS", "/status")];

#[derive(Subcommand)]
pub enum Users {
    /// List the people of a tenant.
    List {
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show a person.
    Show {
        user: String,
        #[command(flatten)]
        tenant: OfTenant,
    },
    /// Add a person. Without a password the answer holds an invitation.
    #[command(after_help = "Example:\n  keyreeve users create grace@example.org --name 'Grace Hopper' --role member+")]
    Create {
        email: String,
        #[arg(long)]
        name: String,
        /// admin, member+ or member.
        #[arg(long)]
        role: String,
        /// File with a password, instead of an invitation.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        tenant: OfTenant,
    },
    /// Make a new invitation for somebody who has not come in yet; the one before is dead.
    Invite {
        user: String,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Change a person's name or role.
    Change {
        user: String,
        #[arg(long)]
        name: Option<String>,
        /// admin, member+ or member.
        #[arg(long)]
        role: Option<String>,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Take everything from a person at once, sessions included, until resumed.
    Suspend {
        user: String,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Let a suspended person in again.
    Resume {
        user: String,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Remove a person for good.
    Delete {
        user: String,
        #[command(flatten)]
        tenant: OfTenant,
        #[command(flatten)]
        version: IfVersion,
    },
}

impl Users {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::List { tenant, limit } => {
                context.list(operations::list_users().at(&context.tenant(&tenant)?), &limit, COLUMNS)
            }
            Self::Show { user, tenant } => {
                context.show(operations::read_user().at(&context.tenant(&tenant)?).at(&user))
            }
            Self::Create { email, name, role, password_file, tenant } => {
                let password = password_file.map(|file| files::secret(&file, "password")).transpose()?;
                let call = operations::create_user()
                    .at(&context.tenant(&tenant)?)
                    .with("email", Some(email))
                    .with("name", Some(name))
                    .with("role", Some(role))
                    .with("password", password.as_ref().map(domain::Secret::expose));
                context.show(call)
            }
            Self::Invite { user, tenant, version } => {
                let call = operations::invite_user().at(&context.tenant(&tenant)?).at(&user);
                context.show(call.if_match(version.if_version))
            }
            Self::Change { user, name, role, tenant, version } => {
                let call = operations::change_user().at(&context.tenant(&tenant)?).at(&user);
                context.show(call.with("name", name).with("role", role).if_match(version.if_version))
            }
            Self::Suspend { user, tenant, version } => {
                context.confirm(&format!("Suspend {user}?"))?;
                suspend(context, &user, &tenant, &version, true)
            }
            Self::Resume { user, tenant, version } => suspend(context, &user, &tenant, &version, false),
            Self::Delete { user, tenant, version } => {
                context.confirm(&format!("Remove {user} for good?"))?;
                let call = operations::delete_user().at(&context.tenant(&tenant)?).at(&user);
                context.remove(call.if_match(version.if_version), &user)
            }
        }
    }
}

fn suspend(context: &Context, user: &str, tenant: &OfTenant, version: &IfVersion, suspended: bool) -> Result<()> {
    let call = operations::change_user().at(&context.tenant(tenant)?).at(user);
    context.show(call.with("suspended", Some(suspended)).if_match(version.if_version))
}
