use std::collections::BTreeSet;

use actix_web::post;
use authz::action::DryRunGuardrails;
use chrono::TimeDelta;
use domain::Invalid;
use domain::guardrails::Guardrails;
use domain::text::{KeyModelName, RegionCode};
use service::partners;
use wire::GuardrailsDryRun;

use crate::http::{Authorized, Json, Reply, Validation};
use crate::present;
use crate::problem::Problem;

/// Try guardrails
///
/// Who would break these guardrails, if they were laid on this partner: how many tenants and keys, and the first hundred by
/// name. Nothing is changed. Guardrails bind what is made or changed from then on; what is there goes on, so this is the
/// list of what to talk about with customers.
#[utoipa::path(
    tag = "partners", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    request_body = wire::DryRunGuardrails,
    responses((status = 200, description = "Who would break them", body = GuardrailsDryRun))
)]
#[post("/v1/partners/{partner}/guardrails:dry-run")]
pub(crate) async fn dry_run_guardrails(
    caller: Authorized<DryRunGuardrails>,
    body: Json<wire::DryRunGuardrails>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let guardrails = guardrails(&mut validation, body.guardrails);
    let guardrails = validation.finish(guardrails)?;
    let run =
        caller.run(move |service, context, permit| partners::dry_run(service, context, permit, &guardrails)).await?;
    Ok(Reply::ok(&present::dry_run(run)))
}

/// From what a body says to guardrails.
pub(super) fn guardrails(validation: &mut Validation, body: wire::Guardrails) -> Option<Guardrails> {
    let regions = each(validation, "allowed_regions", body.allowed_regions.as_deref(), RegionCode::parse);
    let models = each(validation, "allowed_key_models", body.allowed_key_models.as_deref(), KeyModelName::parse);
    let most = validation.take_if("/guardrails/max_keys_per_tenant", body.max_keys_per_tenant, |most| {
        let most = u32::try_from(most).ok().filter(|most| (1..=1_000_000_000).contains(most));
        most.ok_or(Invalid::because("Must be between 1 and 1000000000, or null for no bound."))
    });
    let guardrails = Guardrails {
        max_ttl: body.max_ttl_seconds.map(|seconds| TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX)),
        require_expiry: body.require_expiry,
        require_bucket_scope: body.require_bucket_scope,
        allowed_regions: regions,
        allowed_key_models: models,
        max_keys_per_tenant: most,
        partners_may_not_see_secrets: body.partners_may_not_see_secrets,
    };
    match guardrails.check() {
        Ok(guardrails) => Some(guardrails),
        Err((guardrail, why)) => validation.take(&format!("/guardrails/{}", guardrail.as_str()), Err(why)),
    }
}

fn each<T: Ord>(
    validation: &mut Validation,
    field: &str,
    names: Option<&[String]>,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Option<BTreeSet<T>> {
    let named = names?.iter().enumerate();
    let parsed = named.map(|(index, name)| validation.take(&format!("/guardrails/{field}/{index}"), parse(name)));
    parsed.collect::<Vec<_>>().into_iter().collect()
}
