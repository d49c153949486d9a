use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "at": "2026-11-20T15:04:05Z"}))]
pub struct ExplainKey {
    #[schema(min_length = 12, max_length = 128)]
    pub access_key_id: String,
    /// A moment gone by; now, if none is given.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
}

/// Whether an access key id counts, and what was looked at, in this order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "at": "2026-11-20T15:04:05Z", "decision": "deny", "reason": "disabled",
    "steps": [
        {"check": "known", "passed": true, "detail": "It belongs to the key key_01jd0000000000000000000000."},
        {"check": "tenant", "passed": true, "detail": "The tenant is active."},
        {"check": "partners", "passed": true, "detail": "There is no partner above the tenant."},
        {"check": "region_service", "passed": true, "detail": "The service in waw3-1 is available, as it stands today."},
        {"check": "key_state", "passed": false, "detail": "The key is disabled since 2026-11-20T14:00:00Z."},
        {"check": "expiry", "passed": true, "detail": "The key does not expire."},
        {"check": "pair", "passed": true, "detail": "It is the key's current pair."}
    ]
}))]
pub struct Explanation {
    pub access_key_id: String,
    pub at: DateTime<Utc>,
    pub decision: Decision,
    /// The widest of the reasons; null when it is allowed.
    pub reason: Option<DenialReason>,
    pub steps: Vec<ExplanationStep>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Allow,
    Deny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DenialReason {
    /// The tenant has no such access key id.
    Unknown,
    Expired,
    Ended,
    /// The tenant, a partner above it, or the region's service.
    Suspended,
    /// The tenant.
    Deleted,
    Revoked,
    Disabled,
    /// Another pair has taken its place.
    Retired,
    /// The database was restored to a state before it was changed, and no operator has decided about it.
    HeldBack,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ExplanationStep {
    pub check: ExplanationCheck,
    pub passed: bool,
    /// For people.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExplanationCheck {
    Known,
    Tenant,
    Partners,
    RegionService,
    KeyState,
    Expiry,
    Pair,
    /// Only where something is held back after a restore.
    Restore,
}
