use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was refused (RFC 9457, `application/problem+json`).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/not-found",
    "title": "Not found",
    "status": 404,
    "detail": "There is nothing here that you may see.",
    "instance": "/v1/tenants/ten_01jd0000000000000000000000",
    "request_id": "req_01jd0000000000000000000000"
}))]
pub struct Problem {
    /// What kind of problem it is: stable, and safe to compare.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    pub status: u16,
    /// What happened here, and what to do about it.
    pub detail: String,
    /// The path of the request.
    pub instance: String,
    /// Name this when you ask for help.
    pub request_id: String,
    /// What is wrong with the input, place by place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Violation>,
}

/// One thing that is wrong with the input.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Violation {
    /// Where: a JSON pointer into the body, or `?name` for a parameter of the query.
    #[schema(example = "/expires_at")]
    pub pointer: String,
    #[schema(example = "Must lie in the future.")]
    pub detail: String,
}
