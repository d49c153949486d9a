use authz::action::ChangePartner;
use authz::{Caller, OnPartner, Permit};
use domain::audit::{AuditAction, Target};
use domain::guardrails::Guardrails;
use domain::partner::Partner;
use domain::text::Name;
use persistence::partners;

use super::{PartnerShown, guardrails};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::{Service, partner_of};

/// What is to be different; the rest stays.
pub struct PartnerChange {
    pub name: Option<Name>,
    /// All of them anew. Not for the partner itself to say.
    pub guardrails: Option<Guardrails>,
}

pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangePartner>,
    change: &PartnerChange,
) -> Result<PartnerShown> {
    let is_own = matches!(permit.caller(), Caller::Partner(_, own) if own == permit.path());
    if is_own && change.guardrails.is_some() {
        return Err(Error::Forbidden);
    }
    let author = context.author_of(permit.caller());
    service.database.write("change partner", &author, &permit.chain(), |db| {
        let before = partner_of(permit, db)?;
        context.expects(before.version)?;
        if let Some(wanted) = &change.guardrails {
            guardrails::check(db, permit.caller(), permit.path().parent_path().as_ref(), wanted)?;
        }
        let after = Partner {
            name: change.name.clone().unwrap_or_else(|| before.name.clone()),
            guardrails: change.guardrails.clone().unwrap_or_else(|| before.guardrails.clone()),
            ..before.clone()
        };
        let partner = partners::update(permit, db, after)?;
        let target = || Target::new("partner", permit.partner());
        if partner.guardrails != before.guardrails {
            let details = guardrails::details(&partner.guardrails);
            db.record(AuditAction::PartnerGuardrailsChanged, target(), &details)?;
        }
        let details = [("name", partner.name.to_string())];
        db.record(AuditAction::PartnerChanged, target(), &details)?;
        PartnerShown::of(db, partner)
    })
}
