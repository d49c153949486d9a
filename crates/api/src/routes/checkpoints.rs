use actix_web::{HttpRequest, HttpResponse, Responder, get};
use authz::action::ListAuditCheckpoints;
use service::checkpoints;
use wire::{AuditCheckpoint, ListQuery, Page};

use super::audit::export;
use crate::http::ndjson::{self, Chunk};
use crate::http::query::listing;
use crate::http::{Authorized, Query, Reply};
use crate::present;
use crate::problem::Problem;

/// List the checkpoints of the audit
///
/// The newest first. Each says, signed, how far the chains went that had moved since the one before. Kept elsewhere, they
/// show it if a chain is cut off or computed anew: `keyreeve audit verify` compares. With `Accept: application/x-ndjson` they
/// are exported instead, each on a line, from the first on; all of them, or as many as `limit` says.
#[utoipa::path(
    tag = "audit", params(ListQuery),
    responses((
        status = 200, description = "The newest first; as lines, from the first on",
        content((Page<AuditCheckpoint> = "application/json"), (AuditCheckpoint = "application/x-ndjson")),
    ))
)]
#[get("/v1/audit/checkpoints")]
pub(crate) async fn list_audit_checkpoints(
    request: HttpRequest,
    caller: Authorized<ListAuditCheckpoints>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let query = query.read()?;
    if ndjson::is_preferred(&request) {
        let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[Some("from the first")])?;
        return export(&request, caller, listing, query.limit, "audit-checkpoints", |service, permit, listing| {
            let page = checkpoints::export(service, permit, listing)?;
            Ok(Chunk::of(page.items.into_iter().map(present::audit_checkpoint), page.next_cursor))
        })
        .await;
    }
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[None])?;
    let page = caller.run(move |service, _, permit| checkpoints::list(service, permit, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::audit_checkpoint)).respond_to(&request))
}
