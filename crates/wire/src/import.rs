use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{BucketAccess, Key, KeyPermission, Violation};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [{
    "region": "waw3-1", "access_key_id": "AKIAIOSFODNN7EXAMPLE", "label": "Moved from elsewhere",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}]}))]
pub struct ImportKeys {
    #[schema(min_items = 1, max_items = 100)]
    pub items: Vec<ImportKey>,
}

/// A pair that was made elsewhere, and what its key is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "region": "waw3-1", "access_key_id": "AKIAIOSFODNN7EXAMPLE", "label": "Moved from elsewhere",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}))]
pub struct ImportKey {
    /// Where, if the tenant has one storage instance there.
    #[serde(default)]
    pub region: Option<String>,
    /// The storage instance; needed where there may be several.
    #[serde(default, alias = "instance_id")]
    pub instance: Option<String>,
    #[schema(min_length = 12, max_length = 128)]
    pub access_key_id: String,
    #[serde(deserialize_with = "unquoted")]
    #[schema(min_length = 8, max_length = 128, format = "password")]
    pub secret_access_key: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub label: Option<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// All where none are named.
    #[serde(default)]
    pub buckets: Option<BucketAccess>,
    #[serde(default)]
    #[schema(max_items = 32)]
    pub prefixes: Vec<String>,
    /// All four where none are named.
    #[serde(default)]
    #[schema(min_items = 1)]
    pub permissions: Option<Vec<KeyPermission>>,
    /// Networks it may be used from, such as `203.0.113.0/24`; anywhere when empty.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub allowed_addresses: Vec<String>,
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// What has become of each line.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"results": [
    {"index": 0, "status": "refused", "problem": {"type": "/problems/access-key-id-taken", "title": "Access key id taken",
        "detail": "This access key id cannot be used.", "errors": []}}
]}))]
pub struct ImportedKeys {
    /// One for each item, in the same order.
    pub results: Vec<ImportResult>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportResult {
    /// Which item, counted from 0.
    pub index: usize,
    pub status: ImportStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ImportProblem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    Created,
    /// Nothing was changed.
    Refused,
}

/// Why a line was refused: as in a problem document.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/access-key-id-taken", "title": "Access key id taken",
    "detail": "This access key id is or was in use. Each is given to one key, and never again."
}))]
pub struct ImportProblem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub detail: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Violation>,
}

/// A text that no complaint repeats, whatever stands in its place.
fn unquoted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        Else(serde::de::IgnoredAny),
    }
    match Given::deserialize(deserializer)? {
        Given::Text(text) => Ok(text),
        Given::Else(_) => Err(serde::de::Error::custom("a text was expected")),
    }
}
