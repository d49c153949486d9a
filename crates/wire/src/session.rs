use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "ada@example.org", "password": "correct horse battery staple"}))]
pub struct LogIn {
    pub email: String,
    #[schema(format = "password")]
    pub password: String,
    /// Needed only if you have accounts in several tenants: with the same password, or in more than four.
    #[serde(default)]
    pub tenant_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[schema(example = "krr_...")]
    pub refresh_token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"invitation": "kri_...", "password": "correct horse battery staple"}))]
pub struct AcceptInvitation {
    /// The part of the invitation link behind the `#`.
    pub invitation: String,
    /// The password you want to have: at least ten characters.
    #[schema(format = "password")]
    pub password: String,
}

/// A session has just begun or been extended.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ0eXAi...", "token_type": "Bearer", "expires_in": 600, "refresh_token": "krr_..."
}))]
pub struct Session {
    /// Send it as `Authorization: Bearer ...`.
    pub access_token: String,
    pub token_type: String,
    /// Seconds until the access token stops working.
    pub expires_in: i64,
    /// Buys the next pair, once. One that is used twice ends the session.
    pub refresh_token: String,
}
