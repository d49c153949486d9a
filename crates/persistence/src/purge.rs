//! Removes a tenant with everything it had. What the audit knows of it stays, and its access key ids stay spent.

use diesel::prelude::*;
use domain::id::TenantId;

use crate::System;
use crate::error::Result;
use crate::key_pairs::spend_all_of;
use crate::schema::{
    api_tokens, buckets, claims, instances, invitations, key_buckets, key_pairs, keys, refresh_tokens, sessions,
    tenant_keys, tenant_regions, tenants, users,
};
use crate::transaction::{Writing, exactly_one};

/// The data key goes first: whatever else is left in a backup cannot be opened by it any more.
pub fn tenant(_: System, db: &mut Writing<'_>, tenant: &TenantId) -> Result<()> {
    spend_all_of(db, tenant)?;
    let tenant = tenant.as_str();
    let sessions_of_tenant = sessions::table.filter(sessions::tenant_id.eq(tenant)).select(sessions::id);
    let of_sessions = refresh_tokens::table.filter(refresh_tokens::session_id.eq_any(sessions_of_tenant));
    let connection = db.connection();
    diesel::delete(tenant_keys::table.filter(tenant_keys::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(claims::table.filter(claims::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(key_pairs::table.filter(key_pairs::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(key_buckets::table.filter(key_buckets::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(keys::table.filter(keys::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(instances::table.filter(instances::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(buckets::table.filter(buckets::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(tenant_regions::table.filter(tenant_regions::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(api_tokens::table.filter(api_tokens::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(of_sessions).execute(connection)?;
    diesel::delete(sessions::table.filter(sessions::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(invitations::table.filter(invitations::tenant_id.eq(tenant))).execute(connection)?;
    diesel::delete(users::table.filter(users::tenant_id.eq(tenant))).execute(connection)?;
    exactly_one(diesel::delete(tenants::table.find(tenant)).execute(connection)?)
}
