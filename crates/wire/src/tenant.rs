use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{CreatedUser, Receipt, present};

/// A customer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "ten_01jd0000000000000000000000", "name": "Acme", "partner_id": null, "external_ref": "C-4711",
    "status": "active", "created_at": "2026-11-20T15:04:05Z", "suspended_at": null, "delete_at": null, "version": 1
}))]
pub struct Tenant {
    pub id: String,
    pub name: String,
    /// Whose customer; null for the operator's own.
    pub partner_id: Option<String>,
    /// Its number in the partner's own systems.
    pub external_ref: Option<String>,
    pub status: TenantStatus,
    pub created_at: DateTime<Utc>,
    pub suspended_at: Option<DateTime<Utc>>,
    /// When a deleted tenant can no longer be restored.
    pub delete_at: Option<DateTime<Utc>>,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    Active,
    Suspended,
    /// Deleted, and can still be restored.
    Deleting,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Acme", "external_ref": "C-4711", "admin": {"email": "ada@example.org", "name": "Ada Lovelace"}
}))]
pub struct CreateTenant {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Whose customer. A partner's own token makes its own customers unless this says otherwise.
    #[serde(default)]
    pub partner_id: Option<String>,
    /// Its number in your own systems; lists can be filtered by it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub external_ref: Option<String>,
    /// The person who will run the tenant.
    #[serde(default)]
    pub admin: Option<FirstAdmin>,
}

/// The first admin of a tenant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstAdmin {
    pub email: String,
    /// The e-mail address where none is given.
    #[serde(default)]
    pub name: Option<String>,
    /// Without one, the answer holds an invitation with which the person chooses their own.
    #[serde(default)]
    #[schema(format = "password")]
    pub password: Option<String>,
}

/// A tenant that was just made, and its first admin if one was asked for.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreatedTenant {
    #[serde(flatten)]
    pub tenant: Tenant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<CreatedUser>,
}

/// What is left out stays as it is; null takes the reference away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Acme International"}))]
pub struct ChangeTenant {
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub external_ref: Option<Option<String>>,
}

/// A tenant that was stopped or let go again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StoppedTenant {
    pub tenant: Tenant,
    pub receipt: Receipt,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TenantQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 500, default = 50, required = false)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(required = false)]
    pub cursor: Option<String>,
    /// Only customers of this partner itself.
    #[param(required = false)]
    pub partner_id: Option<String>,
    #[param(required = false)]
    pub status: Option<TenantStatus>,
    #[param(required = false)]
    pub external_ref: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteTenantQuery {
    /// How long the tenant can be restored.
    #[param(minimum = 0, maximum = 31622400, default = 2592000, required = false)]
    pub delay_seconds: Option<i64>,
    /// How long to wait for the receipt: read, and documented, for all operations alike.
    #[param(ignore)]
    pub wait: Option<String>,
}
