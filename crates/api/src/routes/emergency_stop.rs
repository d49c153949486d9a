use actix_web::post;
use authz::OnPartner;
use authz::action::{EmergencyStopPartner, PreviewEmergencyStop, UndoEmergencyStop};
use domain::text::Reason;
use service::partners;
use wire::{EmergencyStopPreview, StoppedPartner};

use crate::http::{Authorized, Json, Reply, Validation};
use crate::present;
use crate::problem::Problem;
use crate::routes::partners::stopped;

/// Preview an emergency stop
///
/// What counts at this moment and would stop: how many, and when they were last used. Nothing is changed.
#[utoipa::path(
    tag = "partners", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    responses((status = 200, description = "What would stop", body = EmergencyStopPreview))
)]
#[post("/v1/partners/{partner}/emergency-stop:preview")]
pub(crate) async fn preview_emergency_stop(caller: Authorized<PreviewEmergencyStop>) -> Result<Reply, Problem> {
    let preview = caller
        .run(move |service, context, permit| {
            let census = partners::preview_emergency_stop(service, context, permit)?;
            Ok(present::emergency_stop_preview(permit.partner().to_string(), context.now, &census))
        })
        .await?;
    Ok(Reply::ok(&preview))
}

/// Stop a partner in an emergency
///
/// Everything below it stops at once: partners, tenants, people, tokens and keys. For a day, any token of the level that
/// stopped it can undo that, and then exactly what was live before is live again. What is stopped already stays as it is,
/// unless somebody further up stops it: then it is for them to undo.
#[utoipa::path(
    tag = "partners", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    request_body = wire::StopPartner,
    responses((status = 200, description = "Stopped", body = StoppedPartner))
)]
#[post("/v1/partners/{partner}/emergency-stop")]
pub(crate) async fn emergency_stop_partner(
    caller: Authorized<EmergencyStopPartner>,
    body: Json<wire::StopPartner>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let reason = validation.take("/reason", Reason::parse(&body.reason));
    let reason = validation.finish(reason)?;
    stopped(caller, move |service, context, permit| partners::emergency_stop(service, context, permit, &reason)).await
}

/// Undo an emergency stop
///
/// By a token of the level that made it, or by the operator, within a day. From then on, the operator resumes the partner.
#[utoipa::path(
    tag = "partners", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    responses(
        (status = 200, description = "As it was before the stop", body = StoppedPartner),
        (status = 409, description = "The partner is not stopped, or was stopped more than a day ago"),
    )
)]
#[post("/v1/partners/{partner}/emergency-stop/undo")]
pub(crate) async fn undo_emergency_stop(caller: Authorized<UndoEmergencyStop>) -> Result<Reply, Problem> {
    stopped(caller, partners::undo_emergency_stop).await
}
