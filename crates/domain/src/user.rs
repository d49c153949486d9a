//! People with an account in a tenant.

use crate::id::{TenantId, UserId};
use crate::text::{Email, Name};
use crate::{Invalid, Role, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub tenant: TenantId,
    pub email: Email,
    pub name: Name,
    pub role: Role,
    pub created_at: Timestamp,
    /// None while an invitation waits to be accepted.
    pub joined_at: Option<Timestamp>,
    pub suspended_at: Option<Timestamp>,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    Invited,
    Active,
    Suspended,
}

impl UserStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        [Self::Invited, Self::Active, Self::Suspended]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(Invalid::because("A user's status is invited, active or suspended."))
    }
}

impl User {
    pub fn status(&self) -> UserStatus {
        match (self.suspended_at, self.joined_at) {
            (Some(_), _) => UserStatus::Suspended,
            (None, Some(_)) => UserStatus::Active,
            (None, None) => UserStatus::Invited,
        }
    }

    /// Somebody who can administer the tenant today. A tenant keeps at least one.
    pub fn is_acting_admin(&self) -> bool {
        self.role == Role::Admin && self.status() == UserStatus::Active
    }

    pub fn suspend(self, now: Timestamp) -> Self {
        Self { suspended_at: self.suspended_at.or(Some(now)), ..self }
    }

    pub fn resume(self) -> Self {
        Self { suspended_at: None, ..self }
    }
}
