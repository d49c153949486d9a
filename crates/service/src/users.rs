//! People of a tenant: added with a password or invited, given roles, suspended, removed.

mod change;
mod create;
mod delete;
mod entry;
mod invite;

pub use change::{UserChange, change};
pub use create::{NewUser, UserMade, create};
pub use delete::delete;
pub use entry::{Access, Invited};
pub use invite::invite;

pub(crate) use entry::Entry;

use authz::action::{ListUsers, ReadUser};
use authz::{OnTenant, Permit};
use domain::id::UserId;
use domain::user::User;
use persistence::{Reading, users};

use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::service::Service;

pub fn list(service: &Service, permit: &Permit<ListUsers>, listing: &Listing) -> Result<Paged<User>> {
    let fetch = |page: &_| service.read(|db| Ok(users::list(permit, db, page)?));
    service.page(listing, fetch, |user| user.id.to_string())
}

pub fn read(service: &Service, permit: &Permit<ReadUser>, id: &UserId) -> Result<User> {
    service.read(|db| find(permit, db, id))
}

fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &UserId) -> Result<User> {
    users::find(permit, db, id)?.ok_or(Error::NotFound)
}

/// A tenant that had an admin this morning has one tonight.
fn keep_an_admin(permit: &impl OnTenant, db: &mut Reading<'_>, before: &User, still_admin: bool) -> Result<()> {
    if before.is_acting_admin() && !still_admin && !users::has_another_admin(permit, db, &before.id)? {
        return Err(Error::LastAdmin);
    }
    Ok(())
}

/// Nobody raises, suspends or removes themselves.
fn not_oneself(permit: &Permit<impl authz::Action>, id: &UserId) -> Result<()> {
    let is_oneself = matches!(permit.caller(), authz::Caller::User(person) if person.user == *id);
    if is_oneself { Err(Error::Oneself) } else { Ok(()) }
}
