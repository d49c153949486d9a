use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CreatedKey, present};

/// What a tenant has in a region.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "region": "waw3-1", "name": "Warsaw 3", "s3_endpoint": "https://s3.waw3-1.example.org", "service": "available",
    "status": "NOT CONFIGURED", "key_model": "pair", "key_count": 0, "gateway_secrets": "allowed",
    "version": 1
}))]
pub struct TenantRegion {
    pub region: String,
    pub name: String,
    pub s3_endpoint: String,
    pub service: RegionService,
    pub status: TenantRegionStatus,
    pub key_model: String,
    pub key_count: i64,
    pub gateway_secrets: GatewaySecrets,
    pub version: i64,
}

/// What a tenant has in a region now, and the first key of a storage instance that was made on the way.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "region": "waw3-1", "name": "Warsaw 3", "s3_endpoint": "https://s3.waw3-1.example.org", "service": "available",
    "status": "NOT CONFIGURED", "key_model": "pair", "key_count": 0, "gateway_secrets": "allowed",
    "version": 1
}))]
pub struct ChangedTenantRegion {
    #[serde(flatten)]
    pub tenant_region: TenantRegion,
    /// Where the key model makes a key with the storage instance. The only time its secret is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_key: Option<CreatedKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegionService {
    Available,
    Unavailable,
}

/// Whether gateways that were made capable of it may be given the secrets of the tenant's keys in the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewaySecrets {
    Allowed,
    Forbidden,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TenantRegionStatus {
    #[serde(rename = "UNAVAILABLE")]
    Unavailable,
    /// Available, and nobody has made a key yet.
    #[serde(rename = "NOT CONFIGURED")]
    NotConfigured,
    #[serde(rename = "ACTIVE")]
    Active,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"service": "available"}))]
pub struct ChangeTenantRegion {
    pub service: RegionService,
    /// Another key model than the region's; null goes back to it. For operators and partners.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub key_model: Option<Option<String>>,
    /// Stays as it is if left out.
    pub gateway_secrets: Option<GatewaySecrets>,
}
