use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// That somebody stopped a partner in an emergency, with everything below it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "stopped_at": "2026-11-20T15:04:05Z", "stopped_by": "operator", "partner_id": null,
    "reason": "The portal's token was published", "undo_until": "2026-11-21T15:04:05Z"
}))]
pub struct EmergencyStop {
    pub stopped_at: DateTime<Utc>,
    /// Any token of that level may undo it, and the operator.
    pub stopped_by: StopLevel,
    /// Which partner did, if you can see it.
    pub partner_id: Option<String>,
    pub reason: String,
    /// From this moment on, only the operator brings it back, by resuming.
    pub undo_until: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopLevel {
    Operator,
    Partner,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The portal's token was published"}))]
pub struct StopPartner {
    /// Goes to the audit, and is shown to everybody above the partner.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// What counts at this moment and would stop. What is suspended, expired or ended already is not counted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "partner_id": "ptr_01jd0000000000000000000000", "at": "2026-11-20T15:04:05Z", "partners": 2, "tenants": 12,
    "keys": 340, "tokens": 5, "sessions": 9, "keys_last_used_at": "2026-11-20T15:03:58Z",
    "tokens_last_used_at": "2026-11-20T15:04:01Z"
}))]
pub struct EmergencyStopPreview {
    pub partner_id: String,
    pub at: DateTime<Utc>,
    /// The partner itself included.
    pub partners: i64,
    pub tenants: i64,
    pub keys: i64,
    /// Of partners and of tenants.
    pub tokens: i64,
    pub sessions: i64,
    /// When any of those keys was last used, as far as gateways have reported it.
    pub keys_last_used_at: Option<DateTime<Utc>>,
    pub tokens_last_used_at: Option<DateTime<Utc>>,
}
