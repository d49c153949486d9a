//! Who is asking: a closed list, so that nobody falls between two checks.

use std::sync::Arc;

use crate::object::{HoldsTokens, Tenancy};
use domain::actor::Actor;
use domain::audit::Chain;
use domain::gateway::Gateway;
use domain::id::{SessionId, TenantId, TokenId, UserId};
use domain::partner::PartnerPath;
use domain::scope::Scopes;
use domain::{Role, Timestamp};
use ipnet::IpNet;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    Operator(Token),
    Partner(Token, PartnerPath),
    Tenant(Token, Tenancy),
    User(Person),
    /// An S3 gateway. It is remembered between requests and shared by them.
    Gateway(Arc<GatewayToken>),
}

/// An API token that was found live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub scopes: Scopes,
    /// Where it may be used from; anywhere when empty.
    pub networks: Vec<IpNet>,
    pub expires_at: Timestamp,
    /// The person at the beginning, for whom a token that this one makes will stand as well.
    pub vouched_by: Option<UserId>,
}

/// A gateway's token that was found live, and the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayToken {
    pub token: Token,
    pub gateway: Gateway,
}

/// A person whose session was found live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub session: SessionId,
    pub user: UserId,
    pub tenancy: Tenancy,
    pub role: Role,
    pub expires_at: Timestamp,
}

impl Caller {
    pub fn actor(&self) -> Actor {
        match self {
            Self::Operator(token) | Self::Partner(token, _) | Self::Tenant(token, _) => Actor::token(&token.id),
            Self::User(person) => Actor::user(&person.user),
            Self::Gateway(held) => Actor::gateway(&held.gateway.id),
        }
    }

    pub fn token(&self) -> Option<&Token> {
        match self {
            Self::Operator(token) | Self::Partner(token, _) | Self::Tenant(token, _) => Some(token),
            Self::Gateway(held) => Some(&held.token),
            Self::User(_) => None,
        }
    }

    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Tenant(_, tenancy) => Some(&tenancy.id),
            Self::User(person) => Some(&person.tenancy.id),
            Self::Operator(_) | Self::Partner(..) | Self::Gateway(_) => None,
        }
    }

    /// The audit of the caller's own level.
    pub fn chain(&self) -> Chain {
        match self {
            Self::Operator(_) | Self::Gateway(_) => Chain::Platform,
            Self::Partner(_, path) => Chain::Partner(path.clone()),
            Self::Tenant(_, tenancy) => tenancy.chain(),
            Self::User(person) => person.tenancy.chain(),
        }
    }

    /// Under which name a caller's retries are recognised as its own.
    pub fn identity(&self) -> &str {
        match self {
            Self::Operator(token) | Self::Partner(token, _) | Self::Tenant(token, _) => token.id.as_str(),
            Self::User(person) => person.user.as_str(),
            Self::Gateway(held) => held.gateway.id.as_str(),
        }
    }

    pub fn expires_at(&self) -> Timestamp {
        match self {
            Self::Operator(token) | Self::Partner(token, _) | Self::Tenant(token, _) => token.expires_at,
            Self::User(person) => person.expires_at,
            Self::Gateway(held) => held.token.expires_at,
        }
    }

    /// The person who stands behind what this caller makes.
    pub fn voucher(&self) -> Option<&UserId> {
        match self {
            Self::Operator(token) | Self::Partner(token, _) | Self::Tenant(token, _) => token.vouched_by.as_ref(),
            Self::User(person) => Some(&person.user),
            Self::Gateway(_) => None,
        }
    }

    /// The role in the tenant, if the caller is a person.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::User(person) => Some(person.role),
            Self::Operator(_) | Self::Partner(..) | Self::Tenant(..) | Self::Gateway(_) => None,
        }
    }
}
