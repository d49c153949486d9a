use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::KeyPairState;

/// Who still uses a key, and which of its pairs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "key_id": "key_01jd0000000000000000000000", "last_used_at": "2026-11-20T15:04:05Z",
    "pairs": [
        {"access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "state": "current", "last_used_at": "2026-11-20T15:04:05Z",
         "gateway": "rgw-1", "address": "203.0.113.9", "agent": "aws-cli/2.31.0"},
        {"access_key_id": "NQAKOLDOLDOLDOLDOLD1", "state": "retiring", "last_used_at": null, "gateway": null,
         "address": null, "agent": null}
    ],
    "days": [{"day": "2026-11-20", "uses": 1024}, {"day": "2026-11-18", "uses": 7}]
}))]
pub struct KeyUsage {
    pub key_id: String,
    /// Of any of its pairs, ended ones included; null if nobody has reported a use.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The current pair, and the one before while it is still honoured.
    pub pairs: Vec<PairUsage>,
    /// How often any of its pairs was used on each day in UTC, the newest first. Days with a use, as far back as they are kept.
    pub days: Vec<DayUsage>,
}

/// The last use of one pair.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PairUsage {
    pub access_key_id: String,
    pub state: KeyPairState,
    pub last_used_at: Option<DateTime<Utc>>,
    pub gateway: Option<String>,
    pub address: Option<String>,
    pub agent: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"day": "2026-11-20", "uses": 1024}))]
pub struct DayUsage {
    #[schema(format = "date")]
    pub day: String,
    pub uses: i64,
}
