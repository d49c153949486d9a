use authz::action::CreateUser;
use authz::{OnTenant, Permit};
use domain::id::UserId;
use domain::text::{Email, Name};
use domain::user::User;
use domain::{Role, Secret};
use persistence::users;

use super::entry::{Access, Invited};
use crate::context::Context;
use crate::error::{Error, Named, Result};
use crate::once::Repeatable;
use crate::service::{Service, tenant_of};

pub struct NewUser {
    pub email: Email,
    pub name: Name,
    pub role: Role,
    pub access: Access,
}

/// A new user and, if they have no password, the link with which they choose one.
pub struct UserMade {
    pub user: User,
    pub invited: Option<Invited>,
}

pub fn create(service: &Service, context: &mut Context, permit: &Permit<CreateUser>, new: NewUser) -> Result<UserMade> {
    let NewUser { email, name, role, access } = new;
    let entry = service.entry(context, access, &email)?;
    let user = User {
        id: UserId::draw(&mut context.entropy, context.now),
        tenant: permit.tenant().clone(),
        email,
        name,
        role,
        created_at: context.now,
        joined_at: entry.password_hash().map(|_| context.now),
        suspended_at: None,
        version: 1,
    };
    let author = context.author_of(permit.caller());
    service.write_once(
        "create user",
        context,
        &author,
        &permit.chain(),
        |db| {
            tenant_of(permit, db)?.unless_being_deleted()?;
            users::insert(permit, db, &user, entry.password_hash()).taken_means(Error::EmailTaken)?;
            let invited = service.admit(db, &user, &entry)?;
            Ok(UserMade { user: user.clone(), invited })
        },
        |db, id, secret| {
            let Ok(id) = UserId::parse(id) else { return Ok(None) };
            let Some(user) = users::find(permit, db, &id)? else { return Ok(None) };
            let invited = match secret {
                None => None,
                Some(secret) => match service.invited_again(db, secret)? {
                    None => return Ok(None),
                    invited => invited,
                },
            };
            Ok(Some(UserMade { user, invited }))
        },
    )
}

impl Repeatable for UserMade {
    fn id(&self) -> String {
        self.user.id.to_string()
    }

    fn version(&self) -> i64 {
        self.user.version
    }

    fn secret(&self) -> Option<&Secret> {
        self.invited.as_ref().map(|invited| &invited.token)
    }
}
