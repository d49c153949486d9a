//! A refresh token in, the next pair out. A token that comes a second time was stolen: the session ends.

use chrono::TimeDelta;
use domain::actor::Actor;
use domain::audit::{AuditAction, Chain, Target};
use domain::{Secret, liveness, time};
use persistence::authentication::{self, SessionStanding};
use persistence::sessions::{self, RefreshToken};

use super::Started;
use crate::authenticate::check_session;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

pub fn refresh(service: &Service, context: &mut Context, token: &Secret) -> Result<Started> {
    match attempt(service, context, token, TimeDelta::zero())? {
        Attempt::Extended(started) => Ok(started),
        Attempt::JustUsed | Attempt::Reused => Err(Error::UnknownCredentials),
    }
}

/// The same for a browser, whose tabs share one token: two of them may come with it at the same moment. The second gets
/// nothing, since the first has what both need, and only a token that comes back later ends the session.
pub fn refresh_in_browser(service: &Service, context: &mut Context, token: &Secret) -> Result<Option<Started>> {
    match attempt(service, context, token, BETWEEN_TABS)? {
        Attempt::Extended(started) => Ok(Some(started)),
        Attempt::JustUsed => Ok(None),
        Attempt::Reused => Err(Error::UnknownCredentials),
    }
}

const BETWEEN_TABS: TimeDelta = time::minutes(1);

enum Attempt {
    Extended(Started),
    JustUsed,
    Reused,
}

fn attempt(service: &Service, context: &mut Context, token: &Secret, leeway: TimeDelta) -> Result<Attempt> {
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
    service.database.write("refresh session", &author, &chain, |db| {
        // Read again under the lock: two requests may have come with the same token.
        match sessions::find_refresh_token(db, &hash)? {
            Some(RefreshToken { used_at: None, .. }) => {
                sessions::use_refresh_token(db, &hash)?;
                db.nothing_to_record();
                Ok(Attempt::Extended(service.extend_session(db, &session)?))
            }
            Some(RefreshToken { used_at: Some(at), .. }) if db.now() - at < leeway => {
                db.nothing_to_record();
                Ok(Attempt::JustUsed)
            }
            Some(RefreshToken { used_at: Some(_), .. }) => {
                sessions::end(db, &session.id)?;
                db.record(AuditAction::RefreshTokenReused, Target::new("session", &session.id), &[])?;
                Ok(Attempt::Reused)
            }
            None => Err(Error::UnknownCredentials),
        }
    })
}
