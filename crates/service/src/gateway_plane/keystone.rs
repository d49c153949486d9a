//! What Keystone's protocol lets a gateway be told: a role, and until when to remember it.

use authz::caller::GatewayToken;
use chrono::TimeDelta;
use domain::key::Grants;
use domain::key::grants::{Buckets, Permission};
use domain::{Secret, Timestamp};

use super::verify::Allowed;
use crate::context::Context;
use crate::error::Result;
use crate::service::Service;

/// A gateway knows these by name only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeystoneRole {
    /// May do everything in the account.
    Member,
    /// May read and list everything in it.
    Reader,
}

/// A key, as that protocol has it.
pub struct OfKeystone {
    pub allowed: Allowed,
    /// None for a key whose limits the protocol has no words for.
    pub role: Option<KeystoneRole>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What a gateway is given when it logs in. It names the gateway's token, and counts as long as that does.
pub struct KeystoneToken {
    pub text: Secret,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Gateways log in again before then.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

impl KeystoneRole {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Reader => "reader",
        }
    }

    /// Never one that gives more than the key has: within an account these roles know no limits.
    fn of(grants: &Grants) -> Option<Self> {
        let Grants { buckets, prefixes, permissions, networks } = grants;
        let is_limited =
            *buckets != Buckets::All || prefixes.iter().next().is_some() || networks.iter().next().is_some();
        if is_limited {
            return None;
        }
        match permissions.iter().collect::<Vec<_>>().as_slice() {
            [Permission::Read, Permission::Write, Permission::List, Permission::Delete] => Some(Self::Member),
            [Permission::Read, Permission::List] => Some(Self::Reader),
            _ => None,
        }
    }
}

impl Service {
    pub fn of_keystone(&self, allowed: Allowed, now: Timestamp) -> OfKeystone {
        let expires_at = now + self.plane.keystone_expiry.min(allowed.ttl);
        OfKeystone { role: KeystoneRole::of(&allowed.pair.grants), allowed, issued_at: now, expires_at }
    }

    /// Nothing is stored: whatever replica is asked later, and after whatever restart, knows it by its signature.
    pub fn log_in_to_keystone(&self, context: &mut Context, asker: &GatewayToken) -> Result<KeystoneToken> {
        let issued_at = context.now;
        let expires_at = asker.token.expires_at.min(issued_at + LIFETIME);
        let text = self.bearers.seal_gateway(&asker.token.id, issued_at, expires_at, &mut context.entropy)?;
        Ok(KeystoneToken { text, issued_at, expires_at })
    }
}

#[cfg(test)]
mod tests {
    use domain::bucket::BucketName;
    use domain::key::grants::{BucketNames, Permissions, Prefix, Prefixes};
    use domain::networks::{self, Networks};

    use super::*;

    fn with(permissions: &[Permission]) -> Grants {
        Grants { permissions: Permissions::new(permissions.iter().copied()).unwrap(), ..Grants::everything() }
    }

    #[test]
    fn no_role_gives_more_than_the_key_has() {
        use Permission::{Delete, List, Read, Write};
        assert_eq!(KeystoneRole::of(&Grants::everything()), Some(KeystoneRole::Member));
        assert_eq!(KeystoneRole::of(&with(&[List, Read])), Some(KeystoneRole::Reader));
        for some in [&[Read][..], &[List], &[Write], &[Read, Write], &[Read, List, Write], &[Read, List, Delete]] {
            assert_eq!(KeystoneRole::of(&with(some)), None, "{some:?}");
        }
        let media = BucketNames::new([BucketName::parse("media").unwrap()]).unwrap();
        let buckets = Grants { buckets: Buckets::Specific(media), ..Grants::everything() };
        let prefixes = Prefixes::new([Prefix::parse("photos/").unwrap()]).unwrap();
        let inside = Networks::new([networks::parse("203.0.113.0/24").unwrap()]).unwrap();
        for limited in
            [buckets, Grants { prefixes, ..Grants::everything() }, Grants { networks: inside, ..Grants::everything() }]
        {
            assert_eq!(KeystoneRole::of(&limited), None);
        }
    }
}
