//! An invited person sets a password and is in.

use domain::actor::Actor;
use domain::audit::{AuditAction, Chain, Target};
use domain::password::NewPassword;
use domain::{Secret, liveness};
use persistence::{authentication, invitations};

use super::Started;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

/// Works once, within the invitation's time, while the tenant counts.
pub fn accept_invitation(
    service: &Service,
    context: &mut Context,
    invitation: &Secret,
    password: &Secret,
) -> Result<Started> {
    let hash = service.tokens.of_token(invitation.expose());
    let (invitation, user, tenant, partners) = service.read(|db| {
        let invitation = invitations::find(db, &hash)?.ok_or(Error::DeadLink)?;
        let user = authentication::find_user(db, &invitation.user)?.ok_or(Error::DeadLink)?.user;
        let (tenant, partners) = authentication::find_tenant_of(db, &user)?;
        Ok((invitation, user, tenant, partners))
    })?;
    let is_live = liveness::until(invitation.expires_at, context.now).is_ok()
        && liveness::tenant(&tenant, &partners).is_ok()
        && user.suspended_at.is_none();
    if !is_live {
        return Err(Error::DeadLink);
    }
    let password = NewPassword::parse(password.expose(), user.email.as_str());
    let password = password.map_err(|why| Error::at("/password", &why))?;
    let password_hash = service.passwords.hash(password.secret(), &mut context.entropy)?;

    let author = context.author(Actor::user(&user.id));
    let chain = Chain::Tenant(tenant.id, tenant.partner);
    service.database.write("accept invitation", &author, &chain, |db| {
        // Somebody may have opened the same link in the meantime.
        let invitation = invitations::find(db, &hash)?.ok_or(Error::DeadLink)?;
        let user = authentication::find_user(db, &invitation.user)?.ok_or(Error::DeadLink)?.user;
        invitations::take(db, &invitation)?;
        authentication::set_password(db, &user, &password_hash)?;
        let started = service.begin_session(db, &user)?;
        db.record(AuditAction::UserJoined, Target::new("user", &user.id), &[])?;
        Ok(started)
    })
}
