use authz::Permit;
use authz::action::ResetKey;
use domain::audit::{AuditAction, Target};
use domain::id::KeyId;
use domain::key::FreshPair;
use persistence::keys;

use super::{Home, KeyMade, KeyShown, Maker, change_of, find, tell};
use crate::context::Context;
use crate::error::Result;
use crate::guardrails::Rails;
use crate::receipt::Receipt;
use crate::service::Service;

/// The old pair dies at the instant at which the new one lives.
pub fn reset(service: &Service, context: &mut Context, permit: &Permit<ResetKey>, id: &KeyId) -> Result<KeyMade> {
    let author = context.author_of(permit.caller());
    let now = context.now;
    service.write_once(
        "reset key",
        context,
        &author,
        &permit.chain(),
        |db| {
            let before = find(permit, db, id)?;
            context.expects(before.version)?;
            let home = Home::find(permit, db, &before.region)?;
            let fresh = FreshPair::draw(db.entropy(), &home.switches);
            let key = before.reset(fresh.access_key_id.clone(), &home.switches, now)?;
            let rails = Rails::over(permit, db, permit.caller())?;
            let secret = service.seal_pair(permit, db, &key, &fresh.secret_access_key, &Maker::within(&rails))?;
            let key = keys::update(permit, db, key, Some(secret))?;
            let receipt = tell(db, &key)?;
            let details = [("access_key_id", fresh.access_key_id.to_string())];
            db.record(AuditAction::KeyReset, Target::new("key", id), &details)?;
            let shown = KeyShown::of(permit, db, key, &home.switches, now)?;
            let made = service.hand_out(permit, db, shown, fresh, home, &rails)?;
            Ok(KeyMade { receipt: Some(receipt), ..made })
        },
        |db, id, link| {
            let Some(made) = service.made_again(permit, db, id, permit.caller(), link)? else { return Ok(None) };
            let receipt = Receipt::newest(db, &change_of(&made.shown.key), made.shown.now)?;
            Ok(Some(KeyMade { receipt: Some(receipt), ..made }))
        },
    )
}
