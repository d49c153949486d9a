//! A refresh token in, the next pair out. A token that comes a second time was stolen: the session ends.

use domain::actor::Actor;
use domain::audit::{AuditAction, Chain, Target};
use domain::{Secret, liveness};
use persistence::authentication::{self, SessionStanding};
use persistence::sessions::{self, RefreshToken};

use super::Started;
use crate::authenticate::check_session;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

pub fn refresh(service: &Service, context: &mut Context, token: &Secret) -> Result<Started> {
    let hash = service.tokens.of_token(token.expose());
    let (known, standing) = service.read(|db| {
        let known = sessions::find_refresh_token(db, &hash)?.ok_or(Error::UnknownCredentials)?;
        let standing = authentication::find_session(db, &known.session)?.ok_or(Error::UnknownCredentials)?;
        Ok((known, standing))
    })?;
    check_session(&standing, context.now)?;
    liveness::until(known.expires_at, context.now)?;

    let SessionStanding { session, user, tenant, .. } = standing;
    let author = context.author(Actor::user(&user.id));
    let chain = Chain::Tenant(tenant.id, tenant.partner);
    let refreshed = service.database.write("refresh session", &author, &chain, |db| -> Result<Option<Started>> {
        // Read again under the lock: two requests may have come with the same token.
        match sessions::find_refresh_token(db, &hash)? {
            Some(RefreshToken { used_at: None, .. }) => {
                sessions::use_refresh_token(db, &hash)?;
                db.nothing_to_record();
                Ok(Some(service.extend_session(db, &session)?))
            }
            Some(RefreshToken { used_at: Some(_), .. }) => {
                sessions::end(db, &session.id)?;
                db.record(AuditAction::RefreshTokenReused, Target::new("session", &session.id), &[])?;
                Ok(None)
            }
            None => Err(Error::UnknownCredentials),
        }
    })?;
    refreshed.ok_or(Error::UnknownCredentials)
}
