use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EmergencyStop, Guardrails, Receipt, present};

/// A distributor or reseller.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "ptr_01jd0000000000000000000000", "name": "Nordic Cloud", "parent_id": null, "status": "active",
    "created_at": "2026-11-20T15:04:05Z", "suspended_at": null, "emergency_stop": null,
    "guardrails": {
        "max_ttl_seconds": 7776000, "require_expiry": false, "require_bucket_scope": false, "allowed_regions": null,
        "allowed_key_models": null, "max_keys_per_tenant": null, "partners_may_not_see_secrets": false
    },
    "effective_guardrails": {
        "max_ttl_seconds": 7776000, "require_expiry": true, "require_bucket_scope": false, "allowed_regions": ["waw3-1"],
        "allowed_key_models": null, "max_keys_per_tenant": null, "partners_may_not_see_secrets": false
    },
    "version": 1
}))]
pub struct Partner {
    pub id: String,
    pub name: String,
    /// The partner above, if you can see it.
    pub parent_id: Option<String>,
    pub status: PartnerStatus,
    pub created_at: DateTime<Utc>,
    pub suspended_at: Option<DateTime<Utc>>,
    pub emergency_stop: Option<EmergencyStop>,
    /// Laid on this partner.
    pub guardrails: Guardrails,
    /// What holds for it and everybody below: the strictest of its own and of all above.
    pub effective_guardrails: Guardrails,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartnerStatus {
    Active,
    Suspended,
    /// In an emergency, whether it was suspended before or not.
    Stopped,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Nordic Cloud", "guardrails": {"max_ttl_seconds": 7776000}}))]
pub struct CreatePartner {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The partner above. A partner's own token makes partners directly below itself unless this says otherwise.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// None may be looser than what holds above.
    #[serde(default)]
    pub guardrails: Guardrails,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Nordic Cloud AB", "guardrails": {"require_expiry": true}}))]
pub struct ChangePartner {
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// All of them anew: what is left out of them is no longer limited on this level, and null takes all away. Not for
    /// the partner itself: guardrails are laid on it from above. None may be looser than what holds above.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Guardrails>)]
    pub guardrails: Option<Option<Guardrails>>,
}

/// A partner that was suspended or resumed, with everything below it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StoppedPartner {
    pub partner: Partner,
    pub receipt: Receipt,
}
