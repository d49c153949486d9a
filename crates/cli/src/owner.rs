//! Whose tokens, audit or posture: the platform's, a partner's, a tenant's. Where nobody says, those of whoever asks.

use clap::Args;
use wire::CallerKind;

use crate::context::Context;
use crate::exit::{Failure, Result};
use crate::operations;

#[derive(Args)]
pub struct Whose {
    /// The platform's own, for operators.
    #[arg(long, group = "owner")]
    platform: bool,
    /// This partner's.
    #[arg(long, value_name = "ID", group = "owner")]
    partner: Option<String>,
    /// This tenant's [default: whoever you are].
    #[arg(long, value_name = "ID", group = "owner")]
    tenant: Option<String>,
}

pub(crate) enum Owner {
    Platform,
    Partner(String),
    Tenant(String),
}

impl Whose {
    pub(crate) fn owner(&self, context: &Context) -> Result<Owner> {
        match (&self.partner, &self.tenant) {
            _ if self.platform => Ok(Owner::Platform),
            (Some(partner), _) => Ok(Owner::Partner(partner.clone())),
            (None, Some(tenant)) => Ok(Owner::Tenant(tenant.clone())),
            (None, None) => whoever_asks(context),
        }
    }
}

fn whoever_asks(context: &Context) -> Result<Owner> {
    if let Some(tenant) = context.usual_tenant() {
        return Ok(Owner::Tenant(tenant));
    }
    let me: wire::Me = context.client.send(&operations::read_me())?.read()?;
    let owner = match me.kind {
        CallerKind::OperatorToken => Some(Owner::Platform),
        CallerKind::PartnerToken => me.partner_id.map(Owner::Partner),
        CallerKind::User | CallerKind::TenantToken => me.tenant_id.map(Owner::Tenant),
        CallerKind::GatewayToken => None,
    };
    owner.ok_or_else(|| Failure::Usage("whose? Name it with --platform, --partner or --tenant".to_owned()))
}
