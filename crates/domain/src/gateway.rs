//! S3 gateways: what asks us who a request is from, where it stands, and what it may ask.

use std::collections::BTreeSet;

use crate::id::GatewayId;
use crate::text::{Name, RegionCode};
use crate::{Invalid, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    pub id: GatewayId,
    pub name: Name,
    pub binding: Binding,
    pub capabilities: Capabilities,
    pub created_at: Timestamp,
    pub version: i64,
}

pub const MOST_REGIONS: usize = 64;

/// The regions whose keys a gateway may ask about; of all others it learns nothing. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding(Vec<RegionCode>);

impl Binding {
    pub fn new(regions: impl IntoIterator<Item = RegionCode>) -> Result<Self, Invalid> {
        let regions: BTreeSet<_> = regions.into_iter().collect();
        if !(1..=MOST_REGIONS).contains(&regions.len()) {
            return Err(Invalid::because(format!("Must name 1 to {MOST_REGIONS} regions.")));
        }
        Ok(Self(regions.into_iter().collect()))
    }

    pub fn contains(&self, region: &RegionCode) -> bool {
        self.0.binary_search(region).is_ok()
    }

    pub fn regions(&self) -> &[RegionCode] {
        &self.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Have signatures verified.
    Verify,
    /// Be given signing keys, and verify by itself.
    SigningKeys,
    /// Be given secrets.
    Secrets,
    /// Be told what changes.
    Changes,
    /// Report what it verified by itself.
    Usage,
    /// Speak Keystone's S3 protocol.
    Keystone,
}

impl Capability {
    pub const ALL: [Self; 6] =
        [Self::Verify, Self::SigningKeys, Self::Secrets, Self::Changes, Self::Usage, Self::Keystone];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::SigningKeys => "signing_keys",
            Self::Secrets => "secrets",
            Self::Changes => "changes",
            Self::Usage => "usage",
            Self::Keystone => "keystone",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.as_str() == text)
            .ok_or(Invalid::because("A capability is verify, signing_keys, secrets, changes, usage or keystone."))
    }
}

/// Never empty: a gateway that may ask nothing is a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities(BTreeSet<Capability>);

impl Capabilities {
    pub fn new(capabilities: impl IntoIterator<Item = Capability>) -> Result<Self, Invalid> {
        let capabilities: BTreeSet<_> = capabilities.into_iter().collect();
        if capabilities.is_empty() {
            return Err(Invalid::because("A gateway needs at least one capability."));
        }
        Ok(Self(capabilities))
    }

    pub fn contain(&self, capability: Capability) -> bool {
        self.0.contains(&capability)
    }

    pub fn iter(&self) -> impl Iterator<Item = Capability> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> RegionCode {
        RegionCode::parse(code).unwrap()
    }

    #[test]
    fn a_binding_holds_what_it_was_given_and_nothing_else() {
        let binding = Binding::new([region("waw3-1"), region("fra1"), region("fra1")]).unwrap();
        assert_eq!(binding.regions(), [region("fra1"), region("waw3-1")]);
        assert!(binding.contains(&region("fra1")) && !binding.contains(&region("fra2")));
        assert!(Binding::new([]).is_err());
        assert!(Binding::new((0..=MOST_REGIONS).map(|n| region(&format!("r{n}")))).is_err());
    }

    #[test]
    fn capabilities_parse_back() {
        for capability in Capability::ALL {
            assert_eq!(Capability::parse(capability.as_str()), Ok(capability));
        }
        assert!(Capability::parse("admin").is_err());
        assert!(Capabilities::new([]).is_err());
    }
}
