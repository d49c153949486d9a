//! Regions: places with S3 gateways of their own, in which keys live.

use crate::Timestamp;
use crate::text::{Endpoint, KeyModelName, Name, RegionCode};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    pub code: RegionCode,
    pub name: Name,
    pub s3_endpoint: Endpoint,
    /// What tenants are offered here, unless one of them has another.
    pub key_model: KeyModelName,
    pub created_at: Timestamp,
    pub version: i64,
}
