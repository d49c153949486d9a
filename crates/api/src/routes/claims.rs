use actix_web::{post, web};
use chrono::TimeDelta;
use domain::Secret;
use domain::claim::ClaimLife;
use domain::id::KeyId;
use service::claims;
use wire::{ClaimedKey, CreatedClaim};

use crate::http::{Anonymous, Authorized, Json, Reply, Validation};
use crate::present;
use crate::problem::{Kind, Problem};

/// Make a claim link
///
/// For the secret of a pair that you have had made within the last ten minutes: hand the link on instead of the secret.
/// It opens once, and a second opening shows in the audit. A pair gets one link.
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    request_body = wire::CreateClaim,
    responses(
        (status = 201, description = "The link", body = CreatedClaim),
        (status = 409, description = "The pair has a link, or is not yours or too old for one, or the key is over"),
    )
)]
#[post("/v1/tenants/{tenant}/keys/{key}/claims")]
pub(crate) async fn create_claim(
    caller: Authorized<authz::action::CreateClaim>,
    path: web::Path<(String, String)>,
    body: Json<wire::CreateClaim>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let id = KeyId::parse(&path.1).map_err(|_| Problem::new(Kind::NotFound))?;
    let mut validation = Validation::default();
    let life = match body.expires_in_seconds {
        None => Some(ClaimLife::DEFAULT),
        Some(seconds) => {
            let life = TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX);
            validation.take("/expires_in_seconds", ClaimLife::lasting(life))
        }
    };
    let life = validation.finish(life)?;
    let location = format!("/v1/tenants/{}/keys/{id}", path.0);
    let created = caller
        .run(move |service, context, permit| {
            let made = claims::create(service, context, permit, &id, life)?;
            Ok(present::created_claim(&made, service))
        })
        .await?;
    Ok(Reply::created(location, &created))
}

/// Open a claim link
///
/// Shows the secret, once. The link is the only credential.
#[utoipa::path(
    tag = "keys", params(("claim" = String, Path, description = "The link's token, `krc_...`", example = "krc_...")),
    responses(
        (status = 200, description = "The pair and its secret", body = ClaimedKey),
        (status = 404, description = "The link is unknown, opened or too old, or its pair no longer works"),
    )
)]
#[post("/v1/claims/{claim}")]
pub(crate) async fn open_claim(anonymous: Anonymous, path: web::Path<String>) -> Result<Reply, Problem> {
    let link = Secret::new(path.into_inner());
    let claimed = anonymous.run(move |service, context| claims::open(service, context, &link)).await?;
    Ok(Reply::ok(&present::claimed_key(&claimed)))
}
