use actix_web::{HttpRequest, delete, get, patch, post};
use authz::action::{
    ChangeTenant, CreateTenant, DeleteTenant, ListTenants, ReadTenant, RestoreTenant, ResumeTenant, SuspendTenant,
};
use authz::{Action, Permit};
use chrono::TimeDelta;
use domain::Secret;
use domain::id::PartnerId;
use domain::tenant::{DEFAULT_DELETION_DELAY, LONGEST_DELETION_DELAY, TenantStatus};
use domain::text::{Email, ExternalRef, Name};
use service::tenants::{self, Filter, FirstAdmin, NewTenant, TenantChange};
use service::users::Access;
use service::{Context, Service, Stopped};
use wire::{CreatedTenant, DeleteTenantQuery, Page, StoppedTenant, Tenant, TenantQuery};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::Problem;

/// List tenants
///
/// Those you can see: an operator all, a partner those of its subtree, people and a tenant's tokens their own.
#[utoipa::path(
    tag = "tenants", params(TenantQuery),
    responses((status = 200, description = "The oldest first", body = Page<Tenant>))
)]
#[get("/v1/tenants")]
pub(crate) async fn list_tenants(
    request: HttpRequest,
    caller: Authorized<ListTenants>,
    query: Query<TenantQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let status = query.status.map(|status| match status {
        wire::TenantStatus::Active => TenantStatus::Active,
        wire::TenantStatus::Suspended => TenantStatus::Suspended,
        wire::TenantStatus::Deleting => TenantStatus::Deleting,
    });
    let mut validation = Validation::default();
    let partner = validation.take_if("?partner_id", query.partner_id.as_deref(), PartnerId::parse);
    let filter = validation.finish(Some(Filter { partner, status, external_ref: query.external_ref.clone() }))?;
    let filters = [query.partner_id.as_deref(), status.map(TenantStatus::as_str), query.external_ref.as_deref()];
    let listing = listing(&request, caller.caller(), query.limit, query.cursor.clone(), &filters)?;
    let page =
        caller.run(move |service, context, permit| tenants::list(service, context, permit, &filter, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::tenant)))
}

/// Create a tenant
///
/// With its first admin, if you name one: without a password, the answer holds an invitation for that person.
#[utoipa::path(
    tag = "tenants", request_body = wire::CreateTenant,
    responses((status = 201, description = "The tenant", body = CreatedTenant))
)]
#[post("/v1/tenants")]
pub(crate) async fn create_tenant(
    caller: Authorized<CreateTenant>,
    body: Json<wire::CreateTenant>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let name = validation.take("/name", Name::parse(&body.name));
    let partner = validation.take_if("/partner_id", body.partner_id.as_deref(), PartnerId::parse);
    let external_ref = validation.take_if("/external_ref", body.external_ref.as_deref(), ExternalRef::parse);
    let admin = body.admin.and_then(|admin| first_admin(&mut validation, admin));
    let new = validation.finish(name.map(|name| NewTenant { name, partner, external_ref, admin }))?;
    let work = move |service: &Service, context: &mut Context, permit: &Permit<CreateTenant>| {
        let made = tenants::create(service, context, permit, new)?;
        Ok(present::created_tenant(made, service))
    };
    let created = caller.run_hashing(work).await?;
    let location = format!("/v1/tenants/{}", created.tenant.id);
    Ok(Reply::created(location, &created).at_version(created.tenant.version))
}

fn first_admin(validation: &mut Validation, admin: wire::FirstAdmin) -> Option<FirstAdmin> {
    let email = validation.take("/admin/email", Email::parse(&admin.email));
    let name = admin.name.unwrap_or_else(|| admin.email.clone());
    let name = validation.take("/admin/name", Name::parse(&name));
    let access = match admin.password {
        None => Access::Invitation,
        Some(password) => Access::Password { text: Secret::new(password), pointer: "/admin/password" },
    };
    Some(FirstAdmin { email: email?, name: name?, access })
}

/// Read a tenant
#[utoipa::path(
    tag = "tenants", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    responses((status = 200, description = "The tenant", body = Tenant))
)]
#[get("/v1/tenants/{tenant}")]
pub(crate) async fn read_tenant(caller: Authorized<ReadTenant>) -> Result<Reply, Problem> {
    let tenant = caller.run(|service, _, permit| tenants::read(service, permit)).await?;
    let version = tenant.version;
    Ok(Reply::ok(&present::tenant(tenant)).at_version(version))
}

/// Change a tenant
#[utoipa::path(
    tag = "tenants", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    request_body = wire::ChangeTenant,
    responses(
        (status = 200, description = "The tenant as it is now", body = Tenant),
        (status = 409, description = "The tenant is being deleted"),
    )
)]
#[patch("/v1/tenants/{tenant}")]
pub(crate) async fn change_tenant(
    caller: Authorized<ChangeTenant>,
    body: Json<wire::ChangeTenant>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let name = validation.take_if("/name", body.name.as_deref(), Name::parse);
    let external_ref = match body.external_ref {
        None => None,
        Some(None) => Some(None),
        Some(Some(text)) => validation.take("/external_ref", ExternalRef::parse(&text)).map(Some),
    };
    let change = validation.finish(Some(TenantChange { name, external_ref }))?;
    let tenant = caller.run(move |service, context, permit| tenants::change(service, context, permit, &change)).await?;
    let version = tenant.version;
    Ok(Reply::ok(&present::tenant(tenant)).at_version(version))
}

/// Delete a tenant
///
/// Everything of it stops at once. Until `delete_at` it can be restored; then it is gone with all it had.
#[utoipa::path(
    tag = "tenants", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000"), DeleteTenantQuery),
    responses(
        (status = 200, description = "Stopped, and deleted at `delete_at`", body = StoppedTenant),
        (status = 409, description = "The tenant is being deleted already"),
    )
)]
#[delete("/v1/tenants/{tenant}")]
pub(crate) async fn delete_tenant(
    caller: Authorized<DeleteTenant>,
    query: Query<DeleteTenantQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let seconds = query.delay_seconds.unwrap_or(DEFAULT_DELETION_DELAY.num_seconds());
    if !(0..=LONGEST_DELETION_DELAY.num_seconds()).contains(&seconds) {
        return Err(Problem::invalid("?delay_seconds", "Must be between 0 and 366 days."));
    }
    let delay = TimeDelta::seconds(seconds);
    stopped(caller, move |service, context, permit| tenants::delete(service, context, permit, delay)).await
}

/// Restore a tenant
///
/// Brings back exactly what was before the deletion.
#[utoipa::path(
    tag = "tenants", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    responses(
        (status = 200, description = "Restored", body = StoppedTenant),
        (status = 409, description = "The tenant is not being deleted"),
    )
)]
#[post("/v1/tenants/{tenant}/restore")]
pub(crate) async fn restore_tenant(caller: Authorized<RestoreTenant>) -> Result<Reply, Problem> {
    stopped(caller, tenants::restore).await
}

/// Suspend a tenant
///
/// Its people, tokens and keys stop at once. Resuming brings back exactly what was.
#[utoipa::path(
    tag = "tenants", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    responses(
        (status = 200, description = "Suspended", body = StoppedTenant),
        (status = 409, description = "The tenant is being deleted"),
    )
)]
#[post("/v1/tenants/{tenant}/suspend")]
pub(crate) async fn suspend_tenant(caller: Authorized<SuspendTenant>) -> Result<Reply, Problem> {
    stopped(caller, tenants::suspend).await
}

/// Resume a tenant
#[utoipa::path(
    tag = "tenants", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    responses(
        (status = 200, description = "Resumed", body = StoppedTenant),
        (status = 409, description = "The tenant is being deleted"),
    )
)]
#[post("/v1/tenants/{tenant}/resume")]
pub(crate) async fn resume_tenant(caller: Authorized<ResumeTenant>) -> Result<Reply, Problem> {
    stopped(caller, tenants::resume).await
}

async fn stopped<A: Action>(
    caller: Authorized<A>,
    work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<Stopped<domain::tenant::Tenant>>
    + Send
    + 'static,
) -> Result<Reply, Problem> {
    let (stopped, is_confirmed) = caller.run_until_confirmed(work).await?;
    let body = StoppedTenant { tenant: present::tenant(stopped.object), receipt: present::receipt(&stopped.receipt) };
    Ok(Reply::ok(&body).at_version(body.tenant.version).unless_confirmed(is_confirmed))
}
