//! Partners: operators make distributors, and whoever holds a partner's token makes partners below it.

mod change;
mod create;
mod delete;
mod suspend;

pub use change::{PartnerChange, change};
pub use create::{NewPartner, create};
pub use delete::delete;
pub use suspend::{resume, suspend};

use authz::Permit;
use authz::action::{ListPartners, ReadPartner};
use domain::partner::Partner;
use persistence::partners;

use crate::cursor::{Listing, Paged};
use crate::error::Result;
use crate::once::Repeatable;
use crate::service::{Service, partner_of};

pub fn list(service: &Service, permit: &Permit<ListPartners>, listing: &Listing) -> Result<Paged<Partner>> {
    let fetch = |page: &_| service.read(|db| Ok(partners::list(permit, db, page)?));
    service.page(listing, fetch, |partner| partner.id().to_string())
}

pub fn read(service: &Service, permit: &Permit<ReadPartner>) -> Result<Partner> {
    service.read(|db| partner_of(permit, db))
}

impl Repeatable for Partner {
    fn id(&self) -> String {
        self.id().to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }
}
