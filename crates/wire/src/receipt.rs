use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Proof of how far a change has come.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "sequence": 48211, "state": "confirmed", "effective_at": "2026-11-20T15:04:05Z", "confirmed_by": 5,
    "waiting_for": []
}))]
pub struct Receipt {
    /// The number of the change in the feed.
    pub sequence: i64,
    pub state: ReceiptState,
    /// `confirmed`: when the change was made; everybody who answers from memory has heard of it since. `pending`: the moment
    /// from which nobody can honour what was before, because the last lease that is waited for has run out.
    pub effective_at: DateTime<Utc>,
    /// How many replicas and gateways have confirmed it.
    pub confirmed_by: i64,
    /// Who has not.
    pub waiting_for: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    Confirmed,
    Pending,
}
