//! Storage instances: a tenant's S3 service in a region. Where a key model allows one, it is simply there.

mod change;
mod create;
mod delete;

pub use change::{InstanceChange, change};
pub use create::{InstanceMade, NewInstanceOrder, create};
pub use delete::delete;

use authz::action::{ListInstances, ReadInstance};
use authz::{OnTenant, Permit};
use domain::id::InstanceId;
use domain::instance::StorageInstance;
use domain::text::RegionCode;
use persistence::{Reading, instances};

use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::once::Repeatable;
use crate::service::Service;

pub fn list(
    service: &Service,
    permit: &Permit<ListInstances>,
    region: Option<&RegionCode>,
    listing: &Listing,
) -> Result<Paged<StorageInstance>> {
    let fetch = |page: &_| service.read(|db| Ok(instances::list(permit, db, region, page)?));
    service.page(listing, fetch, |instance| instance.id.to_string())
}

pub fn read(service: &Service, permit: &Permit<ReadInstance>, id: &InstanceId) -> Result<StorageInstance> {
    service.read(|db| find(permit, db, id))
}

fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &InstanceId) -> Result<StorageInstance> {
    instances::find(permit, db, id)?.ok_or(Error::NotFound)
}

impl Repeatable for StorageInstance {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }
}
