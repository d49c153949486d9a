use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::present;

/// Which kind of product keys are: a set of switches.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "daily", "title": "Keys for a day", "built_in": false, "instances": "one", "max_keys": 10,
    "initial_key": false, "label": "required", "description": "optional", "bucket_scopes": true,
    "revoke": "keeps_history", "delete": "after_revoke", "reset": true, "rotate_max_grace_seconds": 3600,
    "max_ttl_seconds": 86400, "rotate_after_days": null, "id_prefix": "DAY", "id_length": 20, "secret_length": 40,
    "created_at": "2026-11-20T15:04:05Z", "version": 1
}))]
pub struct KeyModel {
    pub name: String,
    pub title: String,
    /// Built-in models can be neither changed nor deleted.
    pub built_in: bool,
    pub instances: InstancesRule,
    /// In one storage instance; null for no bound.
    pub max_keys: Option<u32>,
    /// A storage instance is made with its first key.
    pub initial_key: bool,
    pub label: PresenceRule,
    pub description: PresenceRule,
    /// Keys may be limited to some buckets.
    pub bucket_scopes: bool,
    pub revoke: RevokeRule,
    pub delete: DeleteRule,
    pub reset: bool,
    /// The longest time both pairs may work after a rotation; null for no rotation.
    pub rotate_max_grace_seconds: Option<i64>,
    /// Every key expires within this time; null for no bound.
    pub max_ttl_seconds: Option<i64>,
    /// Keys older than this are reported; null for none.
    pub rotate_after_days: Option<u32>,
    pub id_prefix: String,
    pub id_length: u8,
    pub secret_length: u8,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}

/// How many storage instances a tenant may have in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstancesRule {
    One,
    Many,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceRule {
    Required,
    Optional,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokeRule {
    KeepsHistory,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeleteRule {
    Allowed,
    AfterRevoke,
    Forbidden,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "daily", "title": "Keys for a day", "instances": "one", "max_keys": 10, "initial_key": false,
    "label": "required", "description": "optional", "bucket_scopes": true, "revoke": "keeps_history",
    "delete": "after_revoke", "reset": true, "rotate_max_grace_seconds": 3600, "max_ttl_seconds": 86400,
    "rotate_after_days": null, "id_prefix": "DAY", "id_length": 20, "secret_length": 40
}))]
pub struct CreateKeyModel {
    #[schema(min_length = 1, max_length = 32, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub name: String,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    pub instances: InstancesRule,
    #[serde(default)]
    #[schema(minimum = 1)]
    pub max_keys: Option<u32>,
    pub initial_key: bool,
    pub label: PresenceRule,
    pub description: PresenceRule,
    pub bucket_scopes: bool,
    pub revoke: RevokeRule,
    pub delete: DeleteRule,
    pub reset: bool,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2592000)]
    pub rotate_max_grace_seconds: Option<i64>,
    #[serde(default)]
    #[schema(minimum = 60)]
    pub max_ttl_seconds: Option<i64>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3660)]
    pub rotate_after_days: Option<u32>,
    /// At most eight upper-case letters and digits.
    #[schema(max_length = 8, pattern = "^[A-Z0-9]*$")]
    pub id_prefix: String,
    #[schema(minimum = 16, maximum = 128)]
    pub id_length: u8,
    #[schema(minimum = 40, maximum = 128)]
    pub secret_length: u8,
}

/// What is left out stays as it is; null takes a bound away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"max_keys": 20}))]
pub struct ChangeKeyModel {
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub instances: Option<InstancesRule>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    pub max_keys: Option<Option<u32>>,
    #[serde(default)]
    pub initial_key: Option<bool>,
    #[serde(default)]
    pub label: Option<PresenceRule>,
    #[serde(default)]
    pub description: Option<PresenceRule>,
    #[serde(default)]
    pub bucket_scopes: Option<bool>,
    #[serde(default)]
    pub revoke: Option<RevokeRule>,
    #[serde(default)]
    pub delete: Option<DeleteRule>,
    #[serde(default)]
    pub reset: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub rotate_max_grace_seconds: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub max_ttl_seconds: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    pub rotate_after_days: Option<Option<u32>>,
    #[serde(default)]
    pub id_prefix: Option<String>,
    #[serde(default)]
    pub id_length: Option<u8>,
    #[serde(default)]
    pub secret_length: Option<u8>,
}
