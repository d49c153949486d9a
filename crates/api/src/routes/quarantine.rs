use actix_web::{HttpRequest, get, post};
use authz::action::{DecideHeldBack, LiftQuarantine, ListHeldBack, ReadQuarantine};
use domain::Invalid;
use domain::held_back::Decision;
use service::quarantine::{self, Which};
use wire::{HeldBack, HeldBackDecided, ListQuery, Page, Quarantine};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::Problem;

/// Read the quarantine
///
/// After a restore without a journal, or one that nobody has announced, no request is verified until an operator lifts the
/// quarantine: gateways are answered 503.
#[utoipa::path(tag = "quarantine", responses((status = 200, description = "How it stands", body = Quarantine)))]
#[get("/v1/quarantine")]
pub(crate) async fn read_quarantine(caller: Authorized<ReadQuarantine>) -> Result<Reply, Problem> {
    let found = caller.run(|service, _, permit| quarantine::read(service, permit)).await?;
    Ok(Reply::ok(&present::quarantine(found)))
}

/// Lift the quarantine
///
/// Requests are verified again, by what was restored. What is held back stays so.
#[utoipa::path(tag = "quarantine", responses((status = 204, description = "There is none any more")))]
#[post("/v1/quarantine/lift")]
pub(crate) async fn lift_quarantine(caller: Authorized<LiftQuarantine>) -> Result<Reply, Problem> {
    caller.run(quarantine::lift).await?;
    Ok(Reply::no_content())
}

/// List what is held back
///
/// What has changed after the state that was restored, as the journals tell: revoked, suspended, deleted or given other
/// terms. It counts for nothing until an operator has decided.
#[utoipa::path(
    tag = "quarantine", params(ListQuery),
    responses((status = 200, description = "By subject", body = Page<HeldBack>))
)]
#[get("/v1/quarantine/held-back")]
pub(crate) async fn list_held_back(
    request: HttpRequest,
    caller: Authorized<ListHeldBack>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[])?;
    let page = caller.run(move |service, _, permit| quarantine::held_back(service, permit, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::held_back)))
}

/// Decide about what is held back
///
/// What is released counts again as the restored state says: do to it first what was done to it after the backup. What is
/// confirmed stays dead. A decision can be changed.
#[utoipa::path(
    tag = "quarantine", request_body = wire::DecideHeldBack,
    responses(
        (status = 200, description = "Decided", body = HeldBackDecided),
        (status = 404, description = "One of the subjects is not held back"),
    )
)]
#[post("/v1/quarantine/held-back/decide")]
pub(crate) async fn decide_held_back(
    caller: Authorized<DecideHeldBack>,
    body: Json<wire::DecideHeldBack>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let decision = match body.decision {
        wire::HeldBackDecision::Released => Decision::Released,
        wire::HeldBackDecision::Confirmed => Decision::Confirmed,
    };
    let mut validation = Validation::default();
    if body.subjects.as_ref().is_some_and(|subjects| !(1..=MOST).contains(&subjects.len())) {
        validation.take::<()>("/subjects", Err(Invalid::because("Must be 1 to 500, or null for all.")));
    }
    let which = validation.finish(Some(body.subjects.map_or(Which::Undecided, Which::These)))?;
    let decided = caller
        .run(move |service, context, permit| quarantine::decide(service, context, permit, &which, decision))
        .await?;
    Ok(Reply::ok(&HeldBackDecided { decided: i64::try_from(decided).unwrap_or(i64::MAX) }))
}

const MOST: usize = 500;
