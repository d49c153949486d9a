use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Receipt;

/// A distributor or reseller.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "ptr_01jd0000000000000000000000", "name": "Nordic Cloud", "parent_id": null, "status": "active",
    "created_at": "2026-11-20T15:04:05Z", "suspended_at": null, "version": 1
}))]
pub struct Partner {
    pub id: String,
    pub name: String,
    /// The partner above, if you can see it.
    pub parent_id: Option<String>,
    pub status: PartnerStatus,
    pub created_at: DateTime<Utc>,
    pub suspended_at: Option<DateTime<Utc>>,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartnerStatus {
    Active,
    Suspended,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Nordic Cloud"}))]
pub struct CreatePartner {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The partner above. A partner's own token makes partners directly below itself unless this says otherwise.
    #[serde(default)]
    pub parent_id: Option<String>,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Nordic Cloud AB"}))]
pub struct ChangePartner {
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
}

/// A partner that was suspended or resumed, with everything below it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StoppedPartner {
    pub partner: Partner,
    pub receipt: Receipt,
}
