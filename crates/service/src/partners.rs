//! Partners: operators make distributors, and whoever holds a partner's token makes partners below it.

mod change;
mod create;
mod delete;
mod emergency_stop;
mod guardrails;
mod suspend;

pub use change::{PartnerChange, change};
pub use create::{NewPartner, create};
pub use delete::delete;
pub use emergency_stop::{preview as preview_emergency_stop, stop as emergency_stop, undo as undo_emergency_stop};
pub use guardrails::{DryRun, dry_run};
pub use persistence::census::Census;
pub use persistence::violations::{Violations, Violator};
pub use suspend::{resume, suspend};

use authz::Permit;
use authz::action::{ListPartners, ReadPartner};
use domain::guardrails::{Binding, Guardrails};
use domain::partner::Partner;
use persistence::{Reading, authentication, partners};

use crate::cursor::{Listing, Paged};
use crate::error::Result;
use crate::once::Repeatable;
use crate::service::{Service, partner_of};

/// A partner with what holds for it: its own guardrails and all above, the strictest of each.
#[derive(Debug, Clone)]
pub struct PartnerShown {
    pub partner: Partner,
    pub effective: Guardrails,
}

impl PartnerShown {
    fn of(db: &mut Reading<'_>, partner: Partner) -> Result<Self> {
        let path = authentication::partners_on(db, Some(&partner.path))?;
        Ok(Self { effective: Binding::of(&path).effective(), partner })
    }
}

pub fn list(service: &Service, permit: &Permit<ListPartners>, listing: &Listing) -> Result<Paged<PartnerShown>> {
    let fetch = |page: &_| {
        service.read(|db| {
            let listed = partners::list(permit, db, page)?;
            let known = partners::on_paths_to(permit, db, &listed)?;
            let shown = listed.into_iter().map(|partner| {
                let path: Vec<_> = known.iter().filter(|above| above.path.covers(&partner.path)).cloned().collect();
                PartnerShown { effective: Binding::of(&path).effective(), partner }
            });
            Ok(shown.collect())
        })
    };
    service.page(listing, fetch, |shown| shown.partner.id().to_string())
}

pub fn read(service: &Service, permit: &Permit<ReadPartner>) -> Result<PartnerShown> {
    service.read(|db| {
        let partner = partner_of(permit, db)?;
        PartnerShown::of(db, partner)
    })
}

impl Repeatable for PartnerShown {
    fn id(&self) -> String {
        self.partner.id().to_string()
    }

    fn version(&self) -> i64 {
        self.partner.version
    }
}
