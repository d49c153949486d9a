use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A place with S3 gateways of its own.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "code": "waw3-1", "name": "Warsaw 3", "s3_endpoint": "https://s3.waw3-1.example.org", "key_model": "multi",
    "created_at": "2026-11-20T15:04:05Z", "version": 1
}))]
pub struct Region {
    pub code: String,
    pub name: String,
    pub s3_endpoint: String,
    /// Which product keys are here, unless a tenant has another.
    pub key_model: String,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "waw3-1", "name": "Warsaw 3", "s3_endpoint": "https://s3.waw3-1.example.org", "key_model": "multi"
}))]
pub struct CreateRegion {
    /// In URLs and in signatures: lower-case letters, digits and single hyphens.
    #[schema(min_length = 1, max_length = 32, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    pub s3_endpoint: String,
    pub key_model: String,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Warsaw 3 (new hall)"}))]
pub struct ChangeRegion {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub s3_endpoint: Option<String>,
    #[serde(default)]
    pub key_model: Option<String>,
}
