//! How much of everything counts below a partner at a moment: what would stop with it. The same rules as in
//! `domain::liveness`, asked of many rows at once.

use authz::OnPartner;
use diesel::dsl::max;
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::PartnerId;
use domain::partner::Partner;

use crate::authentication::partners_on;
use crate::error::Result;
use crate::partners::{self, subtree};
use crate::rows::{Row, micros};
use crate::schema::{api_tokens, key_usage, keys, sessions, tenant_regions, tenants, users};
use crate::transaction::Reading;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// The partner itself included.
    pub partners: i64,
    pub tenants: i64,
    pub keys: i64,
    pub tokens: i64,
    pub sessions: i64,
    /// Of those keys.
    pub keys_last_used_at: Option<Timestamp>,
    pub tokens_last_used_at: Option<Timestamp>,
}

/// Tenants that count: the ids of all that are below, active, and under nobody who is dead.
macro_rules! live_tenants {
    ($range:expr, $dead:expr) => {
        tenants::table
            .filter(tenants::partner_path.ge(&$range.0))
            .filter(tenants::partner_path.lt(&$range.1))
            .filter(tenants::suspended_at.is_null())
            .filter(tenants::delete_at.is_null())
            .filter(tenants::partner_id.assume_not_null().ne_all($dead.clone()))
    };
}

/// Tokens that count, of those partners and tenants; a tenant's may hang on the person who vouches for it.
macro_rules! live_tokens {
    ($range:expr, $dead:expr, $dead_paths:expr, $now:expr) => {
        api_tokens::table.filter(api_tokens::expires_at.gt($now)).filter(
            api_tokens::partner_path
                .ge(&$range.0)
                .and(api_tokens::partner_path.lt(&$range.1))
                .and(api_tokens::partner_path.assume_not_null().ne_all($dead_paths.clone()))
                .assume_not_null()
                .or(api_tokens::tenant_id
                    .assume_not_null()
                    .eq_any(live_tenants!($range, $dead).select(tenants::id))
                    .and(
                        api_tokens::vouched_by.is_null().or(api_tokens::vouched_by.assume_not_null().eq_any(
                            users::table
                                .filter(users::role.eq("admin"))
                                .filter(users::joined_at.is_not_null())
                                .filter(users::suspended_at.is_null())
                                .select(users::id),
                        )),
                    )),
        )
    };
}

/// Keys that count: active, not expired, where their tenant has the service.
macro_rules! live_keys {
    ($range:expr, $dead:expr, $now:expr) => {
        keys::table
            .inner_join(
                tenant_regions::table
                    .on(tenant_regions::tenant_id.eq(keys::tenant_id).and(tenant_regions::region.eq(keys::region))),
            )
            .filter(tenant_regions::available.eq(true))
            .filter(keys::state.eq("active"))
            .filter(keys::expires_at.is_null().or(keys::expires_at.assume_not_null().gt($now)))
            .filter(keys::tenant_id.eq_any(live_tenants!($range, $dead).select(tenants::id)))
    };
}

pub fn below(permit: &impl OnPartner, db: &mut Reading<'_>, now: Timestamp) -> Result<Census> {
    if partners_on(db, Some(permit.path()))?.iter().any(Partner::is_suspended) {
        return Ok(Census::default());
    }
    let there = partners::all_below(permit, db)?;
    let (dead, live): (Vec<_>, Vec<_>) = there.iter().partition(|partner| is_dead(partner, &there));
    let dead_paths: Vec<String> = dead.iter().map(|partner| partner.path.to_string()).collect();
    let dead: Vec<String> = dead.into_iter().map(|partner| partner.id().to_string()).collect();
    let (range, now) = (subtree(permit.path()), micros(now));
    let last_used = live_keys!(range, dead, now)
        .inner_join(key_usage::table.on(key_usage::key_id.eq(keys::id)))
        .select(max(key_usage::last_used_at));
    let tokens_last_used = live_tokens!(range, dead, dead_paths, now).select(max(api_tokens::last_used_at));
    let sessions = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id).and(users::tenant_id.eq(sessions::tenant_id))))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(users::joined_at.is_not_null())
        .filter(users::suspended_at.is_null())
        .filter(sessions::tenant_id.eq_any(live_tenants!(range, dead).select(tenants::id)));
    let row = Row("key_usage");
    Ok(Census {
        partners: i64::try_from(live.len()).unwrap_or(i64::MAX),
        tenants: live_tenants!(range, dead).count().get_result(db.connection)?,
        keys: live_keys!(range, dead, now).count().get_result(db.connection)?,
        tokens: live_tokens!(range, dead, dead_paths, now).count().get_result(db.connection)?,
        sessions: sessions.count().get_result(db.connection)?,
        keys_last_used_at: row.timestamp_if(last_used.first::<Option<i64>>(db.connection)?)?,
        tokens_last_used_at: row.timestamp_if(tokens_last_used.first::<Option<i64>>(db.connection)?)?,
    })
}

/// Itself or somebody above it is suspended, as far up as is known here.
fn is_dead(partner: &Partner, there: &[Partner]) -> bool {
    let suspended: Vec<&PartnerId> = there.iter().filter(|other| other.is_suspended()).map(Partner::id).collect();
    partner.path.ids().any(|id| suspended.contains(&id))
}
