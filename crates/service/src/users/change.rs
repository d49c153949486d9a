use authz::Permit;
use authz::action::ChangeUser;
use domain::Role;
use domain::audit::{AuditAction, Target};
use domain::id::UserId;
use domain::text::Name;
use domain::user::User;
use persistence::{sessions, users};

use super::{find, keep_an_admin, not_oneself};
use crate::context::Context;
use crate::error::Result;
use crate::service::{Service, tenant_of};

/// What is to be different; the rest stays.
pub struct UserChange {
    pub name: Option<Name>,
    pub role: Option<Role>,
    pub suspended: Option<bool>,
}

/// A role counts from the next request on, and so does a suspension, which also ends every session.
pub fn change(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ChangeUser>,
    id: &UserId,
    change: &UserChange,
) -> Result<User> {
    if change.role.is_some() || change.suspended.is_some() {
        not_oneself(permit, id)?;
    }
    let author = context.author_of(permit.caller());
    service.database.write("change user", &author, &permit.chain(), |db| {
        tenant_of(permit, db)?.unless_being_deleted()?;
        let before = find(permit, db, id)?;
        context.expects(before.version)?;
        let after = User {
            name: change.name.clone().unwrap_or_else(|| before.name.clone()),
            role: change.role.unwrap_or(before.role),
            ..before.clone()
        };
        let after = match change.suspended {
            None => after,
            Some(true) => after.suspend(db.now()),
            Some(false) => after.resume(),
        };
        keep_an_admin(permit, db, &before, after.is_acting_admin())?;
        let user = users::update(permit, db, after)?;
        if user.suspended_at.is_some() {
            sessions::end_all(permit, db, id)?;
        }
        let details = [
            ("name", user.name.to_string()),
            ("role", user.role.as_str().to_owned()),
            ("status", user.status().as_str().to_owned()),
        ];
        db.record(AuditAction::UserChanged, Target::new("user", id), &details)?;
        Ok(user)
    })
}
