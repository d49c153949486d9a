//! Tenants: the customers whose keys these are.

use chrono::TimeDelta;

use crate::id::TenantId;
use crate::partner::PartnerPath;
use crate::text::{ExternalRef, Name};
use crate::{Invalid, Timestamp, time};

/// How long a deleted tenant can be brought back unless the caller says otherwise.
pub const DEFAULT_DELETION_DELAY: TimeDelta = time::days(30);
pub const LONGEST_DELETION_DELAY: TimeDelta = time::days(366);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub name: Name,
    /// The partner it belongs to and everybody above; none for the operator's own customers.
    pub partner: Option<PartnerPath>,
    pub external_ref: Option<ExternalRef>,
    pub created_at: Timestamp,
    pub suspended_at: Option<Timestamp>,
    /// Set by a deletion: nothing of the tenant works any more, and from this moment on it cannot be restored.
    pub delete_at: Option<Timestamp>,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantStatus {
    Active,
    Suspended,
    /// Deleted, and can still be restored.
    Deleting,
}

impl TenantStatus {
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Deleting];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleting => "deleting",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(Invalid::because("A tenant's status is active, suspended or deleting."))
    }
}

/// The tenant is being deleted: restore it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeingDeleted;

/// The tenant is not being deleted, so there is nothing to restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotDeleted;

impl Tenant {
    pub fn status(&self) -> TenantStatus {
        match (self.delete_at, self.suspended_at) {
            (Some(_), _) => TenantStatus::Deleting,
            (None, Some(_)) => TenantStatus::Suspended,
            (None, None) => TenantStatus::Active,
        }
    }

    /// Past its deletion: it no longer exists for anybody, whether or not a job has cleaned up.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.delete_at.is_some_and(|at| at <= now)
    }

    pub fn suspend(self, now: Timestamp) -> Result<Self, BeingDeleted> {
        self.unless_being_deleted().map(|tenant| Self { suspended_at: tenant.suspended_at.or(Some(now)), ..tenant })
    }

    pub fn resume(self) -> Result<Self, BeingDeleted> {
        self.unless_being_deleted().map(|tenant| Self { suspended_at: None, ..tenant })
    }

    pub fn delete(self, at: Timestamp) -> Result<Self, BeingDeleted> {
        self.unless_being_deleted().map(|tenant| Self { delete_at: Some(at), ..tenant })
    }

    /// Back to what it was: a tenant that was suspended before is suspended again.
    pub fn restore(self) -> Result<Self, NotDeleted> {
        match self.delete_at {
            Some(_) => Ok(Self { delete_at: None, ..self }),
            None => Err(NotDeleted),
        }
    }

    pub fn unless_being_deleted(self) -> Result<Self, BeingDeleted> {
        match self.delete_at {
            None => Ok(self),
            Some(_) => Err(BeingDeleted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;

    fn tenant() -> Tenant {
        Tenant {
            id: TenantId::draw(&mut Entropy::from_seed([1; 32]), Timestamp::UNIX_EPOCH),
            name: Name::parse("Acme").unwrap(),
            partner: None,
            external_ref: None,
            created_at: Timestamp::UNIX_EPOCH,
            suspended_at: None,
            delete_at: None,
            version: 1,
        }
    }

    #[test]
    fn restore_brings_back_what_was() {
        let now = Timestamp::UNIX_EPOCH;
        let suspended = tenant().suspend(now).unwrap();
        let deleted = suspended.clone().delete(now + DEFAULT_DELETION_DELAY).unwrap();
        assert_eq!(deleted.status(), TenantStatus::Deleting);
        assert_eq!(deleted.restore(), Ok(suspended));
        assert_eq!(tenant().restore(), Err(NotDeleted));
    }

    #[test]
    fn nothing_else_can_be_done_to_a_tenant_that_is_being_deleted() {
        let now = Timestamp::UNIX_EPOCH;
        let deleted = tenant().delete(now + DEFAULT_DELETION_DELAY).unwrap();
        assert_eq!(deleted.clone().suspend(now), Err(BeingDeleted));
        assert_eq!(deleted.clone().resume(), Err(BeingDeleted));
        assert_eq!(deleted.clone().delete(now), Err(BeingDeleted));
        assert!(!deleted.is_gone(now));
        assert!(deleted.is_gone(now + DEFAULT_DELETION_DELAY), "gone at the very moment");
    }
}
