//! API tokens as things: whose, what for, until when. Their text is in [`crate::token`].

use chrono::TimeDelta;
use ipnet::IpNet;
use std::net::IpAddr;

use crate::actor::Actor;
use crate::id::{GatewayId, TenantId, TokenId, UserId};
use crate::partner::PartnerPath;
use crate::scope::{Scope, Scopes};
use crate::text::Description;
use crate::token::TokenKind;
use crate::{Invalid, Timestamp, networks, time};

pub const LONGEST_LIFETIME: TimeDelta = time::days(366);
/// How long the old token may go on when it is rotated.
pub const LONGEST_GRACE: TimeDelta = time::days(30);
pub const MOST_NETWORKS: usize = networks::MOST;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    pub id: TokenId,
    pub owner: TokenOwner,
    pub description: Description,
    pub scopes: Scopes,
    /// Where it may be used from; anywhere when empty.
    pub networks: Vec<IpNet>,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub created_by: Actor,
    /// The person at the beginning: who made it, or made the token that made it. The token counts while they may.
    pub vouched_by: Option<UserId>,
    pub last_used_at: Option<Timestamp>,
    pub last_used_from: Option<IpAddr>,
    pub version: i64,
}

/// Who a token acts for: the level that made it bounds its reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenOwner {
    Operator,
    Partner(PartnerPath),
    Tenant(TenantId),
    Gateway(GatewayId),
}

impl TokenOwner {
    pub const fn kind(&self) -> TokenKind {
        match self {
            Self::Operator => TokenKind::Operator,
            Self::Partner(_) => TokenKind::Partner,
            Self::Tenant(_) => TokenKind::Tenant,
            Self::Gateway(_) => TokenKind::Gateway,
        }
    }

    /// The scopes that mean anything at this level.
    pub fn possible_scopes(&self) -> impl Iterator<Item = Scope> {
        let kind = self.kind();
        Scope::ALL.into_iter().filter(move |scope| match scope {
            Scope::GatewayUse => kind == TokenKind::Gateway,
            Scope::PlatformWrite => kind == TokenKind::Operator,
            Scope::PartnersWrite => matches!(kind, TokenKind::Operator | TokenKind::Partner),
            Scope::TenantsRead
            | Scope::TenantsWrite
            | Scope::UsersWrite
            | Scope::KeysRead
            | Scope::KeysWrite
            | Scope::TokensWrite
            | Scope::AuditRead
            | Scope::UsageRead => kind != TokenKind::Gateway,
        })
    }
}

impl ApiToken {
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    pub fn may_come_from(&self, address: Option<IpAddr>) -> bool {
        networks::admit(&self.networks, address)
    }

    /// When the old token stops, if it is rotated now: never later than it would have.
    pub fn end_of_grace(&self, grace: TimeDelta, now: Timestamp) -> Timestamp {
        self.expires_at.min(now + grace)
    }
}

/// An expiry that a new token may have: ahead of now, within the longest lifetime and within its maker's own.
pub fn expiry(at: Timestamp, now: Timestamp, makers: Option<Timestamp>) -> Result<Timestamp, Invalid> {
    let at = time::to_micros(at);
    if at <= now {
        return Err(Invalid::because("Must lie in the future."));
    }
    if at > now + LONGEST_LIFETIME {
        return Err(Invalid::because("Must lie within 366 days."));
    }
    if makers.is_some_and(|makers| at > makers) {
        return Err(Invalid::because("Must not lie after the expiry of the token that makes this one."));
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_ahead_and_within_a_year_and_within_its_makers() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(expiry(now + time::days(366), now, None).is_ok());
        assert!(expiry(now + time::days(5), now, Some(now + time::days(5))).is_ok());
        assert!(expiry(now, now, None).is_err());
        assert!(expiry(now - time::days(1), now, None).is_err());
        assert!(expiry(now + time::days(367), now, None).is_err());
        assert!(expiry(now + time::days(6), now, Some(now + time::days(5))).is_err());
    }

    #[test]
    fn only_an_operator_may_hold_the_platform() {
        assert!(TokenOwner::Operator.possible_scopes().any(|s| s == Scope::PlatformWrite));
        let tenant = TenantId::draw(&mut crate::Entropy::from_seed([1; 32]), Timestamp::UNIX_EPOCH);
        assert!(
            TokenOwner::Tenant(tenant)
                .possible_scopes()
                .all(|s| !matches!(s, Scope::PlatformWrite | Scope::PartnersWrite))
        );
    }
}
