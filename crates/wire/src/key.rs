use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{AuditActor, CreatedClaim, Receipt, present};

/// An S3 key, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "key_01jd0000000000000000000000", "tenant_id": "ten_01jd0000000000000000000000",
    "instance_id": "ins_01jd0000000000000000000000", "region": "waw3-1", "label": "Production API", "description": null,
    "access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "status": "active",
    "buckets": {"access": "specific", "names": ["backups", "media"]}, "prefixes": [],
    "permissions": ["read", "write", "list", "delete"], "allowed_addresses": [],
    "created_at": "2026-11-20T15:04:05Z", "created_by": {"kind": "user", "id": "usr_01jd0000000000000000000000"},
    "expires_at": null, "rotate_by": "2027-02-18T15:04:05Z", "last_used_at": null, "held_back": false, "version": 1,
    "pairs": [{"access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "state": "current", "since": "2026-11-20T15:04:05Z"}]
}))]
pub struct Key {
    pub id: String,
    pub tenant_id: String,
    pub instance_id: String,
    pub region: String,
    pub label: Option<String>,
    pub description: Option<String>,
    /// Of the current pair.
    pub access_key_id: String,
    pub status: KeyStatus,
    pub buckets: BucketAccess,
    /// How the names of objects begin that it may touch; all when empty.
    pub prefixes: Vec<String>,
    pub permissions: Vec<KeyPermission>,
    /// Networks it may be used from; anywhere when empty.
    pub allowed_addresses: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub created_by: AuditActor,
    pub expires_at: Option<DateTime<Utc>>,
    /// When the current pair is older than the key model wants pairs to be.
    pub rotate_by: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether it is dead since the database was restored: it, its tenant or a partner above was changed after the backup, and no
    /// operator has released it. Its status is what the backup says.
    #[serde(default)]
    #[schema(required = true)]
    pub held_back: bool,
    pub version: i64,
    /// The current pair, and the one before while it is still honoured.
    pub pairs: Vec<KeyPair>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    Active,
    Disabled,
    Revoked,
    Expired,
}

/// Which buckets a key opens.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"access": "specific", "names": ["backups", "media"]}))]
pub struct BucketAccess {
    pub access: BucketAccessKind,
    /// For `specific`, and then at least one.
    #[serde(default)]
    #[schema(max_items = 256)]
    pub names: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BucketAccessKind {
    /// Those of today and those to come.
    All,
    Specific,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyPermission {
    Read,
    Write,
    List,
    Delete,
}

/// An access key id that the key has, and until when it works.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyPair {
    pub access_key_id: String,
    pub state: KeyPairState,
    pub since: DateTime<Utc>,
    /// When a retiring pair stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyPairState {
    Current,
    Retiring,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "region": "waw3-1", "label": "Production API", "buckets": {"access": "specific", "names": ["backups", "media"]},
    "permissions": ["read", "list"]
}))]
pub struct CreateKey {
    /// Where, if the tenant has one storage instance there.
    #[serde(default)]
    pub region: Option<String>,
    /// The storage instance; needed where there may be several.
    #[serde(default, alias = "instance_id")]
    pub instance: Option<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub label: Option<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// All where none are named.
    #[serde(default)]
    pub buckets: Option<BucketAccess>,
    #[serde(default)]
    #[schema(max_items = 32)]
    pub prefixes: Vec<String>,
    /// All four where none are named.
    #[serde(default)]
    #[schema(min_items = 1)]
    pub permissions: Option<Vec<KeyPermission>>,
    /// Networks it may be used from, such as `203.0.113.0/24`; anywhere when empty.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub allowed_addresses: Vec<String>,
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// What is left out stays as it is; null takes something away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "Production API (read only)", "permissions": ["read", "list"]}))]
pub struct ChangeKey {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub label: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
    #[serde(default)]
    pub buckets: Option<BucketAccess>,
    #[serde(default)]
    pub prefixes: Option<Vec<String>>,
    #[serde(default)]
    pub permissions: Option<Vec<KeyPermission>>,
    #[serde(default)]
    pub allowed_addresses: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// How long the old pair goes on: a fixed time, or until it has been quiet for long enough.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"grace_seconds": 86400}))]
pub struct RotateKey {
    #[serde(default)]
    #[schema(minimum = 1)]
    pub grace_seconds: Option<i64>,
    #[serde(default)]
    #[schema(minimum = 60)]
    pub retire_when_quiet_for_seconds: Option<i64>,
    /// The longest wait for silence.
    #[serde(default)]
    #[schema(minimum = 60)]
    pub at_most_seconds: Option<i64>,
}

/// The only time a secret is shown; or a claim link to it, where a guardrail has it that partners do not see secrets.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreatedKey {
    pub key: Key,
    /// Either this or `claim`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYabc")]
    pub secret_access_key: Option<String>,
    /// For whoever the key is for: it opens once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<CreatedClaim>,
    #[schema(example = "https://s3.waw3-1.example.org")]
    pub s3_endpoint: String,
    #[schema(example = "waw3-1")]
    pub region: String,
    #[schema(example = "This is the only time the secret is shown. Store it now: nobody can show it again.")]
    pub warning: String,
    /// Of the old pair's end, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// A key that was stopped or let go again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StoppedKey {
    pub key: Key,
    pub receipt: Receipt,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KeyQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 50, required = false)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(required = false)]
    pub cursor: Option<String>,
    #[param(required = false)]
    pub region: Option<String>,
    #[param(required = false)]
    pub instance: Option<String>,
    #[param(required = false)]
    pub status: Option<KeyStatus>,
    #[param(required = false)]
    pub label: Option<String>,
    /// Keys that name this bucket.
    #[param(required = false)]
    pub bucket: Option<String>,
    #[param(required = false)]
    pub access_key_id: Option<String>,
    /// Keys whose current pair is older than so many days.
    #[param(minimum = 0, maximum = 36600, required = false)]
    pub older_than_days: Option<i64>,
}
