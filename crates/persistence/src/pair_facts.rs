//! All that verifying needs to know of one access key id. Asked for by gateways, whose binding is held against it next,
//! so there is no permit for one tenant yet.

use authz::Tenancy;
use diesel::prelude::*;
use domain::id::TenantId;
use domain::instance::StorageInstance;
use domain::key::{AccessKeyId, Key, Pair};
use domain::partner::Partner;
use domain::tenant::Tenant;
use domain::tenant_region::{GatewaySecrets, Service, TenantRegion};

use crate::error::{Error, Result};
use crate::instances::InstanceRow;
use crate::key_pairs::PairRow;
use crate::keys::{KeyRow, complete};
use crate::schema::{instances, key_pairs, keys, tenant_regions, tenants};
use crate::sealed::{DataKey, SealedSecret};
use crate::tenant_regions::TenantRegionRow;
use crate::tenants::TenantRow;
use crate::transaction::{Reading, optional};
use crate::{KeyRing, System, authentication, quarantine, tenant_keys};

#[derive(Debug)]
pub struct PairFacts {
    pub key: Key,
    pub pair: Pair,
    pub instance: StorageInstance,
    pub tenant: Tenant,
    pub partners: Vec<Partner>,
    pub service: Service,
    pub gateway_secrets: GatewaySecrets,
    /// The pair, its tenant or a partner above, after a restore.
    pub is_held_back: bool,
    /// None once the pair has ended.
    pub sealed: Option<SealedSecret>,
}

type Found = (PairRow, (Option<i64>, Option<Vec<u8>>), KeyRow, TenantRow, InstanceRow, Option<TenantRegionRow>);

/// Some statements: they are true together only in one state. This is what a key costs that is asked about for the first
/// time, so they are as few as may be.
pub fn find(system: System, db: &mut Reading<'_>, id: &AccessKeyId) -> Result<Option<PairFacts>> {
    let found = key_pairs::table
        .find(id.as_str())
        .inner_join(keys::table.on(keys::id.eq(key_pairs::key_id).and(keys::tenant_id.eq(key_pairs::tenant_id))))
        .inner_join(tenants::table.on(tenants::id.eq(keys::tenant_id)))
        .inner_join(
            instances::table.on(instances::id.eq(keys::instance_id).and(instances::tenant_id.eq(keys::tenant_id))),
        )
        .left_join(
            tenant_regions::table
                .on(tenant_regions::tenant_id.eq(keys::tenant_id).and(tenant_regions::region.eq(keys::region))),
        )
        .select((
            PairRow::as_select(),
            (key_pairs::sealed_by, key_pairs::sealed),
            keys::all_columns,
            tenants::all_columns,
            instances::all_columns,
            tenant_regions::all_columns.nullable(),
        ));
    let Some((pair, sealed, key, tenant, instance, region)) = optional(found.first::<Found>(db.connection))? else {
        return Ok(None);
    };
    let tenant = Tenant::try_from(tenant)?;
    let (service, gateway_secrets) = match region.map(TenantRegion::try_from).transpose()? {
        Some(own) => (own.service, own.gateway_secrets),
        None => (Service::Unavailable, GatewaySecrets::Allowed),
    };
    let on_tenant = system.on(Tenancy { id: tenant.id.clone(), partner: tenant.partner.clone() });
    Ok(Some(PairFacts {
        key: complete(db, key)?,
        pair: Pair::try_from(pair)?,
        instance: StorageInstance::try_from(instance)?,
        partners: authentication::partners_on(db, tenant.partner.as_ref())?,
        is_held_back: quarantine::holds_back(&on_tenant, db, id)?,
        service,
        gateway_secrets,
        sealed: sealed.0.zip(sealed.1).map(|(by, bytes)| SealedSecret::new(by, bytes)),
        tenant,
    }))
}

/// The data key that opens a secret of this tenant.
pub fn data_key(
    _: System,
    db: &mut Reading<'_>,
    ring: &KeyRing,
    tenant: &TenantId,
    sealed: &SealedSecret,
) -> Result<DataKey> {
    match tenant_keys::of(tenant, db, ring, sealed) {
        Err(Error::Corrupt { table: "tenant_keys", .. }) => Err(Error::Unsealable("the tenant has no data key")),
        other => other,
    }
}
