use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far the chains of the audit went at a moment, signed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "number": 17, "at": "2026-11-20T15:04:05.123456Z", "key": "d75a9801...", "previous": "9b1f44c0...",
    "heads": ["platform:17:4f2a...", "ten_01jd0000000000000000000000:7:81c3..."], "signature": "e5564300..."
}))]
pub struct AuditCheckpoint {
    /// 1, 2, 3 ...
    pub number: i64,
    pub at: DateTime<Utc>,
    /// The public key (Ed25519) that the signature is verified with, in hexadecimal.
    pub key: String,
    /// The signature of the checkpoint before; zeros in the first.
    pub previous: String,
    /// Where the chains ended that had moved since the checkpoint before: `CHAIN:SEQUENCE:HASH`.
    pub heads: Vec<String>,
    /// Over a text of six lines: `docs/operations/audit.md` in the source.
    pub signature: String,
}
