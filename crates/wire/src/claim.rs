use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expires_in_seconds": 604800}))]
pub struct CreateClaim {
    /// How long the link waits to be opened.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 2592000, default = 604800)]
    pub expires_in_seconds: Option<i64>,
}

/// The only time the link is shown. It opens once.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "clm_01jd0000000000000000000000", "url": "https://keys.example.org/claim#krc_...", "token": "krc_...",
    "access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "expires_at": "2026-11-27T15:04:05Z"
}))]
pub struct CreatedClaim {
    pub id: String,
    /// For whoever is to have the secret.
    pub url: String,
    /// For `POST /v1/claims/{claim}`, if you build that page yourself.
    pub token: String,
    /// Of the pair whose secret the link shows.
    pub access_key_id: String,
    pub expires_at: DateTime<Utc>,
}

/// What a claim link was for. The only time the secret is shown.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "secret_access_key": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYabc",
    "s3_endpoint": "https://s3.waw3-1.example.org", "region": "waw3-1", "label": "Production API",
    "warning": "This is the only time the secret is shown. Store it now: nobody can show it again."
}))]
pub struct ClaimedKey {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub s3_endpoint: String,
    pub region: String,
    pub label: Option<String>,
    pub warning: String,
}
