//! Rows of `users`.

use authz::action::CreateTenant;
use authz::{OnTenant, Permit};
use diesel::prelude::*;
use domain::Role;
use domain::id::{TenantId, UserId};
use domain::text::{Email, Name};
use domain::user::User;

use crate::Page;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::users;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("users");

/// Everything but the password's hash, which only a change of password and a log-in touch.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct UserRow {
    id: String,
    tenant_id: String,
    email: String,
    name: String,
    role: String,
    created_at: i64,
    joined_at: Option<i64>,
    suspended_at: Option<i64>,
    version: i64,
}

pub fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &UserId) -> Result<Option<User>> {
    let query = users::table.find(id.as_str()).filter(users::tenant_id.eq(permit.tenant().as_str()));
    let row = optional(query.select(UserRow::as_select()).first(db.connection))?;
    row.map(User::try_from).transpose()
}

pub fn find_by_email(permit: &impl OnTenant, db: &mut Reading<'_>, email: &Email) -> Result<Option<User>> {
    let query =
        users::table.filter(users::tenant_id.eq(permit.tenant().as_str())).filter(users::email.eq(email.as_str()));
    let row = optional(query.select(UserRow::as_select()).first(db.connection))?;
    row.map(User::try_from).transpose()
}

/// By id.
pub fn list(permit: &impl OnTenant, db: &mut Reading<'_>, page: &Page) -> Result<Vec<User>> {
    let query = users::table.filter(users::tenant_id.eq(permit.tenant().as_str()));
    let mut query = query.order(users::id).limit(page.limit).select(UserRow::as_select()).into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(users::id.gt(after));
    }
    query.load::<UserRow>(db.connection)?.into_iter().map(User::try_from).collect()
}

/// Whether anybody besides `id` can administer the tenant today.
pub fn has_another_admin(permit: &impl OnTenant, db: &mut Reading<'_>, id: &UserId) -> Result<bool> {
    let others = users::table
        .filter(users::tenant_id.eq(permit.tenant().as_str()))
        .filter(users::id.ne(id.as_str()))
        .filter(users::role.eq(Role::Admin.as_str()))
        .filter(users::suspended_at.is_null())
        .filter(users::joined_at.is_not_null());
    Ok(others.count().get_result::<i64>(db.connection)? > 0)
}

/// Fails with [`Error::Taken`] if the tenant has somebody with this e-mail address.
pub fn insert(permit: &impl OnTenant, db: &mut Writing<'_>, user: &User, password_hash: Option<&str>) -> Result<()> {
    debug_assert_eq!(permit.tenant(), &user.tenant);
    insert_row(db, user, password_hash)
}

/// The first person of a tenant that is being made in the same transaction, when no permit can name it yet.
pub fn insert_first(
    _: &Permit<CreateTenant>,
    db: &mut Writing<'_>,
    user: &User,
    password_hash: Option<&str>,
) -> Result<()> {
    insert_row(db, user, password_hash)
}

fn insert_row(db: &mut Writing<'_>, user: &User, password_hash: Option<&str>) -> Result<()> {
    let row = (UserRow::from(user), users::password_hash.eq(password_hash));
    diesel::insert_into(users::table).values(row).execute(db.connection())?;
    Ok(())
}

/// Stores a user read before, one version on.
pub fn update(permit: &impl OnTenant, db: &mut Writing<'_>, user: User) -> Result<User> {
    let read = user.version;
    let user = User { version: read + 1, ..user };
    let found = users::table
        .find(user.id.as_str())
        .filter(users::tenant_id.eq(permit.tenant().as_str()))
        .filter(users::version.eq(read));
    exactly_one(diesel::update(found).set(UserRow::from(&user)).execute(db.connection())?)?;
    Ok(user)
}

pub fn delete(permit: &impl OnTenant, db: &mut Writing<'_>, user: &User) -> Result<()> {
    let found = users::table
        .find(user.id.as_str())
        .filter(users::tenant_id.eq(permit.tenant().as_str()))
        .filter(users::version.eq(user.version));
    exactly_one(diesel::delete(found).execute(db.connection())?)
}

impl From<&User> for UserRow {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            tenant_id: user.tenant.to_string(),
            email: user.email.to_string(),
            name: user.name.to_string(),
            role: user.role.as_str().to_owned(),
            created_at: micros(user.created_at),
            joined_at: user.joined_at.map(micros),
            suspended_at: user.suspended_at.map(micros),
            version: user.version,
        }
    }
}

impl TryFrom<UserRow> for User {
    type Error = Error;

    fn try_from(row: UserRow) -> Result<Self> {
        Ok(Self {
            id: ROW.parse(UserId::parse, &row.id)?,
            tenant: ROW.parse(TenantId::parse, &row.tenant_id)?,
            email: ROW.parse(Email::parse, &row.email)?,
            name: ROW.parse(Name::parse, &row.name)?,
            role: ROW.parse(Role::parse, &row.role)?,
            created_at: ROW.timestamp(row.created_at)?,
            joined_at: ROW.timestamp_if(row.joined_at)?,
            suspended_at: ROW.timestamp_if(row.suspended_at)?,
            version: row.version,
        })
    }
}
