//! What an API token may be used for. A token has a set of scopes; a token it makes has no more.

use std::collections::BTreeSet;

use crate::Invalid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    TenantsRead,
    TenantsWrite,
    UsersWrite,
    KeysRead,
    KeysWrite,
    PartnersWrite,
    TokensWrite,
    AuditRead,
    UsageRead,
    /// Regions, key models, gateways: the storage itself. Only operators' tokens have it.
    PlatformWrite,
    /// The gateway plane, as far as the gateway's capabilities go. Only gateways' tokens have it, and nothing else.
    GatewayUse,
}

impl Scope {
    pub const ALL: [Self; 11] = [
        Self::TenantsRead,
        Self::TenantsWrite,
        Self::UsersWrite,
        Self::KeysRead,
        Self::KeysWrite,
        Self::PartnersWrite,
        Self::TokensWrite,
        Self::AuditRead,
        Self::UsageRead,
        Self::PlatformWrite,
        Self::GatewayUse,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TenantsRead => "tenants:read",
            Self::TenantsWrite => "tenants:write",
            Self::UsersWrite => "users:write",
            Self::KeysRead => "keys:read",
            Self::KeysWrite => "keys:write",
            Self::PartnersWrite => "partners:write",
            Self::TokensWrite => "tokens:write",
            Self::AuditRead => "audit:read",
            Self::UsageRead => "usage:read",
            Self::PlatformWrite => "platform:write",
            Self::GatewayUse => "gateway:use",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(Invalid::because("No such scope. See GET /openapi.json for the list."))
    }
}

/// Never empty: a token that may do nothing is a mistake, not a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, Invalid> {
        let scopes: BTreeSet<_> = scopes.into_iter().collect();
        if scopes.is_empty() {
            return Err(Invalid::because("A token needs at least one scope."));
        }
        Ok(Self(scopes))
    }

    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub fn within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}
