use authz::Permit;
use authz::action::ChangeKey;
use domain::audit::{AuditAction, Target};
use domain::id::KeyId;
use domain::key::Terms;
use persistence::keys;

use super::create::{check_buckets, details};
use super::{Home, KeyShown, find, tell};
use crate::context::Context;
use crate::error::Result;
use crate::guardrails::Rails;
use crate::service::Service;

/// What to make of a key's terms as they are.
pub type KeyChange = dyn Fn(Terms) -> Terms + Send;

pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangeKey>,
    id: &KeyId,
    change: &KeyChange,
) -> Result<KeyShown> {
    let author = context.author_of(permit.caller());
    service.database.write("change key", &author, &permit.chain(), |db| {
        let before = find(permit, db, id)?;
        context.expects(before.version)?;
        let home = Home::find(permit, db, &before.region)?;
        let terms = change(before.terms.clone());
        if terms.grants.buckets != before.terms.grants.buckets {
            check_buckets(permit, db, &terms.grants)?;
        }
        let rails = Rails::over(permit, db, permit.caller())?;
        rails.ask(|binding| binding.agree_to_changed(&before.terms, &terms, before.created_at))?;
        let now = db.now();
        let key = keys::update(permit, db, before.change(terms, &home.switches, now)?, None)?;
        tell(db, &key)?;
        db.record(AuditAction::KeyChanged, Target::new("key", id), &details(&key))?;
        KeyShown::of(permit, db, key, &home.switches, now)
    })
}
