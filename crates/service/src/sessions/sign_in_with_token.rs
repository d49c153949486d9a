//! The holder of an API token comes into the console: operators and partners have no passwords.

use authz::Caller;
use chrono::TimeDelta;
use domain::audit::{AuditAction, Target};
use domain::{Secret, Timestamp, time};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

/// A working day. Then the token is asked for again, however long it lives itself.
const LONGEST: TimeDelta = time::minutes(12 * 60);

/// Stands for the token in the console's cookie. What it may do is what the token may, at every request anew.
pub struct SignedIn {
    pub proof: Secret,
    pub expires_at: Timestamp,
}

pub fn sign_in_with_token(service: &Service, context: &mut Context, token: &Secret) -> Result<SignedIn> {
    let (now, from) = (context.now, context.address());
    let caller = service.authenticate(token.expose(), from, now)?;
    if matches!(caller, Caller::Gateway(_)) {
        return Err(Error::Forbidden);
    }
    // A session's access token is somebody's, and has its own way in.
    let held = caller.token().ok_or(Error::UnknownCredentials)?;
    let expires_at = held.expires_at.min(now + LONGEST);
    let author = context.author_of(&caller);
    service.database.write("sign in with token", &author, &caller.chain(), |db| {
        let proof = service.bearers.seal_holder(&held.id, now, expires_at, db.entropy())?;
        db.record(AuditAction::SessionStarted, Target::new("token", &held.id), &[])?;
        Ok(SignedIn { proof, expires_at })
    })
}
