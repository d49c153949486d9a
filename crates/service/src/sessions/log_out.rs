//! Ends the caller's own session.

use authz::action::EndSession;
use authz::{Caller, Permit};
use domain::audit::{AuditAction, Target};
use persistence::sessions;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

pub fn log_out(service: &Service, context: &mut Context, permit: &Permit<EndSession>) -> Result<()> {
    let Caller::User(person) = permit.caller() else { return Err(Error::Forbidden) };
    let author = context.author_of(permit.caller());
    service.database.write("log out", &author, &permit.caller().chain(), |db| {
        sessions::end(db, &person.session)?;
        Ok(db.record(AuditAction::SessionEnded, Target::new("session", &person.session), &[])?)
    })
}
