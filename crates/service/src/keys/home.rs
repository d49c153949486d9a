//! Where a key lives: its region, and the switches that the tenant's key model has there today.

use std::collections::HashMap;

use authz::OnTenant;
use domain::key_model::Switches;
use domain::region::Region;
use domain::tenant_region::Service as Availability;
use domain::text::{KeyModelName, RegionCode};
use persistence::{Reading, homes};

use crate::error::{Error, Result};

#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) region: Region,
    pub(crate) key_model: KeyModelName,
    pub(crate) switches: Switches,
    pub(crate) service: Availability,
}

impl Home {
    pub(crate) fn find(permit: &impl OnTenant, db: &mut Reading<'_>, code: &RegionCode) -> Result<Self> {
        let (region, own, model) = homes::find(permit, db, code)?.ok_or(Error::NotFound)?;
        let service = own.map_or(Availability::Unavailable, |own| own.service);
        Ok(Self { region, key_model: model.name, switches: model.switches, service })
    }

    /// Nothing new begins where the service is not available.
    pub(crate) fn unless_unavailable(self) -> Result<Self> {
        match self.service {
            Availability::Available => Ok(self),
            Availability::Unavailable => Err(Error::RegionUnavailable),
        }
    }
}

/// For a page of keys: each region is looked up once.
#[derive(Default)]
pub(crate) struct Homes(HashMap<RegionCode, Home>);

impl Homes {
    pub(crate) fn of(&mut self, permit: &impl OnTenant, db: &mut Reading<'_>, code: &RegionCode) -> Result<&Home> {
        use std::collections::hash_map::Entry;
        match self.0.entry(code.clone()) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => Ok(unknown.insert(Home::find(permit, db, code)?)),
        }
    }
}
