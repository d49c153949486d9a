//! What those who remember things have to be told: the rows of the change feed.

use crate::id::{KeyId, PartnerId, TenantId};
use crate::key::AccessKeyId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The partner, and with it everything below.
    Partner(PartnerId),
    /// The tenant, and with it all its people and keys.
    Tenant(TenantId),
    /// One pair of a key: whoever remembers keys remembers them by their access key ids.
    Key(KeyId, AccessKeyId),
}

impl Change {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Partner(_) => "partner",
            Self::Tenant(_) => "tenant",
            Self::Key(..) => "key",
        }
    }

    /// The id of what changed; of a key the access key id, by which it is remembered.
    pub fn subject(&self) -> &str {
        match self {
            Self::Partner(id) => id.as_str(),
            Self::Tenant(id) => id.as_str(),
            Self::Key(_, access_key_id) => access_key_id.as_str(),
        }
    }
}
