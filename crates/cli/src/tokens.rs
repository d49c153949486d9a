//! API tokens: of the platform, of partners, of tenants and of gateways.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};

use crate::call::Call;
use crate::context::Context;
use crate::exit::{Failure, Result};
use crate::files::NewFile;
use crate::operations;
use crate::options::{IfVersion, Limit};
use crate::output::{Column, say};
use crate::owner::{Owner, Whose};
use crate::{receipt, system};

const COLUMNS: &[Column] = &[
    ("ID", "/id"),
    ("DESCRIPTION", "/description"),
    ("EXPIRES", "/expires_at"),
    ("LAST USED", "/last_used_at"),
    ("SCOPES", "/scopes"),
];

#[derive(Subcommand)]
pub enum Tokens {
    /// List tokens; their texts cannot be shown again.
    List {
        #[command(flatten)]
        holder: Holder,
        #[command(flatten)]
        limit: Limit,
    },
    /// Make a token. Its text is shown once.
    #[command(after_help = "Examples:\n  \
        keyreeve tokens create --description Portal --expires 90d --scope tenants:read --out portal.token\n  \
        keyreeve tokens create --gateway gtw_01jd0000000000000000000000 --description edge-1 --expires 366d --out edge.token")]
    Create(Create),
    /// Give a token a new text; the old one goes on for a while.
    Rotate {
        token: String,
        /// How long the old text goes on, such as 24h; 0s ends it at once.
        #[arg(long, value_name = "DURATION", value_parser = system::duration)]
        grace: TimeDelta,
        #[command(flatten)]
        holder: Holder,
        #[command(flatten)]
        text: Text,
        #[command(flatten)]
        version: IfVersion,
    },
    /// Delete a token: it stops working at once.
    Delete {
        token: String,
        #[command(flatten)]
        holder: Holder,
        #[command(flatten)]
        version: IfVersion,
    },
}

/// Whose tokens.
#[derive(Args)]
pub struct Holder {
    #[command(flatten)]
    whose: Whose,
    /// This gateway's.
    #[arg(long, value_name = "ID", group = "owner")]
    gateway: Option<String>,
}

#[derive(Args)]
pub struct Create {
    /// What it is for.
    #[arg(long)]
    description: String,
    /// When it ends: a moment, or a time from now such as 90d; at most 366 days ahead.
    #[arg(long, value_name = "MOMENT", value_parser = system::moment)]
    expires: DateTime<Utc>,
    /// What it may do, such as keys:read; several may be named [default: all that you may give].
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A network it may be used from; several may be named [default: anywhere].
    #[arg(long = "allow-from", value_name = "NETWORK")]
    allowed_addresses: Vec<String>,
    #[command(flatten)]
    holder: Holder,
    #[command(flatten)]
    text: Text,
}

/// Where the text of a new token goes.
#[derive(Args)]
pub struct Text {
    /// New file for the text of the token, for its owner only.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

enum Of {
    Owner(Owner),
    Gateway(String),
}

impl Tokens {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::List { holder, limit } => {
                let call = match holder.of(context)? {
                    Of::Owner(Owner::Platform) => operations::list_operator_tokens(),
                    Of::Owner(Owner::Partner(id)) => operations::list_partner_tokens().at(&id),
                    Of::Owner(Owner::Tenant(id)) => operations::list_tenant_tokens().at(&id),
                    Of::Gateway(id) => operations::list_gateway_tokens().at(&id),
                };
                context.list(call, &limit, COLUMNS)
            }
            Self::Create(create) => create.run(context),
            Self::Rotate { token, grace, holder, text, version } => {
                let call = match holder.of(context)? {
                    Of::Owner(Owner::Platform) => operations::rotate_operator_token(),
                    Of::Owner(Owner::Partner(id)) => operations::rotate_partner_token().at(&id),
                    Of::Owner(Owner::Tenant(id)) => operations::rotate_tenant_token().at(&id),
                    Of::Gateway(id) => operations::rotate_gateway_token().at(&id),
                };
                let call = call.at(&token).with("grace_seconds", Some(grace.num_seconds()));
                text.take(context, call.if_match(version.if_version))
            }
            Self::Delete { token, holder, version } => {
                context.confirm(&format!("Delete {token}? It stops working at once."))?;
                let call = match holder.of(context)? {
                    Of::Owner(Owner::Platform) => operations::delete_operator_token(),
                    Of::Owner(Owner::Partner(id)) => operations::delete_partner_token().at(&id),
                    Of::Owner(Owner::Tenant(id)) => operations::delete_tenant_token().at(&id),
                    Of::Gateway(id) => operations::delete_gateway_token().at(&id),
                };
                context.remove(call.at(&token).if_match(version.if_version), &token)
            }
        }
    }
}

impl Holder {
    fn of(&self, context: &Context) -> Result<Of> {
        match &self.gateway {
            Some(gateway) => Ok(Of::Gateway(gateway.clone())),
            None => self.whose.owner(context).map(Of::Owner),
        }
    }
}

impl Create {
    fn run(self, context: &Context) -> Result<()> {
        let call = match self.holder.of(context)? {
            Of::Owner(Owner::Platform) => operations::create_operator_token(),
            Of::Owner(Owner::Partner(id)) => operations::create_partner_token().at(&id),
            Of::Owner(Owner::Tenant(id)) => operations::create_tenant_token().at(&id),
            Of::Gateway(id) => operations::create_gateway_token().at(&id),
        };
        let some = |texts: Vec<String>| Some(texts).filter(|texts| !texts.is_empty());
        let call = call
            .with("description", Some(self.description))
            .with("expires_at", Some(receipt::moment(self.expires)))
            .with("scopes", some(self.scopes))
            .with("allowed_addresses", some(self.allowed_addresses));
        self.text.take(context, call)
    }
}

impl Text {
    fn take(&self, context: &Context, call: Call) -> Result<()> {
        if context.output.is_quiet && self.out.is_none() {
            return Err(Failure::Usage("with --quiet the token would be lost: name a file with --out".to_owned()));
        }
        // Before there is a token to put into it.
        let file = self.out.as_deref().map(NewFile::create).transpose()?;
        let mut document = context.client.ask(call)?;
        let Some(mut file) = file else { return context.output.show(&document) };
        let token = document.as_object_mut().and_then(|fields| fields.shift_remove("token"));
        let token = token.as_ref().and_then(|token| token.as_str()).unwrap_or_default();
        if let Err(error) = file.fill(&format!("{token}\n")) {
            // Better seen than lost.
            say(token)?;
            let path = file.path().display();
            return Err(Failure::Partly(format!(
                "{path} cannot be written ({error}): the token is on standard output instead"
            )));
        }
        context.output.show(&document)
    }
}
