//! What gateways ask and are told. What is told most often borrows what it can.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{BucketAccess, KeyPermission};

/// A signature, and what it is over: a string to sign, or a canonical request with its timestamp and scope.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "auth": "header",
    "string_to_sign": "QVdTNC1ITUFDLVNIQTI1NgoyMDI2MTEyMFQxNTA0MDVaCjIwMjYxMTIwL3dhdzMtMS9zMy9hd3M0X3JlcXVlc3QKZTNiMGM0NDI5OGZjMWMxNDlhZmJmNGM4OTk2ZmI5MjQyN2FlNDFlNDY0OWI5MzRjYTQ5NTk5MWI3ODUyYjg1NQ==",
    "signature": "67d3b0a4f5a6e7b8c9d0e1f2a3b4c5d667d3b0a4f5a6e7b8c9d0e1f2a3b4c5d6", "want": ["principal"],
    "context": {"method": "PUT", "bucket": "media", "key": "a/b.jpg", "operation": "PutObject", "source_ip": "203.0.113.9"}
}))]
pub struct VerifyRequest {
    pub access_key_id: String,
    pub auth: SignatureForm,
    /// Base64.
    #[serde(default)]
    pub string_to_sign: Option<String>,
    /// Base64; then `timestamp` and `scope` are needed as well.
    #[serde(default)]
    pub canonical_request: Option<String>,
    /// `20261120T150405Z`, as it stands in the string to sign.
    #[serde(default)]
    pub timestamp: Option<String>,
    /// `20261120/waw3-1/s3/aws4_request`.
    #[serde(default)]
    pub scope: Option<String>,
    /// 64 hexadecimal digits in lower case.
    pub signature: String,
    /// `X-Amz-Expires`, of a presigned request.
    #[serde(default)]
    pub expires_in: Option<i64>,
    /// A request with one is refused: there are no temporary keys.
    #[serde(default)]
    pub session_token: Option<String>,
    /// What to be told besides the decision.
    #[serde(default)]
    pub want: Vec<VerifyWant>,
    /// What the request wants to do: what is named here is held against the key's scope.
    #[serde(default)]
    pub context: Option<VerifyContext>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureForm {
    /// In the `Authorization` header.
    Header,
    /// In the URL.
    Presigned,
    /// On a piece of a streamed body.
    Chunk,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyWant {
    Principal,
    /// Needs the capability `signing_keys`.
    SigningKey,
}

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyContext {
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub bucket: Option<String>,
    /// The object key; of a listing the prefix it asks for.
    #[serde(default)]
    pub key: Option<String>,
    /// As S3's documentation calls it: `PutObject`.
    #[serde(default)]
    pub operation: Option<String>,
    #[serde(default)]
    pub source_ip: Option<String>,
    #[serde(default)]
    pub user_agent: Option<String>,
}

/// The verdict about a client. It always comes with status 200; anything else is trouble between the gateway and us.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "decision": "deny", "s3_error": {"code": "SignatureDoesNotMatch", "status": 403}, "reason": "signature",
    "cache": {"ttl_s": 0}
}))]
pub struct VerifyAnswer<'a> {
    pub decision: VerifyDecision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<KeyGrants>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<SigningKey>,
    /// What the gateway answers its client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_error: Option<S3Error>,
    /// For the gateway's log, not for its client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    pub cache: CacheRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyDecision {
    Allow,
    Deny,
}

/// Who the request is from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Principal<'a> {
    pub tenant_id: Cow<'a, str>,
    pub instance_id: Cow<'a, str>,
    /// The account: the tenant's id, or the storage instance's where there may be several.
    pub namespace: Cow<'a, str>,
    pub key_id: Cow<'a, str>,
    pub access_key_id: Cow<'a, str>,
    pub label: Option<Cow<'a, str>>,
    pub region: Cow<'a, str>,
    /// Twelve digits, made from the namespace, for answers in which S3 wants an account.
    pub account_id: Cow<'a, str>,
    /// 64 hexadecimal digits, likewise.
    pub canonical_id: Cow<'a, str>,
    pub arn: Cow<'a, str>,
}

/// What the key may do.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyGrants {
    pub buckets: BucketAccess,
    pub prefixes: Vec<String>,
    pub permissions: Vec<KeyPermission>,
    pub allowed_addresses: Vec<String>,
}

/// Verifies all signatures of one access key for one day, region and service. To be kept in memory only.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SigningKey {
    /// Base64, 32 bytes.
    pub key: String,
    pub date: String,
    pub region: String,
    pub service: String,
    /// From then on no header is good that it signed.
    pub not_after_header: DateTime<Utc>,
    /// From then on no URL is.
    pub not_after_presigned: DateTime<Utc>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct S3Error {
    pub code: String,
    pub status: u16,
    /// With `AuthorizationHeaderMalformed`: the region to sign for instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_region: Option<String>,
}

/// For how long the answer may be remembered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CacheRule {
    /// While the gateway follows the changes.
    pub ttl_s: i64,
    /// After the feed of changes has been silent for longer than the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_ttl_s: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// As new as this number in the feed: older than a change already seen means outdated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "items": [{"access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "auth": "header", "string_to_sign": "QVdTNC1ITUFDLVNIQTI1Ng==",
        "signature": "67d3b0a4f5a6e7b8c9d0e1f2a3b4c5d667d3b0a4f5a6e7b8c9d0e1f2a3b4c5d6"}]
}))]
pub struct VerifyBatch {
    #[schema(min_items = 1, max_items = 256)]
    pub items: Vec<VerifyRequest>,
}

/// In the order of the items, all from one state.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "results": [{"decision": "deny", "s3_error": {"code": "SignatureDoesNotMatch", "status": 403},
        "reason": "signature", "cache": {"ttl_s": 0}}]
}))]
pub struct VerifyBatchAnswer<'a> {
    pub results: Vec<VerifyAnswer<'a>>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "items": [{"access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "date": "20261120", "region": "waw3-1", "service": "s3"}]
}))]
pub struct IssueSigningKeys {
    #[schema(min_items = 1, max_items = 256)]
    pub items: Vec<WantedSigningKey>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedSigningKey {
    pub access_key_id: String,
    /// `20261120`. One of the last seven days or today; tomorrow from 23:45 UTC on.
    pub date: String,
    pub region: String,
    pub service: String,
    /// Of an earlier answer: if nothing has changed, the key is not sent again.
    #[serde(default)]
    pub etag: Option<String>,
}

/// In the order of the items.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "results": [{"decision": "deny", "s3_error": {"code": "InvalidAccessKeyId", "status": 403}, "reason": "unknown",
        "cache": {"ttl_s": 0}}]
}))]
pub struct IssuedSigningKeys<'a> {
    pub results: Vec<IssuedSigningKey<'a>>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct IssuedSigningKey<'a> {
    /// The etag was right: go on with the key you have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_modified: bool,
    /// The date is too old for anything but URLs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub presigned_only: bool,
    #[serde(flatten)]
    #[schema(inline)]
    pub answer: VerifyAnswer<'a>,
}

/// A secret, for a gateway that has to have it.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "decision": "deny", "s3_error": {"code": "InvalidAccessKeyId", "status": 403}, "reason": "unknown",
    "cache": {"ttl_s": 0}
}))]
pub struct IssuedSecret<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_access_key: Option<String>,
    #[serde(flatten)]
    #[schema(inline)]
    pub answer: VerifyAnswer<'a>,
}

#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// The number up to which everything has been applied; asking confirms it. Left out by who remembers nothing yet.
    #[serde(default)]
    #[param(minimum = 0)]
    pub after: Option<i64>,
    /// How long to wait for something to change; 0 when left out.
    #[serde(default)]
    #[param(minimum = 0, maximum = 60)]
    pub wait_s: Option<i64>,
    /// Tells the processes of one gateway apart, which each have a memory of their own.
    #[serde(default)]
    #[param(max_length = 64)]
    pub instance: Option<String>,
}

#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuthorizeQuery {
    /// The name below which each bucket has a host of its own. Without it the bucket is always in the path.
    #[serde(default)]
    #[param(example = "s3.example.org")]
    pub domain: Option<String>,
}

/// What has changed since.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "sequence": 88123, "lease_s": 30,
    "changes": [{"sequence": 88120, "type": "key", "access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "at": "2026-11-20T15:04:05Z"}]
}))]
pub struct Changes {
    /// To be asked after next time.
    pub sequence: i64,
    /// From when the question was sent: for so long answers may be remembered for their `ttl_s`.
    pub lease_s: i64,
    pub changes: Vec<ChangeEvent>,
}

/// Forget what you know of this.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeEvent {
    pub sequence: i64,
    #[serde(rename = "type")]
    pub kind: ChangeKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_id: Option<String>,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Key,
    /// All keys of the tenant.
    Tenant,
    /// All keys of all tenants of the partner and of those below it.
    Partner,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "items": [{"access_key_id": "NQAK8F7X9K2M1PQ0ABCD", "last_used_at": "2026-11-20T15:04:05Z", "count": 12,
        "source_ip": "203.0.113.9", "user_agent": "aws-cli/2.17"}]
}))]
pub struct ReportUsage {
    #[schema(min_items = 1, max_items = 1000)]
    pub items: Vec<ReportedUsage>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedUsage {
    pub access_key_id: String,
    pub last_used_at: DateTime<Utc>,
    #[schema(minimum = 1)]
    pub count: i64,
    #[serde(default)]
    pub source_ip: Option<String>,
    #[serde(default)]
    #[schema(max_length = 400)]
    pub user_agent: Option<String>,
}
