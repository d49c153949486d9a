//! The one answer to "does this still count?". Every path that honours a credential asks here.

use crate::Timestamp;
use crate::partner::Partner;
use crate::tenant::{Tenant, TenantStatus};

/// Why a credential no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dead {
    Expired,
    Ended,
    Suspended,
    Deleted,
}

/// Whether anything of this tenant counts: itself, and every partner above it.
pub fn tenant(tenant: &Tenant, partners_above: &[Partner]) -> Result<(), Dead> {
    match tenant.status() {
        TenantStatus::Deleting => Err(Dead::Deleted),
        TenantStatus::Suspended => Err(Dead::Suspended),
        TenantStatus::Active => partners(partners_above),
    }
}

/// Whether anything of the last of these partners counts: suspending one suspends all below it.
pub fn partners(path: &[Partner]) -> Result<(), Dead> {
    if path.iter().any(Partner::is_suspended) { Err(Dead::Suspended) } else { Ok(()) }
}

pub fn until(expires_at: Timestamp, now: Timestamp) -> Result<(), Dead> {
    if now < expires_at { Ok(()) } else { Err(Dead::Expired) }
}
