use authz::Permit;
use authz::action::CreateKeyModel;
use domain::audit::{AuditAction, Chain, Target};
use domain::key_model::{KeyModel, Switches};
use domain::text::{KeyModelName, Name};
use persistence::key_models;

use crate::context::Context;
use crate::error::{Error, Named, Result};
use crate::service::Service;

pub struct NewKeyModel {
    pub name: KeyModelName,
    pub title: Name,
    pub switches: Switches,
}

pub fn create(
    service: &Service,
    context: &mut Context,
    permit: &Permit<CreateKeyModel>,
    new: NewKeyModel,
) -> Result<KeyModel> {
    let NewKeyModel { name, title, switches } = new;
    let switches = switches.check()?;
    let model = KeyModel { name, title, built_in: false, switches, created_at: context.now, version: 1 };
    let author = context.author_of(permit.caller());
    service.write_once(
        "create key model",
        context,
        &author,
        &Chain::Platform,
        |db| {
            key_models::insert(permit, db, &model).taken_means(Error::KeyModelExists)?;
            let details = [("title", model.title.to_string())];
            db.record(AuditAction::KeyModelCreated, Target::new("key_model", &model.name), &details)?;
            Ok(model.clone())
        },
        |db, _, _| Ok(key_models::find(db, &model.name)?),
    )
}
