//! What those who remember things have to be told: the rows of the change feed.

use crate::id::{PartnerId, TenantId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The partner, and with it everything below.
    Partner(PartnerId),
    /// The tenant, and with it all its people and keys.
    Tenant(TenantId),
}

impl Change {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Partner(_) => "partner",
            Self::Tenant(_) => "tenant",
        }
    }

    /// The id of what changed.
    pub fn subject(&self) -> &str {
        match self {
            Self::Partner(id) => id.as_str(),
            Self::Tenant(id) => id.as_str(),
        }
    }
}
