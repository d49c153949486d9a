use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Proof of how far a change has come.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The number of the change in the feed.
    #[schema(example = 48211)]
    pub sequence: i64,
    pub state: ReceiptState,
    /// From this moment on nobody honours what was before.
    pub effective_at: DateTime<Utc>,
    /// How many replicas and gateways have confirmed it.
    #[schema(example = 5)]
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
