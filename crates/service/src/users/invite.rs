use authz::Permit;
use authz::action::InviteUser;
use domain::id::UserId;
use domain::user::UserStatus;
use persistence::users;

use super::create::UserMade;
use super::find;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::{Service, tenant_of};

/// A new link for somebody who has not joined yet. Earlier links stop working.
pub fn invite(service: &Service, context: &mut Context, permit: &Permit<InviteUser>, id: &UserId) -> Result<UserMade> {
    let author = context.author_of(permit.caller());
    service.write_once(
        "invite user",
        context,
        &author,
        &permit.chain(),
        |db| {
            tenant_of(permit, db)?.unless_being_deleted()?;
            let user = find(permit, db, id)?;
            context.expects(user.version)?;
            match user.status() {
                UserStatus::Active => return Err(Error::AlreadyJoined),
                UserStatus::Suspended => return Err(Error::UserSuspended),
                UserStatus::Invited => {}
            }
            let invited = Some(service.invite(db, &user)?);
            Ok(UserMade { user, invited })
        },
        |db, _, secret| {
            let Some(user) = users::find(permit, db, id)? else { return Ok(None) };
            let Some(secret) = secret else { return Ok(None) };
            Ok(service.invited_again(db, secret)?.map(|invited| UserMade { user, invited: Some(invited) }))
        },
    )
}
