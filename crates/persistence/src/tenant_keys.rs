//! Rows of `tenant_keys`: the data key that seals a tenant's secrets, itself sealed by a master key.

use authz::OnTenant;
use diesel::prelude::*;
use domain::id::TenantId;
use zeroize::Zeroizing;

use crate::KeyRing;
use crate::error::{Error, Result};
use crate::master_keys;
use crate::rows::{Row, micros};
use crate::schema::tenant_keys;
use crate::sealed::{DataKey, Place, Sealed, SealedSecret};
use crate::transaction::{Reading, Writing, optional};

#[derive(Queryable, Insertable)]
#[diesel(table_name = tenant_keys, treat_none_as_default_value = false)]
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
    let sealed = master_keys::seal(db, ring, Place::TenantKey { tenant: tenant.as_str(), version }, key.as_slice())?;
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

/// The data key that seals a tenant's secrets today.
pub fn newest(permit: &impl OnTenant, db: &mut Reading<'_>, ring: &KeyRing) -> Result<DataKey> {
    let query = tenant_keys::table.filter(tenant_keys::tenant_id.eq(permit.tenant().as_str()));
    let row: Option<TenantKeyRow> = optional(query.order(tenant_keys::version.desc()).first(db.connection))?;
    open(row, ring)
}

/// The one that sealed a secret.
pub fn of(tenant: &TenantId, db: &mut Reading<'_>, ring: &KeyRing, sealed: &SealedSecret) -> Result<DataKey> {
    let query = tenant_keys::table.find((tenant.as_str(), sealed.by));
    let row: Option<TenantKeyRow> = optional(query.first(db.connection))?;
    open(row, ring)
}

fn open(row: Option<TenantKeyRow>, ring: &KeyRing) -> Result<DataKey> {
    let TenantKeyRow { tenant_id, version, sealed_by, sealed, .. } =
        row.ok_or_else(|| Error::corrupt("tenant_keys", "the tenant has no data key"))?;
    let place = Place::TenantKey { tenant: &tenant_id, version };
    let plain = ring.open(place, &Sealed { by: sealed_by, bytes: sealed })?;
    Ok(DataKey::new(version, Row("tenant_keys").hash(&plain)?))
}
