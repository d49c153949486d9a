use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An API token, without its text.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "tok_01jd0000000000000000000000", "description": "Portal", "scopes": ["tenants:read", "tenants:write"],
    "allowed_addresses": [], "expires_at": "2027-11-20T15:04:05Z", "created_at": "2026-11-20T15:04:05Z",
    "created_by": {"kind": "token", "id": "tok_01jd0000000000000000000001"}, "last_used_at": null,
    "last_used_from": null, "version": 1
}))]
pub struct ApiToken {
    pub id: String,
    pub description: String,
    pub scopes: Vec<TokenScope>,
    /// Networks it may be used from; anywhere when empty.
    pub allowed_addresses: Vec<String>,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub created_by: crate::AuditActor,
    pub last_used_at: Option<DateTime<Utc>>,
    pub last_used_from: Option<String>,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TokenScope {
    #[serde(rename = "tenants:read")]
    TenantsRead,
    #[serde(rename = "tenants:write")]
    TenantsWrite,
    #[serde(rename = "users:write")]
    UsersWrite,
    #[serde(rename = "keys:read")]
    KeysRead,
    #[serde(rename = "keys:write")]
    KeysWrite,
    #[serde(rename = "partners:write")]
    PartnersWrite,
    #[serde(rename = "tokens:write")]
    TokensWrite,
    #[serde(rename = "audit:read")]
    AuditRead,
    #[serde(rename = "usage:read")]
    UsageRead,
    /// Operators only.
    #[serde(rename = "platform:write")]
    PlatformWrite,
    /// Gateways only, and all they have.
    #[serde(rename = "gateway:use")]
    GatewayUse,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "description": "Portal", "expires_at": "2027-06-30T12:00:00Z", "scopes": ["tenants:read", "tenants:write"]
}))]
pub struct CreateToken {
    #[schema(min_length = 1, max_length = 200)]
    pub description: String,
    /// At most 366 days ahead, and not after the expiry of the token that makes this one.
    pub expires_at: DateTime<Utc>,
    /// Everything that you may give where none are named.
    #[serde(default)]
    #[schema(min_items = 1)]
    pub scopes: Option<Vec<TokenScope>>,
    /// Networks it may be used from, such as `203.0.113.0/24`; anywhere when empty.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub allowed_addresses: Vec<String>,
}

/// The only time the text of a token is shown.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// Send it as `Authorization: Bearer ...`. Store it now: it cannot be shown again.
    #[schema(example = "krp_...")]
    pub token: String,
    #[serde(flatten)]
    pub details: ApiToken,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"grace_seconds": 3600}))]
pub struct RotateToken {
    /// How long the old text goes on working.
    #[schema(minimum = 0, maximum = 2592000)]
    pub grace_seconds: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSetupLink {
    /// The part of the setup link behind the `#`.
    #[schema(example = "krs_...")]
    pub link: String,
}
