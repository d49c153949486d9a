use actix_web::{HttpRequest, get};
use authz::action::{ReadPartnerPosture, ReadTenantPosture};
use service::posture;
use wire::{ListQuery, PartnerPosture, TenantPosture};

use crate::http::query::listing;
use crate::http::{Authorized, Query, Reply};
use crate::present;
use crate::problem::Problem;

/// Read a partner's posture
///
/// How many keys of all tenants below it are past their rotation age, unused, open to all buckets or without an end; and
/// the same of each tenant, page by page. What is revoked or expired is not counted.
#[utoipa::path(
    tag = "posture", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000"), ListQuery),
    responses((status = 200, description = "The numbers, and one page of tenants, the oldest first", body = PartnerPosture))
)]
#[get("/v1/partners/{partner}/posture")]
pub(crate) async fn read_partner_posture(
    request: HttpRequest,
    caller: Authorized<ReadPartnerPosture>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[])?;
    let posture =
        caller.run(move |service, context, permit| posture::of_partner(service, context, permit, &listing)).await?;
    Ok(Reply::ok(&present::partner_posture(posture)))
}

/// Read a tenant's posture
///
/// How many of its keys are past their rotation age, unused, open to all buckets or without an end. What is revoked or
/// expired is not counted.
#[utoipa::path(
    tag = "posture", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    responses((status = 200, description = "The numbers", body = TenantPosture))
)]
#[get("/v1/tenants/{tenant}/posture")]
pub(crate) async fn read_tenant_posture(caller: Authorized<ReadTenantPosture>) -> Result<Reply, Problem> {
    let taken = caller.run(|service, context, permit| posture::of_tenant(service, context, permit)).await?;
    Ok(Reply::ok(&present::tenant_posture(taken)))
}
