//! Rows of `tenant_keys`: the data key that seals a tenant's secrets, itself sealed by a master key.

use diesel::prelude::*;
use domain::id::TenantId;
use zeroize::Zeroizing;

use crate::KeyRing;
use crate::error::Result;
use crate::rows::micros;
use crate::schema::tenant_keys;
use crate::sealed::Place;
use crate::transaction::Writing;

#[derive(Insertable)]
#[diesel(table_name = tenant_keys)]
struct TenantKeyRow {
    tenant_id: String,
    version: i64,
    sealed_by: String,
    sealed: Vec<u8>,
    created_at: i64,
}

/// Draws the first data key of a tenant that is being made.
pub fn insert_first(db: &mut Writing<'_>, ring: &KeyRing, tenant: &TenantId) -> Result<()> {
    let key = Zeroizing::new(db.entropy().bytes::<32>());
    let version = 1;
    let sealed = ring.seal(Place::TenantKey { tenant: tenant.as_str(), version }, key.as_slice(), db.entropy())?;
    let row = TenantKeyRow {
        tenant_id: tenant.to_string(),
        version,
        sealed_by: sealed.by,
        sealed: sealed.bytes,
        created_at: micros(db.now()),
    };
    diesel::insert_into(tenant_keys::table).values(&row).execute(db.connection())?;
    Ok(())
}
