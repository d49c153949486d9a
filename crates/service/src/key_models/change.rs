use authz::Permit;
use authz::action::ChangeKeyModel;
use domain::audit::{AuditAction, Chain, Target};
use domain::key_model::{KeyModel, Switches};
use domain::text::{KeyModelName, Name};
use persistence::key_models;

use super::find_own;
use crate::context::Context;
use crate::error::Result;
use crate::service::Service;

/// A new title, and what to make of the switches as they are.
pub struct KeyModelChange<F: Fn(Switches) -> Switches> {
    pub title: Option<Name>,
    pub switches: F,
}

pub fn change<F: Fn(Switches) -> Switches>(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangeKeyModel>,
    name: &KeyModelName,
    change: &KeyModelChange<F>,
) -> Result<KeyModel> {
    let author = context.author_of(permit.caller());
    service.database.write("change key model", &author, &Chain::Platform, |db| {
        let before = find_own(db, name)?;
        context.expects(before.version)?;
        let model = KeyModel {
            title: change.title.clone().unwrap_or_else(|| before.title.clone()),
            switches: (change.switches)(before.switches.clone()).check()?,
            ..before
        };
        let model = key_models::update(permit, db, model)?;
        let details = [("title", model.title.to_string())];
        db.record(AuditAction::KeyModelChanged, Target::new("key_model", name), &details)?;
        Ok(model)
    })
}
