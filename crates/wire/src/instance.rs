use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{CreatedKey, Receipt, present};

/// A tenant's S3 service in a region.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "ins_01jd0000000000000000000000", "tenant_id": "ten_01jd0000000000000000000000", "region": "waw3-1",
    "name": "Backups", "description": null, "namespace": "ins_01jd0000000000000000000000",
    "created_at": "2026-11-20T15:04:05Z", "version": 1
}))]
pub struct Instance {
    pub id: String,
    pub tenant_id: String,
    pub region: String,
    pub name: String,
    pub description: Option<String>,
    /// What gateways use as the account.
    pub namespace: String,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"region": "waw3-1", "name": "Backups", "description": "Nightly backups"}))]
pub struct CreateInstance {
    pub region: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: Option<String>,
}

/// A storage instance that was just made, and its first key where the key model makes one with it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreatedInstance {
    pub instance: Instance,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_key: Option<CreatedKey>,
}

/// What is left out stays as it is; null takes the description away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Nightly backups"}))]
pub struct ChangeInstance {
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
}

/// A storage instance that is gone, with all its keys.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StoppedInstance {
    pub instance: Instance,
    pub receipt: Receipt,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InstanceQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 50, required = false)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(required = false)]
    pub cursor: Option<String>,
    #[param(required = false)]
    pub region: Option<String>,
}
