//! Revoke, disable, enable: three transitions that make no new pair.

use authz::action::{DisableKey, EnableKey, RevokeKey};
use authz::{Action, Permit, Tenancy};
use domain::Timestamp;
use domain::audit::{AuditAction, Target};
use domain::id::KeyId;
use domain::key::{Key, Refused};
use domain::key_model::Switches;
use persistence::keys;

use super::{Home, KeyShown, change_of, find, tell};
use crate::context::Context;
use crate::error::Result;
use crate::receipt::{Receipt, Stopped};
use crate::service::Service;

/// Final. The key stays as history.
pub fn revoke(
    service: &Service,
    context: &mut Context,
    permit: &Permit<RevokeKey>,
    id: &KeyId,
) -> Result<Stopped<KeyShown>> {
    let transition = |key: Key, switches: &Switches, now| key.revoke(switches, now);
    alter(service, context, permit, id, "revoke key", AuditAction::KeyRevoked, transition)
}

/// Until it is enabled again.
pub fn disable(
    service: &Service,
    context: &mut Context,
    permit: &Permit<DisableKey>,
    id: &KeyId,
) -> Result<Stopped<KeyShown>> {
    let transition = |key: Key, _: &Switches, now| key.disable(now);
    alter(service, context, permit, id, "disable key", AuditAction::KeyDisabled, transition)
}

pub fn enable(
    service: &Service,
    context: &mut Context,
    permit: &Permit<EnableKey>,
    id: &KeyId,
) -> Result<Stopped<KeyShown>> {
    let transition = |key: Key, _: &Switches, now| key.enable(now);
    alter(service, context, permit, id, "enable key", AuditAction::KeyEnabled, transition)
}

fn alter<A: Action<Object = Tenancy>>(
    service: &Service,
    context: &mut Context,
    permit: &Permit<A>,
    id: &KeyId,
    name: &'static str,
    action: AuditAction,
    transition: impl Fn(Key, &Switches, Timestamp) -> Result<Key, Refused>,
) -> Result<Stopped<KeyShown>> {
    let author = context.author_of(permit.caller());
    let now = context.now;
    service.write_once(
        name,
        context,
        &author,
        &permit.chain(),
        |db| {
            let before = find(permit, db, id)?;
            context.expects(before.version)?;
            let home = Home::find(permit, db, &before.region)?;
            let key = keys::update(permit, db, transition(before, &home.switches, now)?, None)?;
            let receipt = tell(db, &key)?;
            db.record(action, Target::new("key", id), &[])?;
            Ok(Stopped { object: KeyShown::of(permit, db, key, &home.switches, now)?, receipt })
        },
        |db, _, _| {
            let key = find(permit, db, id)?;
            let home = Home::find(permit, db, &key.region)?;
            let receipt = Receipt::newest(db, &change_of(&key), now)?;
            Ok(Some(Stopped { object: KeyShown::of(permit, db, key, &home.switches, now)?, receipt }))
        },
    )
}
