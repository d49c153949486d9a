use authz::Permit;
use authz::action::DeleteUser;
use domain::audit::{AuditAction, Target};
use domain::id::UserId;
use persistence::users;

use super::{find, keep_an_admin, not_oneself};
use crate::context::Context;
use crate::error::Result;
use crate::service::{Service, tenant_of};

/// With the person go their sessions, and the tokens they made stop working. Somebody with the same e-mail address who
/// is added later is somebody else.
pub fn delete(service: &Service, context: &mut Context, permit: &Permit<DeleteUser>, id: &UserId) -> Result<()> {
    not_oneself(permit, id)?;
    let author = context.author_of(permit.caller());
    service.database.write("delete user", &author, &permit.chain(), |db| {
        tenant_of(permit, db)?.unless_being_deleted()?;
        let user = find(permit, db, id)?;
        context.expects(user.version)?;
        keep_an_admin(permit, db, &user, false)?;
        users::delete(permit, db, &user)?;
        Ok(db.record(AuditAction::UserDeleted, Target::new("user", id), &[("email", user.email.to_string())])?)
    })
}
