//! Regions: operators make them, everybody reads them.

mod change;
mod create;
mod delete;

pub use change::{RegionChange, change};
pub use create::{NewRegion, create};
pub use delete::delete;

use authz::Permit;
use authz::action::{ListRegions, ReadRegion};
use domain::region::Region;
use domain::text::RegionCode;
use persistence::{Reading, key_models, regions};

use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::once::Repeatable;
use crate::service::Service;

pub fn list(service: &Service, _: &Permit<ListRegions>, listing: &Listing) -> Result<Paged<Region>> {
    let fetch = |page: &_| service.read(|db| Ok(regions::list(db, page)?));
    service.page(listing, fetch, |region| region.code.to_string())
}

pub fn read(service: &Service, _: &Permit<ReadRegion>, code: &RegionCode) -> Result<Region> {
    service.read(|db| find(db, code))
}

fn find(db: &mut Reading<'_>, code: &RegionCode) -> Result<Region> {
    regions::find(db, code)?.ok_or(Error::NotFound)
}

/// The model that a body names must be there.
fn check_key_model(db: &mut Reading<'_>, name: &domain::text::KeyModelName) -> Result<()> {
    let known = key_models::find(db, name)?.is_some();
    let why = domain::Invalid::because("There is no key model with this name.");
    if known { Ok(()) } else { Err(Error::at("/key_model", &why)) }
}

impl Repeatable for Region {
    fn id(&self) -> String {
        self.code.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }
}
