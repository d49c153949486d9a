use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How it stands after the last restore of the database.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "quarantined": true, "reason": "The database was restored, and no journal says what has changed since its backup.",
    "epoch": 28_123_456, "restored_at": "2026-11-20T15:04:05Z", "held_back": 12
}))]
pub struct Quarantine {
    /// Whether nothing is verified.
    pub quarantined: bool,
    pub reason: Option<String>,
    /// Of the feed of changes; 0 if nothing was ever restored.
    pub epoch: i64,
    pub restored_at: Option<DateTime<Utc>>,
    /// How much is held back and undecided.
    pub held_back: i64,
}

/// Something that was changed after the state that was restored, and counts for nothing until an operator has decided.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "key", "subject": "KRAAAAAAAAAAAAAAAAAA", "changed_at": "2026-11-20T15:04:05Z", "decision": null
}))]
pub struct HeldBack {
    #[serde(rename = "type")]
    pub kind: HeldBackKind,
    /// The access key id of a key, and otherwise the id.
    pub subject: String,
    /// When it was changed last. How, nobody knows any more.
    pub changed_at: DateTime<Utc>,
    /// Null until somebody has decided.
    pub decision: Option<HeldBackDecision>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldBackKind {
    Key,
    Tenant,
    Partner,
    Gateway,
    Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldBackDecision {
    /// It counts again, as the restored state says.
    Released,
    /// It stays dead.
    Confirmed,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"decision": "confirmed", "subjects": ["KRAAAAAAAAAAAAAAAAAA"]}))]
pub struct DecideHeldBack {
    pub decision: HeldBackDecision,
    /// Null for everything that nobody has decided about.
    #[schema(max_items = 500)]
    pub subjects: Option<Vec<String>>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"decided": 12}))]
pub struct HeldBackDecided {
    /// How many were decided otherwise before, or not at all.
    pub decided: i64,
}
