use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What holds for all customers of a partner and of those below it. What is left out is not limited on this level.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({
    "max_ttl_seconds": 7776000, "require_expiry": true, "require_bucket_scope": false, "allowed_regions": ["waw3-1"],
    "allowed_key_models": null, "max_keys_per_tenant": 50, "partners_may_not_see_secrets": true
}))]
pub struct Guardrails {
    /// Keys expire within so many seconds of their creation. A key that names no expiry gets the latest possible.
    #[schema(minimum = 60, maximum = 316224000)]
    pub max_ttl_seconds: Option<i64>,
    /// Keys have an expiry.
    pub require_expiry: bool,
    /// Keys name the buckets that they open.
    pub require_bucket_scope: bool,
    /// Codes of the regions in which something new may begin; all if null.
    #[schema(min_items = 1, max_items = 256)]
    pub allowed_regions: Option<Vec<String>>,
    /// Names of the key models under which something new may begin; all if null.
    #[schema(min_items = 1, max_items = 256)]
    pub allowed_key_models: Option<Vec<String>>,
    /// Keys of one tenant, those that are revoked or have expired not counted.
    #[schema(minimum = 1, maximum = 1000000000)]
    pub max_keys_per_tenant: Option<i64>,
    /// What a partner's token makes, resets or rotates is answered with a claim link instead of the secret.
    pub partners_may_not_see_secrets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuardrailName {
    MaxTtlSeconds,
    RequireExpiry,
    RequireBucketScope,
    AllowedRegions,
    AllowedKeyModels,
    MaxKeysPerTenant,
    PartnersMayNotSeeSecrets,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"guardrails": {"require_expiry": true, "max_keys_per_tenant": 50}}))]
pub struct DryRunGuardrails {
    pub guardrails: Guardrails,
}

/// What guardrails would forbid of what there is. Nothing was changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "partner_id": "ptr_01jd0000000000000000000000", "at": "2026-11-20T15:04:05Z",
    "rules": [{"guardrail": "require_expiry", "tenants": 1, "keys": 2}],
    "violators": [
        {"guardrail": "require_expiry", "tenant_id": "ten_01jd0000000000000000000000", "key_id": "key_01jd0000000000000000000000"},
        {"guardrail": "require_expiry", "tenant_id": "ten_01jd0000000000000000000000", "key_id": "key_01jd0000000000000000000001"}
    ],
    "truncated": false
}))]
pub struct GuardrailsDryRun {
    pub partner_id: String,
    pub at: DateTime<Utc>,
    /// One line for each guardrail that was asked about.
    pub rules: Vec<GuardrailBreaches>,
    /// The first hundred, guardrail by guardrail.
    pub violators: Vec<GuardrailViolator>,
    /// Whether there are more violators than are named. The counts are whole.
    pub truncated: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"guardrail": "require_expiry", "tenants": 1, "keys": 2}))]
pub struct GuardrailBreaches {
    pub guardrail: GuardrailName,
    pub tenants: i64,
    /// Keys that would not be allowed as they are; of `max_keys_per_tenant`, those that are too many.
    pub keys: i64,
}

/// A key, what a tenant has in a region, or a tenant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "guardrail": "require_expiry", "tenant_id": "ten_01jd0000000000000000000000", "key_id": "key_01jd0000000000000000000000"
}))]
pub struct GuardrailViolator {
    pub guardrail: GuardrailName,
    pub tenant_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}
