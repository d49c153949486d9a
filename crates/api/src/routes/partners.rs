use actix_web::{HttpRequest, delete, get, patch, post};
use authz::action::{
    ChangePartner, CreatePartner, DeletePartner, ListPartners, ReadPartner, ResumePartner, SuspendPartner,
};
use authz::{Action, Permit, Reach};
use domain::id::PartnerId;
use domain::text::Name;
use service::partners::{self, NewPartner, PartnerChange, PartnerShown};
use service::{Context, Service, Stopped};
use wire::{ListQuery, Page, Partner, StoppedPartner};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::Problem;
use crate::routes::guardrails::guardrails;

/// List partners
///
/// Those you can see: an operator all, a partner itself and everybody below.
#[utoipa::path(
    tag = "partners", params(ListQuery),
    responses((status = 200, description = "The oldest first", body = Page<Partner>))
)]
#[get("/v1/partners")]
pub(crate) async fn list_partners(
    request: HttpRequest,
    caller: Authorized<ListPartners>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[])?;
    let page = caller
        .run(move |service, _, permit| {
            let reach = permit.reach();
            let page = partners::list(service, permit, &listing)?;
            Ok(present::page(page, |partner| present::partner(partner, &reach)))
        })
        .await?;
    Ok(Reply::ok(&page))
}

/// Create a partner
///
/// At the top, or below another: at most four levels deep. Its guardrails, if any, are at least as strict as those above.
#[utoipa::path(
    tag = "partners", request_body = wire::CreatePartner,
    responses((status = 201, description = "The partner", body = Partner))
)]
#[post("/v1/partners")]
pub(crate) async fn create_partner(
    caller: Authorized<CreatePartner>,
    body: Json<wire::CreatePartner>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let name = validation.take("/name", Name::parse(&body.name));
    let parent = validation.take_if("/parent_id", body.parent_id.as_deref(), PartnerId::parse);
    let guardrails = guardrails(&mut validation, body.guardrails);
    let new = validation.finish((|| Some(NewPartner { name: name?, parent, guardrails: guardrails? }))())?;
    let partner =
        shown(caller, move |service, context, permit| partners::create(service, context, permit, new)).await?;
    let location = format!("/v1/partners/{}", partner.id);
    Ok(Reply::created(location, &partner).at_version(partner.version))
}

/// Read a partner
#[utoipa::path(
    tag = "partners", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    responses((status = 200, description = "The partner", body = Partner))
)]
#[get("/v1/partners/{partner}")]
pub(crate) async fn read_partner(caller: Authorized<ReadPartner>) -> Result<Reply, Problem> {
    let partner = shown(caller, |service, _, permit| partners::read(service, permit)).await?;
    Ok(Reply::ok(&partner).at_version(partner.version))
}

/// Change a partner
///
/// Its name, and the guardrails laid on it. A partner may change its own name, and not its own guardrails.
#[utoipa::path(
    tag = "partners", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    request_body = wire::ChangePartner,
    responses((status = 200, description = "The partner as it is now", body = Partner))
)]
#[patch("/v1/partners/{partner}")]
pub(crate) async fn change_partner(
    caller: Authorized<ChangePartner>,
    body: Json<wire::ChangePartner>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let name = validation.take_if("/name", body.name.as_deref(), Name::parse);
    let guardrails = body.guardrails.and_then(|given| guardrails(&mut validation, given.unwrap_or_default()));
    let change = validation.finish(Some(PartnerChange { name, guardrails }))?;
    let partner =
        shown(caller, move |service, context, permit| partners::change(service, context, permit, &change)).await?;
    Ok(Reply::ok(&partner).at_version(partner.version))
}

/// Delete a partner
///
/// Only one that has no tenants and no partners below it any more. Its tokens go with it.
#[utoipa::path(
    tag = "partners", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    responses(
        (status = 204, description = "The partner is gone"),
        (status = 409, description = "The partner is not empty"),
    )
)]
#[delete("/v1/partners/{partner}")]
pub(crate) async fn delete_partner(caller: Authorized<DeletePartner>) -> Result<Reply, Problem> {
    caller.run(partners::delete).await?;
    Ok(Reply::no_content())
}

/// Suspend a partner
///
/// Stops everything below it at once: partners, tenants, people, tokens and keys. Resuming brings back exactly what was.
#[utoipa::path(
    tag = "partners", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    responses((status = 200, description = "Suspended", body = StoppedPartner))
)]
#[post("/v1/partners/{partner}/suspend")]
pub(crate) async fn suspend_partner(caller: Authorized<SuspendPartner>) -> Result<Reply, Problem> {
    stopped(caller, partners::suspend).await
}

/// Resume a partner
///
/// Not one that was stopped in an emergency: that is undone by whoever did it. An operator can resume it all the same.
#[utoipa::path(
    tag = "partners", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    responses((status = 200, description = "Resumed", body = StoppedPartner))
)]
#[post("/v1/partners/{partner}/resume")]
pub(crate) async fn resume_partner(caller: Authorized<ResumePartner>) -> Result<Reply, Problem> {
    stopped(caller, partners::resume).await
}

/// A partner as its reader may see it.
async fn shown<A: Action>(
    caller: Authorized<A>,
    work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<PartnerShown> + Send + 'static,
) -> Result<Partner, Problem> {
    let reach: Reach = caller.reach();
    Ok(present::partner(caller.run(work).await?, &reach))
}

pub(super) async fn stopped<A: Action>(
    caller: Authorized<A>,
    work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<Stopped<PartnerShown>> + Send + 'static,
) -> Result<Reply, Problem> {
    let reach = caller.reach();
    let (stopped, is_confirmed) = caller.run_until_confirmed(work).await?;
    let body = present::stopped_partner(stopped, &reach);
    Ok(Reply::ok(&body).at_version(body.partner.version).unless_confirmed(is_confirmed))
}
