//! How a tenant's or a partner's keys stand, in numbers.

use authz::Permit;
use authz::action::{ReadPartnerPosture, ReadTenantPosture};
use domain::Timestamp;
use domain::posture::Posture;
use domain::tenant::Tenant;
use persistence::posture;

use crate::context::Context;
use crate::cursor::{Listing, Paged};
use crate::error::Result;
use crate::service::Service;

/// A posture and the moment it was taken.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    pub posture: Posture,
    pub at: Timestamp,
}

#[derive(Debug)]
pub struct PartnerPosture {
    /// Of everything below the partner, whichever page is asked for.
    pub all: Taken,
    pub tenants: Paged<(Tenant, Posture)>,
}

pub fn of_tenant(service: &Service, context: &Context, permit: &Permit<ReadTenantPosture>) -> Result<Taken> {
    let posture = service.read(|db| Ok(posture::of_tenant(permit, db, context.now)?))?;
    Ok(Taken { posture, at: context.now })
}

pub fn of_partner(
    service: &Service,
    context: &Context,
    permit: &Permit<ReadPartnerPosture>,
    listing: &Listing,
) -> Result<PartnerPosture> {
    let fetch = |page: &_| service.read(|db| Ok(posture::by_tenant(permit, db, context.now, page)?));
    let tenants = service.page(listing, fetch, |(tenant, _)| tenant.id.to_string())?;
    let posture = service.read(|db| Ok(posture::of_partner(permit, db, context.now)?))?;
    Ok(PartnerPosture { all: Taken { posture, at: context.now }, tenants })
}
