//! A person changes their own password, and every other session of theirs ends.

use authz::action::ChangePassword;
use authz::{Caller, Permit};
use domain::audit::{AuditAction, Target};
use domain::password::NewPassword;
use domain::{Invalid, Secret};
use persistence::{authentication, sessions};

use super::guesses::Guesses;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

pub struct PasswordChange {
    pub current: Secret,
    pub new: Secret,
}

pub fn change_password(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangePassword>,
    change: &PasswordChange,
) -> Result<()> {
    let Caller::User(person) = permit.caller() else { return Err(Error::Forbidden) };
    let found = service.read(|db| Ok(authentication::find_user(db, &person.user)?))?.ok_or(Error::NotFound)?;
    // Whoever has somebody's session guesses no better here than at log-in.
    let guesses = Guesses::of(service, &found.user.email);
    guesses.check(service, context)?;
    if !service.passwords.verify(&change.current, found.password_hash.as_deref())? {
        guesses.count_wrong(service, context)?;
        return Err(not_the_current_one());
    }
    let new = NewPassword::parse(change.new.expose(), found.user.email.as_str());
    let new = new.map_err(|why| Error::at("/new_password", &why))?;
    let hash = service.passwords.hash(new.secret(), &mut context.entropy)?;

    let author = context.author_of(permit.caller());
    service.database.write("change password", &author, &permit.caller().chain(), |db| {
        let now = authentication::find_user(db, &person.user)?.ok_or(Error::NotFound)?;
        // It may have changed while it was being verified.
        if now.password_hash != found.password_hash {
            return Err(not_the_current_one());
        }
        guesses.forget(db)?;
        authentication::set_password(db, &now.user, &hash)?;
        sessions::end_others(db, &person.tenancy.id, &person.user, &person.session)?;
        Ok(db.record(AuditAction::PasswordChanged, Target::new("user", &person.user), &[])?)
    })
}

fn not_the_current_one() -> Error {
    Error::at("/current_password", &Invalid::because("This is not your current password."))
}
