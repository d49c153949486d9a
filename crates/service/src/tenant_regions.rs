//! What a tenant has in each region that is offered to it.

mod change;

pub use change::{OfferChanged, TenantRegionChange, change};

use authz::action::{ListTenantRegions, ReadTenantRegion};
use authz::{OnTenant, Permit};
use domain::region::Region;
use domain::tenant_region::{GatewaySecrets, RegionStatus, Service as Availability, TenantRegion};
use domain::text::{KeyModelName, RegionCode};
use persistence::{Reading, keys, regions, tenant_regions};

use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::service::Service;

/// A region with what the tenant has there.
#[derive(Debug, Clone)]
pub struct Offer {
    pub region: Region,
    pub own: TenantRegion,
    pub key_count: i64,
}

impl Offer {
    fn new(region: Region, own: Option<TenantRegion>, key_count: i64) -> Self {
        let own = own.unwrap_or_else(|| TenantRegion {
            region: region.code.clone(),
            service: Availability::Unavailable,
            key_model: None,
            gateway_secrets: GatewaySecrets::Allowed,
            version: 0,
        });
        Self { region, own, key_count }
    }

    pub fn key_model(&self) -> &KeyModelName {
        self.own.key_model.as_ref().unwrap_or(&self.region.key_model)
    }

    pub fn status(&self) -> RegionStatus {
        RegionStatus::of(self.own.service, self.key_count)
    }
}

pub fn list(service: &Service, permit: &Permit<ListTenantRegions>, listing: &Listing) -> Result<Paged<Offer>> {
    let fetch = |page: &_| {
        service.read(|db| {
            let offered = regions::list(db, page)?;
            let codes: Vec<_> = offered.iter().map(|region| region.code.clone()).collect();
            let mut own = tenant_regions::list(permit, db, &codes)?;
            let mut take = |code: &RegionCode| {
                own.iter().position(|found| found.region == *code).map(|position| own.swap_remove(position))
            };
            let counts = keys::count_by_region(permit, db, &codes)?;
            let offers = offered.into_iter().map(|region| {
                let own = take(&region.code);
                let key_count = counts.get(region.code.as_str()).copied().unwrap_or(0);
                Offer::new(region, own, key_count)
            });
            Ok(offers.collect())
        })
    };
    service.page(listing, fetch, |offer| offer.region.code.to_string())
}

pub fn read(service: &Service, permit: &Permit<ReadTenantRegion>, code: &RegionCode) -> Result<Offer> {
    service.read(|db| find(permit, db, code))
}

fn find(permit: &impl OnTenant, db: &mut Reading<'_>, code: &RegionCode) -> Result<Offer> {
    let region = regions::find(db, code)?.ok_or(Error::NotFound)?;
    let counts = keys::count_by_region(permit, db, std::slice::from_ref(code))?;
    let key_count = counts.get(code.as_str()).copied().unwrap_or(0);
    Ok(Offer::new(region, tenant_regions::find(permit, db, code)?, key_count))
}
