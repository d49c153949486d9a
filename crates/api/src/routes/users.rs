use actix_web::{HttpRequest, delete, get, patch, post, web};
use authz::action::{ChangeUser, CreateUser, DeleteUser, InviteUser, ListUsers, ReadUser};
use domain::id::UserId;
use domain::text::{Email, Name};
use domain::{Role, Secret};
use service::users::{self, Access, NewUser, UserChange};
use wire::{CreatedUser, ListQuery, Page, User, UserRole};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::{Kind, Problem};

/// List users
#[utoipa::path(
    tag = "users", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000"), ListQuery),
    responses((status = 200, description = "The oldest first", body = Page<User>))
)]
#[get("/v1/tenants/{tenant}/users")]
pub(crate) async fn list_users(
    request: HttpRequest,
    caller: Authorized<ListUsers>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[])?;
    let page = caller.run(move |service, _, permit| users::list(service, permit, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::user)))
}

/// Create a user
///
/// Without a password, the answer holds an invitation with which the person chooses their own.
#[utoipa::path(
    tag = "users", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    request_body = wire::CreateUser,
    responses(
        (status = 201, description = "The user", body = CreatedUser),
        (status = 409, description = "Somebody in this tenant has this e-mail address, or it is being deleted"),
    )
)]
#[post("/v1/tenants/{tenant}/users")]
pub(crate) async fn create_user(
    caller: Authorized<CreateUser>,
    body: Json<wire::CreateUser>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let email = validation.take("/email", Email::parse(&body.email));
    let name = validation.take("/name", Name::parse(&body.name));
    let access = match body.password {
        None => Access::Invitation,
        Some(password) => Access::Password { text: Secret::new(password), pointer: "/password" },
    };
    let command = (|| Some(NewUser { email: email?, name: name?, role: role(body.role), access }))();
    let new = validation.finish(command)?;
    let created = caller
        .run_hashing(move |service, context, permit| {
            let made = users::create(service, context, permit, new)?;
            Ok(present::created_user(made, service))
        })
        .await?;
    let location = format!("/v1/tenants/{}/users/{}", created.user.tenant_id, created.user.id);
    Ok(Reply::created(location, &created).at_version(created.user.version))
}

/// Read a user
#[utoipa::path(
    tag = "users",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("user" = String, Path, example = "usr_01jd0000000000000000000000"),
    ),
    responses((status = 200, description = "The user", body = User))
)]
#[get("/v1/tenants/{tenant}/users/{user}")]
pub(crate) async fn read_user(
    caller: Authorized<ReadUser>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    let user = caller.run(move |service, _, permit| users::read(service, permit, &id)).await?;
    let version = user.version;
    Ok(Reply::ok(&present::user(user)).at_version(version))
}

/// Change a user
///
/// A role counts from the next request on. A suspended person loses everything at once, sessions included. Nobody changes
/// their own role, and a tenant keeps at least one admin.
#[utoipa::path(
    tag = "users",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("user" = String, Path, example = "usr_01jd0000000000000000000000"),
    ),
    request_body = wire::ChangeUser,
    responses(
        (status = 200, description = "The user as they are now", body = User),
        (status = 409, description = "The last admin, oneself, or the tenant is being deleted"),
    )
)]
#[patch("/v1/tenants/{tenant}/users/{user}")]
pub(crate) async fn change_user(
    caller: Authorized<ChangeUser>,
    path: web::Path<(String, String)>,
    body: Json<wire::ChangeUser>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let id = id(&path.1)?;
    let mut validation = Validation::default();
    let name = validation.take_if("/name", body.name.as_deref(), Name::parse);
    let change = UserChange { name, role: body.role.map(role), suspended: body.suspended };
    let change = validation.finish(Some(change))?;
    let user =
        caller.run(move |service, context, permit| users::change(service, context, permit, &id, &change)).await?;
    let version = user.version;
    Ok(Reply::ok(&present::user(user)).at_version(version))
}

/// Delete a user
///
/// Their sessions end and the tokens they made stop working. Somebody added later with the same e-mail address is
/// somebody else.
#[utoipa::path(
    tag = "users",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("user" = String, Path, example = "usr_01jd0000000000000000000000"),
    ),
    responses(
        (status = 204, description = "The user is gone"),
        (status = 409, description = "The last admin, oneself, or the tenant is being deleted"),
    )
)]
#[delete("/v1/tenants/{tenant}/users/{user}")]
pub(crate) async fn delete_user(
    caller: Authorized<DeleteUser>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    caller.run(move |service, context, permit| users::delete(service, context, permit, &id)).await?;
    Ok(Reply::no_content())
}

/// Invite a user again
///
/// A new link for somebody who has not joined yet. Earlier links stop working.
#[utoipa::path(
    tag = "users",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("user" = String, Path, example = "usr_01jd0000000000000000000000"),
    ),
    responses(
        (status = 200, description = "The user and the new invitation", body = CreatedUser),
        (status = 409, description = "The person has joined already or is suspended, or the tenant is being deleted"),
    )
)]
#[post("/v1/tenants/{tenant}/users/{user}/invite")]
pub(crate) async fn invite_user(
    caller: Authorized<InviteUser>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    let invited = caller
        .run(move |service, context, permit| {
            let made = users::invite(service, context, permit, &id)?;
            Ok(present::created_user(made, service))
        })
        .await?;
    Ok(Reply::ok(&invited).at_version(invited.user.version))
}

fn id(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|_| Problem::new(Kind::NotFound))
}

fn role(role: UserRole) -> Role {
    match role {
        UserRole::Admin => Role::Admin,
        UserRole::MemberPlus => Role::MemberPlus,
        UserRole::Member => Role::Member,
    }
}
