//! Tenants: made by operators and partners; suspended, deleted and brought back by whoever may.

mod change;
mod create;
mod lifecycle;

pub use change::{TenantChange, change};
pub use create::{FirstAdmin, NewTenant, TenantMade, create};
pub use lifecycle::{delete, restore, resume, suspend};
pub use persistence::tenants::Filter;

use authz::Permit;
use authz::action::{ListTenants, ReadTenant};
use domain::tenant::Tenant;
use persistence::tenants;

use crate::context::Context;
use crate::cursor::{Listing, Paged};
use crate::error::Result;
use crate::once::Repeatable;
use crate::service::{Service, tenant_of};

pub fn list(
    service: &Service,
    context: &Context,
    permit: &Permit<ListTenants>,
    filter: &Filter,
    listing: &Listing,
) -> Result<Paged<Tenant>> {
    let fetch = |page: &_| service.read(|db| Ok(tenants::list(permit, db, context.now, filter, page)?));
    service.page(listing, fetch, |tenant| tenant.id.to_string())
}

pub fn read(service: &Service, permit: &Permit<ReadTenant>) -> Result<Tenant> {
    service.read(|db| tenant_of(permit, db))
}

impl Repeatable for Tenant {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }
}
