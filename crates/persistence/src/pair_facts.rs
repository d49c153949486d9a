//! All that verifying needs to know of one access key id. Asked for by gateways, whose binding is held against it next,
//! so there is no permit for one tenant yet.

use authz::Tenancy;
use diesel::prelude::*;
use domain::id::{KeyId, TenantId};
use domain::instance::StorageInstance;
use domain::key::{AccessKeyId, Key, Pair};
use domain::partner::Partner;
use domain::tenant::Tenant;
use domain::tenant_region::{GatewaySecrets, Service};

use crate::error::{Error, Result};
use crate::rows::Row;
use crate::schema::key_pairs;
use crate::sealed::{DataKey, SealedSecret};
use crate::transaction::{Reading, optional};
use crate::{
    KeyRing, System, authentication, instances, key_pairs as pairs, keys, quarantine, tenant_keys, tenant_regions,
};

const ROW: Row = Row("key_pairs");

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

/// Several statements: they are true together only in one state.
pub fn find(system: System, db: &mut Reading<'_>, id: &AccessKeyId) -> Result<Option<PairFacts>> {
    let whose = key_pairs::table.find(id.as_str()).select((key_pairs::key_id, key_pairs::tenant_id));
    let Some((key, tenant)) = optional(whose.first::<(String, String)>(db.connection))? else { return Ok(None) };
    let (key, tenant) = (ROW.parse(KeyId::parse, &key)?, ROW.parse(TenantId::parse, &tenant)?);
    let Some(tenant) = authentication::find_tenant(db, &tenant)? else { return Ok(None) };
    let on_tenant = system.on(Tenancy { id: tenant.id.clone(), partner: tenant.partner.clone() });
    // It may be deleted between two statements: then it is as unknown as it is about to be.
    let Some(key) = keys::find(&on_tenant, db, &key)? else { return Ok(None) };
    let Some(pair) = pairs::find(&on_tenant, db, id)? else { return Ok(None) };
    let Some(instance) = instances::find(&on_tenant, db, &key.instance)? else { return Ok(None) };
    let sealed = pairs::secret(&on_tenant, db, id)?.and_then(|stored| stored.sealed);
    let (service, gateway_secrets) = tenant_regions::find(&on_tenant, db, &key.region)?
        .map_or((Service::Unavailable, GatewaySecrets::Allowed), |own| (own.service, own.gateway_secrets));
    let partners = authentication::partners_on(db, tenant.partner.as_ref())?;
    let is_held_back = quarantine::holds_back(&on_tenant, db, id)?;
    Ok(Some(PairFacts { key, pair, instance, tenant, partners, service, gateway_secrets, is_held_back, sealed }))
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
