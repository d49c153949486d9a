use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A bucket that scopes of keys may name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "media", "created_at": "2026-11-20T15:04:05Z"}))]
pub struct Bucket {
    pub name: String,
    pub created_at: DateTime<Utc>,
}
