use std::rc::Rc;

use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use authz::action::{Action, ReadAudit, ReadPartnerAudit, ReadTenantAudit};
use authz::{Caller, Permit};
use domain::Timestamp;
use domain::audit::AuditAction;
use service::audit::{self, Audience, Filter};
use service::{Listing, Service};
use wire::{AuditEvent, AuditQuery, Page};

use crate::http::ndjson::{self, Chunk, Fetch, Lines};
use crate::http::query::{listing, next_page};
use crate::http::{Authorized, Query, Reply, Validation};
use crate::present;
use crate::problem::Problem;

/// Read the audit
///
/// Of the whole platform, the newest first. With `Accept: application/x-ndjson` it is exported instead: every event a
/// line, chain by chain, each chain from its beginning; all of it, or as much as `limit` says.
#[utoipa::path(
    tag = "audit", params(AuditQuery),
    responses((
        status = 200, description = "The newest first; as lines, chain by chain",
        content((Page<AuditEvent> = "application/json"), (AuditEvent = "application/x-ndjson")),
    ))
)]
#[get("/v1/audit")]
pub(crate) async fn read_audit(
    request: HttpRequest,
    caller: Authorized<ReadAudit>,
    query: Query<AuditQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&request, caller, query, "platform").await
}

/// Read a partner's audit
///
/// Of the partner and everything below it, the newest first. With `Accept: application/x-ndjson` it is exported instead:
/// every event a line, chain by chain, each chain from its beginning; all of it, or as much as `limit` says.
#[utoipa::path(
    tag = "audit", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000"), AuditQuery),
    responses((
        status = 200, description = "The newest first; as lines, chain by chain",
        content((Page<AuditEvent> = "application/json"), (AuditEvent = "application/x-ndjson")),
    ))
)]
#[get("/v1/partners/{partner}/audit")]
pub(crate) async fn read_partner_audit(
    request: HttpRequest,
    caller: Authorized<ReadPartnerAudit>,
    query: Query<AuditQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&request, caller, query, request.match_info().query("partner")).await
}

/// Read a tenant's audit
///
/// The newest first. With `Accept: application/x-ndjson` it is exported instead: every event a line, from the beginning
/// of the chain; all of it, or as much as `limit` says.
#[utoipa::path(
    tag = "audit", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000"), AuditQuery),
    responses((
        status = 200, description = "The newest first; as lines, from the beginning of the chain",
        content((Page<AuditEvent> = "application/json"), (AuditEvent = "application/x-ndjson")),
    ))
)]
#[get("/v1/tenants/{tenant}/audit")]
pub(crate) async fn read_tenant_audit(
    request: HttpRequest,
    caller: Authorized<ReadTenantAudit>,
    query: Query<AuditQuery>,
) -> Result<HttpResponse, Problem> {
    answer(&request, caller, query, request.match_info().query("tenant")).await
}

async fn answer<A: Action>(
    request: &HttpRequest,
    caller: Authorized<A>,
    query: Query<AuditQuery>,
    name: &str,
) -> Result<HttpResponse, Problem>
where
    Permit<A>: Audience + Clone,
{
    let query = query.read()?;
    let limit = query.limit;
    if ndjson::is_preferred(request) {
        // An export has an order of its own, and so cursors of its own.
        let (filter, listing) = asked(request, caller.caller(), query, Some("by chain"))?;
        let read = move |service: &Service, permit: &Permit<A>, listing: &Listing| {
            let page = audit::export(service, permit, &filter, listing)?;
            Ok(Chunk::of(page.items.into_iter().map(present::audit_event), page.next_cursor))
        };
        return export(request, caller, listing, limit, &format!("audit-{name}"), read).await;
    }
    let (filter, listing) = asked(request, caller.caller(), query, None)?;
    let page = caller.run(move |service, _, permit| audit::list(service, permit, &filter, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::audit_event)).respond_to(request))
}

/// One page of as many lines as were asked for, with a link to the next; or else every page there is.
pub(super) async fn export<A: Action>(
    request: &HttpRequest,
    caller: Authorized<A>,
    listing: Listing,
    limit: Option<i64>,
    name: &str,
    read: impl Fn(&Service, &Permit<A>, &Listing) -> service::Result<Chunk> + Clone + Send + 'static,
) -> Result<HttpResponse, Problem>
where
    Permit<A>: Clone,
{
    let mut response = HttpResponse::Ok();
    response.content_type(ndjson::MEDIA_TYPE).insert_header((header::VARY, "accept"));
    response.insert_header(attachment(name, caller.now()));
    let listing = Listing { limit: limit.unwrap_or(Listing::MOST), ..listing };
    let first_cursor = listing.cursor.clone();
    let fetch: Fetch = Rc::new(
        caller.repeatedly(move |service, permit, cursor| read(service, permit, &Listing { cursor, ..listing.clone() })),
    );
    // What refuses the first page refuses the request.
    let first = fetch(first_cursor).await?;
    if limit.is_none() {
        return Ok(response.body(Lines::new(first, fetch)));
    }
    if let Some(cursor) = &first.next_cursor {
        response.insert_header((header::LINK, format!("<{}>; rel=\"next\"", next_page(request, cursor))));
    }
    Ok(response.body(first.lines))
}

fn attachment(name: &str, now: Timestamp) -> ContentDisposition {
    let name = format!("{name}-{}.ndjson", now.format("%Y%m%dT%H%M%SZ"));
    ContentDisposition { disposition: DispositionType::Attachment, parameters: vec![DispositionParam::Filename(name)] }
}

fn asked(
    request: &HttpRequest,
    caller: &Caller,
    query: AuditQuery,
    order: Option<&str>,
) -> Result<(Filter, Listing), Problem> {
    let mut validation = Validation::default();
    validation.take_if("?action", query.action.as_deref(), AuditAction::parse);
    let from = query.from.map(|at| at.to_rfc3339());
    let to = query.to.map(|at| at.to_rfc3339());
    let texts = [&query.action, &query.actor, &query.target, &from, &to];
    let filters = [texts.map(Option::as_deref).as_slice(), &[order]].concat();
    let listing = listing(request, caller, query.limit, query.cursor.clone(), &filters)?;
    let filter =
        Filter { action: query.action, actor: query.actor, target: query.target, from: query.from, to: query.to };
    Ok((validation.finish(Some(filter))?, listing))
}
