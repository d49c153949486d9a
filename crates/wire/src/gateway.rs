use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that serves S3 and asks us who its requests are from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "gtw_01jd0000000000000000000000", "name": "waw3-edge", "regions": ["waw3-1"],
    "capabilities": ["verify", "signing_keys", "changes", "usage"], "created_at": "2026-11-20T15:04:05Z",
    "lease": {"seconds_left": 28, "applied_sequence": 88123, "lag": 0},
    "processes": [{"instance": "edge-1", "seconds_left": 28, "applied_sequence": 88123, "lag": 0}], "version": 1
}))]
pub struct Gateway {
    pub id: String,
    pub name: String,
    /// Where its keys are: of those anywhere else it learns nothing.
    pub regions: Vec<String>,
    pub capabilities: Vec<GatewayCapability>,
    pub created_at: DateTime<Utc>,
    /// Of the process that is furthest behind; null when none answers from memory.
    pub lease: Option<GatewayLease>,
    /// Each of its processes that follows the changes.
    pub processes: Vec<GatewayProcess>,
    pub version: i64,
}

/// For how long a gateway may answer from memory, and how far it has followed the changes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GatewayLease {
    pub seconds_left: i64,
    /// It has confirmed everything up to this number.
    pub applied_sequence: i64,
    /// By how many numbers the newest change is ahead of that; 0 when it has confirmed everything.
    pub lag: i64,
}

/// One process of a gateway.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GatewayProcess {
    /// As it calls itself when it asks for changes; empty if it does not.
    pub instance: String,
    pub seconds_left: i64,
    pub applied_sequence: i64,
    pub lag: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayCapability {
    /// Have signatures verified.
    Verify,
    /// Be given signing keys, and verify by itself.
    SigningKeys,
    /// Be given secrets.
    Secrets,
    /// Follow what changes.
    Changes,
    /// Report what it verified by itself.
    Usage,
    /// Speak Keystone's S3 protocol.
    Keystone,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "waw3-edge", "regions": ["waw3-1"], "capabilities": ["verify", "signing_keys", "changes", "usage"]
}))]
pub struct CreateGateway {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(min_items = 1, max_items = 64)]
    pub regions: Vec<String>,
    #[schema(min_items = 1)]
    pub capabilities: Vec<GatewayCapability>,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"capabilities": ["verify", "changes"]}))]
pub struct ChangeGateway {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    #[schema(min_items = 1, max_items = 64)]
    pub regions: Option<Vec<String>>,
    #[serde(default)]
    #[schema(min_items = 1)]
    pub capabilities: Option<Vec<GatewayCapability>>,
}
