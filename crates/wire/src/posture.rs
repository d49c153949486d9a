use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Page;

/// Numbers of keys that are neither revoked nor expired.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "keys": 120, "active": 118, "past_rotation_age": 7, "unused_45_days": 12, "unused_90_days": 4, "all_buckets": 31,
    "without_expiry": 96
}))]
pub struct KeyCounts {
    pub keys: i64,
    /// Without those that are disabled.
    pub active: i64,
    /// Whose current pair is older than the key model wants pairs to be: `rotate_by` has come.
    pub past_rotation_age: i64,
    /// Made 45 days ago or earlier, and no use of any pair reported since then.
    pub unused_45_days: i64,
    /// The same of 90 days. They are counted under 45 days, too.
    pub unused_90_days: i64,
    /// Not limited to some buckets.
    pub all_buckets: i64,
    pub without_expiry: i64,
}

/// How a tenant's keys stand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "as_of": "2026-11-20T15:04:05Z", "keys": 120, "active": 118, "past_rotation_age": 7, "unused_45_days": 12,
    "unused_90_days": 4, "all_buckets": 31, "without_expiry": 96
}))]
pub struct TenantPosture {
    pub as_of: DateTime<Utc>,
    #[serde(flatten)]
    pub counts: KeyCounts,
}

/// How the keys of all tenants below a partner stand, and of each of them.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "as_of": "2026-11-20T15:04:05Z", "keys": 120, "active": 118, "past_rotation_age": 7, "unused_45_days": 12,
    "unused_90_days": 4, "all_buckets": 31, "without_expiry": 96,
    "tenants": {"items": [{
        "tenant_id": "ten_01jd0000000000000000000000", "name": "Acme", "partner_id": "ptr_01jd0000000000000000000000",
        "external_ref": "C-1001", "keys": 120, "active": 118, "past_rotation_age": 7, "unused_45_days": 12,
        "unused_90_days": 4, "all_buckets": 31, "without_expiry": 96
    }], "next_cursor": null}
}))]
pub struct PartnerPosture {
    pub as_of: DateTime<Utc>,
    /// Of all tenants, whichever page is asked for.
    #[serde(flatten)]
    pub counts: KeyCounts,
    /// One page of them, the oldest first, those without keys included.
    pub tenants: Page<TenantKeyCounts>,
}

/// A tenant below a partner, and how its keys stand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "tenant_id": "ten_01jd0000000000000000000000", "name": "Acme", "partner_id": "ptr_01jd0000000000000000000000",
    "external_ref": "C-1001", "keys": 120, "active": 118, "past_rotation_age": 7, "unused_45_days": 12,
    "unused_90_days": 4, "all_buckets": 31, "without_expiry": 96
}))]
pub struct TenantKeyCounts {
    pub tenant_id: String,
    pub name: String,
    pub partner_id: Option<String>,
    pub external_ref: Option<String>,
    #[serde(flatten)]
    pub counts: KeyCounts,
}
