use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person with an account in a tenant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "usr_01jd0000000000000000000000", "tenant_id": "ten_01jd0000000000000000000000", "email": "ada@example.org",
    "name": "Ada Lovelace", "role": "admin", "status": "active", "created_at": "2026-11-20T15:04:05Z", "version": 1
}))]
pub struct User {
    pub id: String,
    pub tenant_id: String,
    pub email: String,
    pub name: String,
    pub role: UserRole,
    pub status: UserStatus,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum UserRole {
    /// Users, tokens, keys and audit.
    #[serde(rename = "admin")]
    Admin,
    /// S3 keys; not users.
    #[serde(rename = "member+")]
    MemberPlus,
    /// Sees the account; has no keys.
    #[serde(rename = "member")]
    Member,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    Invited,
    Active,
    Suspended,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "grace@example.org", "name": "Grace Hopper", "role": "member+"}))]
pub struct CreateUser {
    pub email: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    pub role: UserRole,
    /// Without one, the answer holds an invitation with which the person chooses their own.
    #[serde(default)]
    #[schema(format = "password")]
    pub password: Option<String>,
}

/// A user that was just made and, if they have no password, their invitation.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreatedUser {
    #[serde(flatten)]
    pub user: User,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
}

/// The only time the link is shown. It works once.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "url": "https://keys.example.org/invitation#kri_...", "token": "kri_...", "expires_at": "2026-11-27T15:04:05Z"
}))]
pub struct Invitation {
    /// For the person.
    pub url: String,
    /// For `POST /v1/invitations`, if you build that page yourself.
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "member"}))]
pub struct ChangeUser {
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    #[serde(default)]
    pub role: Option<UserRole>,
    /// A suspended person loses everything at once, sessions included, until resumed.
    #[serde(default)]
    pub suspended: Option<bool>,
}
