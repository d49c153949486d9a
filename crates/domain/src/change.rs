//! What those who remember things have to be told: the rows of the change feed.

use crate::Invalid;
use crate::id::{GatewayId, PartnerId, TenantId, TokenId};
use crate::key::AccessKeyId;
use crate::text::RegionCode;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The partner, and with it everything below.
    Partner(PartnerId),
    /// The tenant, and with it all its people and keys.
    Tenant(TenantId),
    /// One pair of a key: whoever remembers keys remembers them by their access key ids.
    Key(AccessKeyId, RegionCode),
    /// The gateway, and with it its tokens.
    Gateway(GatewayId),
    /// An API token of an operator, a partner or a tenant. Nobody remembers those; the journal does.
    Token(TokenId),
}

impl Change {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Partner(_) => "partner",
            Self::Tenant(_) => "tenant",
            Self::Key(..) => "key",
            Self::Gateway(_) => "gateway",
            Self::Token(_) => "token",
        }
    }

    /// The id of what changed; of a key the access key id, by which it is remembered.
    pub fn subject(&self) -> &str {
        match self {
            Self::Partner(id) => id.as_str(),
            Self::Tenant(id) => id.as_str(),
            Self::Key(access_key_id, _) => access_key_id.as_str(),
            Self::Gateway(id) => id.as_str(),
            Self::Token(id) => id.as_str(),
        }
    }

    /// Where it matters; everywhere if nowhere is named.
    pub fn region(&self) -> Option<&RegionCode> {
        match self {
            Self::Key(_, region) => Some(region),
            Self::Partner(_) | Self::Tenant(_) | Self::Gateway(_) | Self::Token(_) => None,
        }
    }

    /// From what the three say.
    pub fn parse(kind: &str, subject: &str, region: Option<&str>) -> Result<Self, Invalid> {
        match (kind, region) {
            ("partner", None) => Ok(Self::Partner(PartnerId::parse(subject)?)),
            ("tenant", None) => Ok(Self::Tenant(TenantId::parse(subject)?)),
            ("gateway", None) => Ok(Self::Gateway(GatewayId::parse(subject)?)),
            ("token", None) => Ok(Self::Token(TokenId::parse(subject)?)),
            ("key", Some(region)) => Ok(Self::Key(AccessKeyId::parse(subject)?, RegionCode::parse(region)?)),
            _ => Err(Invalid::because("No such kind of change.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entropy, Timestamp};

    #[test]
    fn every_change_parses_back() {
        let (mut entropy, now) = (Entropy::from_seed([1; 32]), Timestamp::UNIX_EPOCH);
        for change in [
            Change::Partner(PartnerId::draw(&mut entropy, now)),
            Change::Tenant(TenantId::draw(&mut entropy, now)),
            Change::Gateway(GatewayId::draw(&mut entropy, now)),
            Change::Token(TokenId::draw(&mut entropy, now)),
            Change::Key(AccessKeyId::draw(&mut entropy, "KR", 20), RegionCode::parse("waw3-1").unwrap()),
        ] {
            let region = change.region().map(RegionCode::as_str);
            assert_eq!(Change::parse(change.kind(), change.subject(), region), Ok(change.clone()));
        }
    }
}
