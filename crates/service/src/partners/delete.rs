use authz::action::DeletePartner;
use authz::{OnPartner, Permit};
use domain::audit::{AuditAction, Target};
use domain::change::Change;
use persistence::partners;

use crate::context::Context;
use crate::error::{Error, Named, Result};
use crate::service::{Service, partner_of};

/// Only a partner that has no tenants, no resellers and no tokens any more.
pub fn delete(service: &Service, context: &mut Context, permit: &Permit<DeletePartner>) -> Result<()> {
    let author = context.author_of(permit.caller());
    service.database.write("delete partner", &author, &permit.chain(), |db| {
        let partner = partner_of(permit, db)?;
        context.expects(partner.version)?;
        partners::delete(permit, db, &partner).referenced_means(Error::PartnerNotEmpty)?;
        db.tell(&Change::Partner(permit.partner().clone()))?;
        Ok(db.record(AuditAction::PartnerDeleted, Target::new("partner", permit.partner()), &[])?)
    })
}
