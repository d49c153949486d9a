//! What one tenant has in one region.

use crate::text::{KeyModelName, RegionCode};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRegion {
    pub region: RegionCode,
    pub service: Service,
    /// Only where it differs from the region's.
    pub key_model: Option<KeyModelName>,
    pub gateway_secrets: GatewaySecrets,
    pub version: i64,
}

/// Whether the tenant may use the region at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Available,
    Unavailable,
}

/// Whether gateways that cannot do without may be given the secrets of the tenant's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewaySecrets {
    Allowed,
    Forbidden,
}

/// What a person sees of a region, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionStatus {
    Unavailable,
    /// The service is there and nobody has made a key yet.
    NotConfigured,
    Active,
}

impl RegionStatus {
    pub const fn of(service: Service, key_count: i64) -> Self {
        match (service, key_count) {
            (Service::Unavailable, _) => Self::Unavailable,
            (Service::Available, 0) => Self::NotConfigured,
            (Service::Available, _) => Self::Active,
        }
    }
}
