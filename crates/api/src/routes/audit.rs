use actix_web::{HttpRequest, get};
use authz::Caller;
use authz::action::{ReadAudit, ReadPartnerAudit, ReadTenantAudit};
use domain::audit::AuditAction;
use service::Listing;
use service::audit::{self, Filter};
use wire::{AuditEvent, AuditQuery, Page};

use crate::http::query::listing;
use crate::http::{Authorized, Query, Reply, Validation};
use crate::present;
use crate::problem::Problem;

/// Read the audit
///
/// Of the whole platform, the newest first.
#[utoipa::path(
    tag = "audit", params(AuditQuery),
    responses((status = 200, description = "The newest first", body = Page<AuditEvent>))
)]
#[get("/v1/audit")]
pub(crate) async fn read_audit(
    request: HttpRequest,
    caller: Authorized<ReadAudit>,
    query: Query<AuditQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let (filter, listing) = asked(&request, caller.caller(), query)?;
    let page = caller.run(move |service, _, permit| audit::of_platform(service, permit, &filter, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::audit_event)))
}

/// Read a partner's audit
///
/// Of the partner and everything below it, the newest first.
#[utoipa::path(
    tag = "audit", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000"), AuditQuery),
    responses((status = 200, description = "The newest first", body = Page<AuditEvent>))
)]
#[get("/v1/partners/{partner}/audit")]
pub(crate) async fn read_partner_audit(
    request: HttpRequest,
    caller: Authorized<ReadPartnerAudit>,
    query: Query<AuditQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let (filter, listing) = asked(&request, caller.caller(), query)?;
    let page = caller.run(move |service, _, permit| audit::of_partner(service, permit, &filter, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::audit_event)))
}

/// Read a tenant's audit
#[utoipa::path(
    tag = "audit", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000"), AuditQuery),
    responses((status = 200, description = "The newest first", body = Page<AuditEvent>))
)]
#[get("/v1/tenants/{tenant}/audit")]
pub(crate) async fn read_tenant_audit(
    request: HttpRequest,
    caller: Authorized<ReadTenantAudit>,
    query: Query<AuditQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let (filter, listing) = asked(&request, caller.caller(), query)?;
    let page = caller.run(move |service, _, permit| audit::of_tenant(service, permit, &filter, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::audit_event)))
}

fn asked(request: &HttpRequest, caller: &Caller, query: AuditQuery) -> Result<(Filter, Listing), Problem> {
    let mut validation = Validation::default();
    validation.take_if("?action", query.action.as_deref(), AuditAction::parse);
    let from = query.from.map(|at| at.to_rfc3339());
    let to = query.to.map(|at| at.to_rfc3339());
    let texts = [&query.action, &query.actor, &query.target, &from, &to];
    let filters = texts.map(Option::as_deref);
    let listing = listing(request, caller, query.limit, query.cursor.clone(), &filters)?;
    let filter =
        Filter { action: query.action, actor: query.actor, target: query.target, from: query.from, to: query.to };
    Ok((validation.finish(Some(filter))?, listing))
}
