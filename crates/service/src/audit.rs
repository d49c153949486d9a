//! Reading the audit: all of it, a partner's subtree, one tenant's.

use authz::Permit;
use authz::action::{ReadAudit, ReadPartnerAudit, ReadTenantAudit};
use persistence::audit;
pub use persistence::audit::{ChainedEvent, Filter};

use crate::cursor::{Listing, Paged};
use crate::error::Result;
use crate::service::Service;

pub fn of_platform(
    service: &Service,
    permit: &Permit<ReadAudit>,
    filter: &Filter,
    listing: &Listing,
) -> Result<Paged<ChainedEvent>> {
    let fetch = |page: &_| service.read(|db| Ok(audit::list(permit, db, filter, page)?));
    service.page(listing, fetch, position)
}

pub fn of_partner(
    service: &Service,
    permit: &Permit<ReadPartnerAudit>,
    filter: &Filter,
    listing: &Listing,
) -> Result<Paged<ChainedEvent>> {
    let fetch = |page: &_| service.read(|db| Ok(audit::list_of_partner(permit, db, filter, page)?));
    service.page(listing, fetch, position)
}

pub fn of_tenant(
    service: &Service,
    permit: &Permit<ReadTenantAudit>,
    filter: &Filter,
    listing: &Listing,
) -> Result<Paged<ChainedEvent>> {
    let fetch = |page: &_| service.read(|db| Ok(audit::list_of_tenant(permit, db, filter, page)?));
    service.page(listing, fetch, position)
}

fn position(found: &ChainedEvent) -> String {
    found.event.id.to_string()
}
