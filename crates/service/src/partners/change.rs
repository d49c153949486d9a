use authz::action::ChangePartner;
use authz::{OnPartner, Permit};
use domain::audit::{AuditAction, Target};
use domain::partner::Partner;
use domain::text::Name;
use persistence::partners;

use crate::context::Context;
use crate::error::Result;
use crate::service::{Service, partner_of};

/// What is to be different; the rest stays.
pub struct PartnerChange {
    pub name: Option<Name>,
}

pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangePartner>,
    change: &PartnerChange,
) -> Result<Partner> {
    let author = context.author_of(permit.caller());
    service.database.write("change partner", &author, &permit.chain(), |db| {
        let before = partner_of(permit, db)?;
        context.expects(before.version)?;
        let name = change.name.clone().unwrap_or_else(|| before.name.clone());
        let partner = partners::update(permit, db, Partner { name, ..before })?;
        let details = [("name", partner.name.to_string())];
        db.record(AuditAction::PartnerChanged, Target::new("partner", permit.partner()), &details)?;
        Ok(partner)
    })
}
