use authz::action::ChangeTenantRegion;
use authz::{Caller, OnTenant, Permit};
use domain::Invalid;
use domain::audit::{AuditAction, Target};
use domain::change::Change;
use domain::tenant_region::{GatewaySecrets, Service as Availability, TenantRegion};
use domain::text::{KeyModelName, RegionCode};
use persistence::{Writing, instances, key_models, tenant_regions};

use super::{Offer, find};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::guardrails::Rails;
use crate::keys::{Home, KeyMade};
use crate::service::{Service, tenant_of};

pub struct TenantRegionChange {
    pub service: Availability,
    /// `Some(None)` goes back to the region's own. Which product a tenant has is not for its own people to say.
    pub key_model: Option<Option<KeyModelName>>,
    pub gateway_secrets: Option<GatewaySecrets>,
}

/// What the tenant has there now; with the first key of a storage instance that was made on the way, where the key model
/// makes one.
pub struct OfferChanged {
    pub offer: Offer,
    pub initial_key: Option<KeyMade>,
}

pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangeTenantRegion>,
    code: &RegionCode,
    change: &TenantRegionChange,
) -> Result<OfferChanged> {
    if change.key_model.is_some() && matches!(permit.caller(), Caller::User(_) | Caller::Tenant(..)) {
        return Err(Error::Forbidden);
    }
    let author = context.author_of(permit.caller());
    service.database.write("change tenant region", &author, &permit.chain(), |db| {
        tenant_of(permit, db)?.unless_being_deleted()?;
        let before = find(permit, db, code)?;
        context.expects(before.own.version)?;
        if let Some(Some(name)) = &change.key_model {
            let why = Invalid::because("There is no key model with this name.");
            key_models::find(db, name)?.ok_or_else(|| Error::at("/key_model", &why))?;
        }
        let own = TenantRegion {
            service: change.service,
            key_model: change.key_model.clone().unwrap_or_else(|| before.own.key_model.clone()),
            gateway_secrets: change.gateway_secrets.unwrap_or(before.own.gateway_secrets),
            ..before.own.clone()
        };
        let after = Offer { own: own.clone(), ..before.clone() };
        let begins = own.service == Availability::Available && before.own.service == Availability::Unavailable;
        if begins || after.key_model() != before.key_model() {
            let rails = Rails::over(permit, db, permit.caller())?;
            rails.ask(|binding| binding.agree_to_place(&after.region.code, after.key_model()))?;
        }
        let own = if own.version == 0 {
            let own = TenantRegion { version: 1, ..own };
            tenant_regions::insert(permit, db, &own)?;
            own
        } else {
            tenant_regions::update(permit, db, own)?
        };
        db.tell(&Change::Tenant(permit.tenant().clone()))?;
        let offer = Offer { own, ..before };
        let details = [
            (
                "service",
                if offer.own.service == Availability::Available { "available" } else { "unavailable" }.to_owned(),
            ),
            ("key_model", offer.key_model().to_string()),
            (
                "gateway_secrets",
                (if offer.own.gateway_secrets == GatewaySecrets::Allowed { "allowed" } else { "forbidden" }).to_owned(),
            ),
        ];
        db.record(AuditAction::TenantRegionChanged, Target::new("region", code), &details)?;
        let initial_key = service.first_instance(permit, db, &offer)?;
        let offer = Offer { key_count: offer.key_count + i64::from(initial_key.is_some()), ..offer };
        Ok(OfferChanged { offer, initial_key })
    })
}

impl Service {
    /// Where the service is available there is a storage instance, without anybody having to ask for one.
    fn first_instance(
        &self,
        permit: &Permit<ChangeTenantRegion>,
        db: &mut Writing<'_>,
        offer: &Offer,
    ) -> Result<Option<KeyMade>> {
        let is_there = instances::count_in(permit, db, &offer.region.code)? > 0;
        if offer.own.service == Availability::Unavailable || is_there {
            return Ok(None);
        }
        let home = Home::find(permit, db, &offer.region.code)?;
        let name = offer.region.name.clone();
        Ok(self.make_instance(permit, db, home, name, None, permit.caller())?.initial_key)
    }
}
