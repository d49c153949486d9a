use authz::action::CreatePartner;
use authz::{Partnership, Permit, Reach};
use domain::Invalid;
use domain::audit::{AuditAction, Chain, Target};
use domain::guardrails::Guardrails;
use domain::id::PartnerId;
use domain::partner::{Partner, PartnerPath};
use domain::text::Name;
use persistence::{authentication, partners};

use super::{PartnerShown, guardrails};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

pub struct NewPartner {
    pub name: Name,
    /// Where in the tree; a partner's own token makes it directly below unless it says otherwise.
    pub parent: Option<PartnerId>,
    pub guardrails: Guardrails,
}

pub fn create(
    service: &Service,
    context: &mut Context,
    permit: &Permit<CreatePartner>,
    new: NewPartner,
) -> Result<PartnerShown> {
    let parent = parent_of(service, permit, new.parent)?;
    let id = PartnerId::draw(&mut context.entropy, context.now);
    let path = match parent {
        None => PartnerPath::root(id),
        Some(parent) => parent.child(id).map_err(|why| Error::at("/parent_id", &why))?,
    };
    let partner = Partner {
        path,
        name: new.name,
        created_at: context.now,
        suspended_at: None,
        stop: None,
        guardrails: new.guardrails,
        version: 1,
    };
    let author = context.author_of(permit.caller());
    service.write_once(
        "create partner",
        context,
        &author,
        &Chain::Partner(partner.path.clone()),
        |db| {
            guardrails::check(db, permit.caller(), partner.path.parent_path().as_ref(), &partner.guardrails)?;
            partners::insert(permit, db, &partner)?;
            let mut details = vec![("name", partner.name.to_string()), ("path", partner.path.to_string())];
            details.extend(guardrails::details(&partner.guardrails));
            db.record(AuditAction::PartnerCreated, Target::new("partner", partner.id()), &details)?;
            PartnerShown::of(db, partner.clone())
        },
        |db, id, _| {
            let found = PartnerId::parse(id).ok().map(|id| authentication::locate_partner(db, &id)).transpose()?;
            let Some(partnership) = found.flatten() else { return Ok(None) };
            let Some(made) = permit.on_what_it_made(partnership) else { return Ok(None) };
            partners::find(&made, db)?.map(|partner| PartnerShown::of(db, partner)).transpose()
        },
    )
}

/// A partner that the caller cannot see is as wrong as one that is not there.
fn parent_of(service: &Service, permit: &Permit<CreatePartner>, id: Option<PartnerId>) -> Result<Option<PartnerPath>> {
    let own = match permit.reach() {
        Reach::Everything => None,
        Reach::Subtree(path) => Some(path),
        Reach::OneTenant(_) | Reach::Nothing => return Err(Error::Forbidden),
    };
    let Some(id) = id else { return Ok(own) };
    let located = service.read(|db| Ok(authentication::locate_partner(db, &id)?))?;
    let visible = located.filter(|found: &Partnership| own.is_none_or(|own| own.covers(&found.path)));
    let why = Invalid::because("There is no partner with this id.");
    visible.map(|found| Some(found.path)).ok_or_else(|| Error::at("/parent_id", &why))
}
