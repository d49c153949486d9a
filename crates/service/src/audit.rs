//! Reading the audit: all of it, a partner's subtree, one tenant's, as the permit says.

use persistence::audit;
pub use persistence::audit::{Audience, ChainedEvent, Filter};

use crate::cursor::{Listing, Paged};
use crate::error::Result;
use crate::service::Service;

/// The newest first.
pub fn list(
    service: &Service,
    permit: &impl Audience,
    filter: &Filter,
    listing: &Listing,
) -> Result<Paged<ChainedEvent>> {
    let fetch = |page: &_| service.read(|db| Ok(audit::list(permit, db, filter, page)?));
    service.page(listing, fetch, |found| found.event.id.to_string())
}

/// Chain by chain, each from its beginning, so that whoever reads along can check the hashes and remember one of them.
pub fn export(
    service: &Service,
    permit: &impl Audience,
    filter: &Filter,
    listing: &Listing,
) -> Result<Paged<ChainedEvent>> {
    let fetch = |page: &_| service.read(|db| Ok(audit::list_by_chain(permit, db, filter, page)?));
    service.page(listing, fetch, ChainedEvent::position_in_chain)
}
