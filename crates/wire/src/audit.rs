use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Something that was done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "evt_01jd0000000000000000000000", "chain": "ten_01jd0000000000000000000000", "sequence": 7,
    "at": "2026-11-20T15:04:05Z", "actor": {"kind": "user", "id": "usr_01jd0000000000000000000000"},
    "action": "user.created", "target": {"kind": "user", "id": "usr_01jd0000000000000000000001"},
    "tenant_id": "ten_01jd0000000000000000000000", "partner_id": null,
    "request_id": "req_01jd0000000000000000000000", "address": "203.0.113.9", "details": {"role": "member"},
    "hash": "4f2a..."
}))]
pub struct AuditEvent {
    pub id: String,
    /// Events are chained per tenant, per partner and for the platform.
    pub chain: String,
    /// 1, 2, 3 ... within the chain.
    pub sequence: i64,
    pub at: DateTime<Utc>,
    pub actor: AuditActor,
    pub action: String,
    pub target: AuditTarget,
    pub tenant_id: Option<String>,
    pub partner_id: Option<String>,
    pub request_id: String,
    pub address: Option<String>,
    pub details: BTreeMap<String, String>,
    /// SHA-256 over the event before and this one, in hexadecimal.
    pub hash: String,
}

/// Who did it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditActor {
    /// `token`, `user`, `gateway`, `anonymous` or `system`.
    #[schema(example = "user")]
    pub kind: String,
    #[schema(example = "usr_01jd0000000000000000000000")]
    pub id: String,
}

/// What it was done to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditTarget {
    #[schema(example = "region")]
    pub kind: String,
    #[schema(example = "waw3-1")]
    pub id: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 50, required = false)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(required = false)]
    pub cursor: Option<String>,
    /// Such as `tenant.suspended`.
    #[param(required = false)]
    pub action: Option<String>,
    /// The id of whoever did it.
    #[param(required = false)]
    pub actor: Option<String>,
    /// The id of what it was done to.
    #[param(required = false)]
    pub target: Option<String>,
    /// Not before this moment.
    #[param(required = false)]
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    #[param(required = false)]
    pub to: Option<DateTime<Utc>>,
}
