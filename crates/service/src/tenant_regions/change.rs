use authz::action::ChangeTenantRegion;
use authz::{Caller, OnTenant, Permit};
use domain::Invalid;
use domain::audit::{AuditAction, Target};
use domain::change::Change;
use domain::tenant_region::{Service as Availability, TenantRegion};
use domain::text::{KeyModelName, RegionCode};
use persistence::{key_models, tenant_regions};

use super::{Offer, find};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::{Service, tenant_of};

pub struct TenantRegionChange {
    pub service: Availability,
    /// `Some(None)` goes back to the region's own. Which product a tenant has is not for its own people to say.
    pub key_model: Option<Option<KeyModelName>>,
}

pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangeTenantRegion>,
    code: &RegionCode,
    change: &TenantRegionChange,
) -> Result<Offer> {
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
            ..before.own
        };
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
        ];
        db.record(AuditAction::TenantRegionChanged, Target::new("region", code), &details)?;
        Ok(offer)
    })
}
