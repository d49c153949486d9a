use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{TokenScope, UserRole};

/// Who you are, as far as Keyreeve is concerned.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "kind": "user", "id": "usr_01jd0000000000000000000000", "tenant_id": "ten_01jd0000000000000000000000",
    "partner_id": null, "role": "admin", "scopes": null, "expires_at": "2026-11-20T15:14:05Z"
}))]
pub struct Me {
    pub kind: CallerKind,
    /// Of the user or the token.
    pub id: String,
    pub tenant_id: Option<String>,
    pub partner_id: Option<String>,
    /// Of a person.
    pub role: Option<UserRole>,
    /// Of a token.
    pub scopes: Option<Vec<TokenScope>>,
    /// When what you used to say who you are stops working.
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallerKind {
    User,
    OperatorToken,
    PartnerToken,
    TenantToken,
    GatewayToken,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "correct horse battery", "new_password": "correct horse battery staple"}))]
pub struct ChangePassword {
    #[schema(format = "password")]
    pub current_password: String,
    #[schema(format = "password")]
    pub new_password: String,
}
