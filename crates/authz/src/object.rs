//! What an operation is about: the platform, a partner, a tenant, or the caller.

use domain::api_token::TokenOwner;
use domain::audit::Chain;
use domain::id::{GatewayId, PartnerId, TenantId};
use domain::partner::PartnerPath;

use crate::Caller;

/// Something an operation can be about.
pub trait Object {
    /// Whether the caller may know that it exists. What is invisible answers as if it had never been.
    fn is_visible_to(&self, caller: &Caller) -> bool;

    /// Whether it is the very partner the caller acts for, rather than one below.
    fn is_own_partner_of(&self, _: &Caller) -> bool {
        false
    }
}

/// Regions, key models, operators' tokens, and lists that start at the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform;

/// The caller itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oneself;

/// One gateway, as something that operators look after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneGateway {
    pub id: GatewayId,
}

/// What gateways ask: the plane on which requests are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plane;

/// One partner and its place in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partnership {
    pub path: PartnerPath,
}

/// One tenant, and the partner it belongs to if it belongs to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenancy {
    pub id: TenantId,
    pub partner: Option<PartnerPath>,
}

impl Object for Platform {
    fn is_visible_to(&self, _: &Caller) -> bool {
        true
    }
}

impl Object for Oneself {
    fn is_visible_to(&self, _: &Caller) -> bool {
        true
    }
}

impl Object for OneGateway {
    fn is_visible_to(&self, caller: &Caller) -> bool {
        matches!(caller, Caller::Operator(_))
    }
}

impl Object for Plane {
    fn is_visible_to(&self, _: &Caller) -> bool {
        true
    }
}

impl Object for Partnership {
    fn is_visible_to(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Operator(_) => true,
            Caller::Partner(_, path) => path.covers(&self.path),
            Caller::Tenant(..) | Caller::User(_) | Caller::Gateway(_) => false,
        }
    }

    fn is_own_partner_of(&self, caller: &Caller) -> bool {
        matches!(caller, Caller::Partner(_, path) if *path == self.path)
    }
}

impl Object for Tenancy {
    fn is_visible_to(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Operator(_) => true,
            // A tenant without a partner is the operator's own: no partner's path covers it.
            Caller::Partner(_, path) => self.partner.as_ref().is_some_and(|of_tenant| path.covers(of_tenant)),
            Caller::Tenant(_, tenancy) => tenancy.id == self.id,
            Caller::User(person) => person.tenancy.id == self.id,
            Caller::Gateway(_) => false,
        }
    }
}

/// Levels that have API tokens of their own.
pub trait HoldsTokens: Object {
    fn token_owner(&self) -> TokenOwner;
    /// Where the audit keeps what happens to them.
    fn chain(&self) -> Chain;
}

impl HoldsTokens for Platform {
    fn token_owner(&self) -> TokenOwner {
        TokenOwner::Operator
    }

    fn chain(&self) -> Chain {
        Chain::Platform
    }
}

impl HoldsTokens for OneGateway {
    fn token_owner(&self) -> TokenOwner {
        TokenOwner::Gateway(self.id.clone())
    }

    fn chain(&self) -> Chain {
        Chain::Platform
    }
}

impl HoldsTokens for Partnership {
    fn token_owner(&self) -> TokenOwner {
        TokenOwner::Partner(self.path.clone())
    }

    fn chain(&self) -> Chain {
        Chain::Partner(self.path.clone())
    }
}

impl HoldsTokens for Tenancy {
    fn token_owner(&self) -> TokenOwner {
        TokenOwner::Tenant(self.id.clone())
    }

    fn chain(&self) -> Chain {
        Chain::Tenant(self.id.clone(), self.partner.clone())
    }
}

/// A permit that names one tenant: what functions on a tenant's data ask for.
pub trait OnTenant {
    fn tenant(&self) -> &TenantId;
    fn tenancy(&self) -> &Tenancy;
}

/// A permit that names one partner.
pub trait OnPartner {
    fn partner(&self) -> &PartnerId;
    fn path(&self) -> &PartnerPath;
}
