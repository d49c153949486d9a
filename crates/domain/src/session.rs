//! Sessions of people: a short proof for every request, and a longer one that buys the next.

use chrono::TimeDelta;

use crate::id::{SessionId, TenantId, UserId};
use crate::{Timestamp, time};

/// How long the bearer token works by itself.
pub const ACCESS_LIFETIME: TimeDelta = time::minutes(10);
/// How long a session lives in all. Refreshing never moves this.
pub const LIFETIME: TimeDelta = time::days(30);
/// How long a session that nobody refreshes lives.
pub const IDLE_LIFETIME: TimeDelta = time::days(7);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub tenant: TenantId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Session {
    pub fn begin(id: SessionId, user: UserId, tenant: TenantId, now: Timestamp) -> Self {
        Self { id, user, tenant, created_at: now, expires_at: now + LIFETIME, ended_at: None }
    }

    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// When a refresh token made now stops working.
    pub fn refresh_until(&self, now: Timestamp) -> Timestamp {
        self.expires_at.min(now + IDLE_LIFETIME)
    }

    /// When a bearer token made now stops working.
    pub fn access_until(&self, now: Timestamp) -> Timestamp {
        self.expires_at.min(now + ACCESS_LIFETIME)
    }
}
