use authz::action::DeletePartner;
use authz::{OnPartner, Permit};
use domain::audit::{AuditAction, Target};
use domain::change::Change;
use persistence::{api_tokens, partners};

use crate::context::Context;
use crate::error::{Error, Named, Result};
use crate::service::{Service, partner_of};

/// Only a partner that has no tenants and no partners below it any more. Its tokens go with it.
pub fn delete(service: &Service, context: &mut Context, permit: &Permit<DeletePartner>) -> Result<()> {
    let author = context.author_of(permit.caller());
    service.database.write("delete partner", &author, &permit.chain(), |db| {
        let partner = partner_of(permit, db)?;
        context.expects(partner.version)?;
        api_tokens::delete_all_of_partner(permit, db)?;
        partners::delete(permit, db, &partner).referenced_means(Error::PartnerNotEmpty)?;
        db.tell(&Change::Partner(permit.partner().clone()))?;
        Ok(db.record(AuditAction::PartnerDeleted, Target::new("partner", permit.partner()), &[])?)
    })
}
