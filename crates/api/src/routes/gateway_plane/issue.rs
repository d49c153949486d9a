use actix_web::{get, post, web};
use authz::action::{IssueSecret, IssueSigningKeys};
use chrono::NaiveDate;
use domain::Invalid;
use domain::text::RegionCode;
use service::gateway_plane::{self, SigningKeyWanted};
use wire::{IssuedSecret, IssuedSigningKeys};

use crate::http::asking::Asking;
use crate::http::{Json, Reply, Validation};
use crate::present;
use crate::problem::Problem;

/// Issue signing keys
///
/// Without a signature: for a gateway that verifies by itself. The first issue of each key and day to a gateway is in the
/// audit of the tenant.
#[utoipa::path(
    tag = "gateway plane", request_body = wire::IssueSigningKeys,
    responses((status = 200, description = "The keys, in the order of the items", body = IssuedSigningKeys<'static>))
)]
#[post("/v1/gateway/signing-keys")]
pub(crate) async fn issue_signing_keys(
    asking: Asking<IssueSigningKeys>,
    body: Json<wire::IssueSigningKeys>,
) -> Result<Reply, Problem> {
    let items = body.read()?.items;
    if !(1..=MOST).contains(&items.len()) {
        return Err(Problem::invalid("/items", format!("Must be 1 to {MOST}.")));
    }
    let mut validation = Validation::default();
    let wanted: Vec<_> =
        items.iter().enumerate().filter_map(|(index, item)| read(&mut validation, index, item)).collect();
    let wanted = validation.finish(Some(wanted))?;
    let issued = asking
        .run(move |service, context, permit| gateway_plane::issue_signing_keys(service, context, permit, &wanted))
        .await?;
    let today = asking.now().date_naive();
    let results = issued
        .iter()
        .zip(&items)
        .map(|(issued, item)| present::issued_signing_key(issued, item.etag.as_deref(), today))
        .collect();
    Ok(Reply::ok(&IssuedSigningKeys { results }).not_to_be_stored())
}

const MOST: usize = 256;

fn read(validation: &mut Validation, index: usize, item: &wire::WantedSigningKey) -> Option<SigningKeyWanted> {
    let date = NaiveDate::parse_from_str(&item.date, "%Y%m%d").ok().filter(|_| item.date.len() == 8);
    let date = date.ok_or(Invalid::because("Must be a date such as 20261120."));
    let date = validation.take(&format!("/items/{index}/date"), date);
    let region = validation.take(&format!("/items/{index}/region"), RegionCode::parse(&item.region));
    Some(SigningKeyWanted {
        access_key_id: item.access_key_id.clone(),
        date: date?,
        region: region?,
        service: item.service.clone(),
    })
}

/// Issue a secret
///
/// For gateways that cannot do without. Each answer with a secret in it is in the audit of the tenant.
#[utoipa::path(
    tag = "gateway plane",
    params(("access_key_id" = String, Path, description = "Of a pair", example = "NQAK8F7X9K2M1PQ0ABCD")),
    responses((status = 200, description = "The secret, or why there is none", body = IssuedSecret<'static>))
)]
#[get("/v1/gateway/keys/{access_key_id}/secret")]
pub(crate) async fn issue_secret(asking: Asking<IssueSecret>, path: web::Path<String>) -> Result<Reply, Problem> {
    let id = path.into_inner();
    let issued =
        asking.run(move |service, context, permit| gateway_plane::issue_secret(service, context, permit, &id)).await?;
    Ok(Reply::ok(&present::issued_secret(&issued)).not_to_be_stored())
}
