mod import;
mod terms;

pub(crate) use import::import_keys;

use actix_web::{HttpRequest, delete, get, patch, post, web};
use authz::action::{
    ChangeKey, CreateKey, DeleteKey, DisableKey, EnableKey, ExplainKey, ListKeys, ReadKey, ReadKeyPropagation,
    ReadKeyUsage, ResetKey, RevokeKey, RotateKey,
};
use authz::{Action, Permit};
use chrono::TimeDelta;
use domain::bucket::BucketName;
use domain::id::{InstanceId, KeyId};
use domain::key::{AccessKeyId, Grace, KeyStatus};
use domain::text::{Label, RegionCode};
use domain::{Invalid, Timestamp};
use service::keys::{self, Filter, KeyMade, KeyShown, NewKeyOrder, Place};
use service::{Context, Service, Stopped};
use wire::{CreatedKey, Explanation, Key, KeyQuery, KeyUsage, Page, Receipt, StoppedKey};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::{Kind, Problem};

/// List keys
///
/// Never with their secrets.
#[utoipa::path(
    tag = "keys", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000"), KeyQuery),
    responses((status = 200, description = "The oldest first", body = Page<Key>))
)]
#[get("/v1/tenants/{tenant}/keys")]
pub(crate) async fn list_keys(
    request: HttpRequest,
    caller: Authorized<ListKeys>,
    query: Query<KeyQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let days = query.older_than_days.map(|days| days.to_string());
    let status = query.status.map(status);
    let filters = [
        query.region.as_deref(),
        query.instance.as_deref(),
        status.map(KeyStatus::as_str),
        query.label.as_deref(),
        query.bucket.as_deref(),
        query.access_key_id.as_deref(),
        days.as_deref(),
    ];
    let listing = listing(&request, caller.caller(), query.limit, query.cursor.clone(), &filters)?;
    let filter = filter(&query, status, caller.now())?;
    let page =
        caller.run(move |service, context, permit| keys::list(service, context, permit, &filter, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::key)))
}

/// Create a key
///
/// The secret is in this answer and in no other. What a key must and may have, the key model says, and the guardrails of
/// the partners above the tenant. Where one has it that partners do not see secrets, a partner's token gets a claim link
/// in `claim` instead, to pass on.
#[utoipa::path(
    tag = "keys", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    request_body = wire::CreateKey,
    responses(
        (status = 201, description = "The key and its secret", body = CreatedKey),
        (status = 409, description = "The region is unavailable, or the key model allows no more keys: reset the one there is"),
    )
)]
#[post("/v1/tenants/{tenant}/keys")]
pub(crate) async fn create_key(caller: Authorized<CreateKey>, body: Json<wire::CreateKey>) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let place = place(&mut validation, body.region.as_deref(), body.instance.as_deref());
    let terms = terms::new(&mut validation, body);
    let order = validation.finish((|| Some(NewKeyOrder { place: place?, terms: terms? }))())?;
    let made = caller
        .run(move |service, context, permit| {
            let made = keys::create(service, context, permit, order)?;
            Ok(present::created_key(made, service))
        })
        .await?;
    let location = format!("/v1/tenants/{}/keys/{}", made.key.tenant_id, made.key.id);
    Ok(Reply::created(location, &made).at_version(made.key.version))
}

/// Read a key
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    responses((status = 200, description = "The key", body = Key))
)]
#[get("/v1/tenants/{tenant}/keys/{key}")]
pub(crate) async fn read_key(caller: Authorized<ReadKey>, path: web::Path<(String, String)>) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    let shown = caller.run(move |service, context, permit| keys::read(service, context, permit, &id)).await?;
    let version = shown.key.version;
    Ok(Reply::ok(&present::key(shown)).at_version(version))
}

/// Change a key
///
/// Its label, its description, what it opens and until when. Its pair stays as it is.
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    request_body = wire::ChangeKey,
    responses(
        (status = 200, description = "The key as it is now", body = Key),
        (status = 409, description = "The key is revoked or has expired"),
    )
)]
#[patch("/v1/tenants/{tenant}/keys/{key}")]
pub(crate) async fn change_key(
    caller: Authorized<ChangeKey>,
    path: web::Path<(String, String)>,
    body: Json<wire::ChangeKey>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let id = id(&path.1)?;
    let mut validation = Validation::default();
    let change = terms::changed(&mut validation, body);
    let change = validation.finish(Some(change))?;
    let shown =
        caller.run(move |service, context, permit| keys::change(service, context, permit, &id, &change)).await?;
    let version = shown.key.version;
    Ok(Reply::ok(&present::key(shown)).at_version(version))
}

/// Delete a key
///
/// It stops at once and is gone, where the key model allows it. Its access key ids are never given out again.
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    responses(
        (status = 200, description = "The key as it was", body = StoppedKey),
        (status = 409, description = "The key model forbids it, or demands that the key is revoked first"),
    )
)]
#[delete("/v1/tenants/{tenant}/keys/{key}")]
pub(crate) async fn delete_key(
    caller: Authorized<DeleteKey>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    stopped(caller, move |service, context, permit| keys::delete(service, context, permit, &id)).await
}

/// Reset a key
///
/// The old pair dies at once, and the new one is in the same answer.
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    responses(
        (status = 200, description = "The key and its new secret", body = CreatedKey),
        (status = 409, description = "The key model forbids it, or the key is revoked or has expired"),
    )
)]
#[post("/v1/tenants/{tenant}/keys/{key}/reset")]
pub(crate) async fn reset_key(
    caller: Authorized<ResetKey>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    renewed(caller, move |service, context, permit| keys::reset(service, context, permit, &id)).await
}

/// Rotate a key
///
/// A new pair beside the old one, which goes on for `grace_seconds`; or until nobody has used it for
/// `retire_when_quiet_for_seconds`, and `at_most_seconds` in any case.
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    request_body = wire::RotateKey,
    responses(
        (status = 200, description = "The key and its new secret", body = CreatedKey),
        (status = 409, description = "The key model forbids it, or the key is revoked or has expired"),
    )
)]
#[post("/v1/tenants/{tenant}/keys/{key}/rotate")]
pub(crate) async fn rotate_key(
    caller: Authorized<RotateKey>,
    path: web::Path<(String, String)>,
    body: Json<wire::RotateKey>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let id = id(&path.1)?;
    let mut validation = Validation::default();
    let grace = grace(&mut validation, &body);
    let grace = validation.finish(grace)?;
    renewed(caller, move |service, context, permit| keys::rotate(service, context, permit, &id, grace)).await
}

/// Revoke a key
///
/// It stops at once, for good, and stays in the list as history.
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    responses(
        (status = 200, description = "Revoked", body = StoppedKey),
        (status = 409, description = "The key model forbids it, or the key is revoked already"),
    )
)]
#[post("/v1/tenants/{tenant}/keys/{key}/revoke")]
pub(crate) async fn revoke_key(
    caller: Authorized<RevokeKey>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    stopped(caller, move |service, context, permit| keys::revoke(service, context, permit, &id)).await
}

/// Disable a key
///
/// It stops at once, until it is enabled again.
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    responses(
        (status = 200, description = "Disabled", body = StoppedKey),
        (status = 409, description = "The key is disabled, revoked or has expired"),
    )
)]
#[post("/v1/tenants/{tenant}/keys/{key}/disable")]
pub(crate) async fn disable_key(
    caller: Authorized<DisableKey>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    stopped(caller, move |service, context, permit| keys::disable(service, context, permit, &id)).await
}

/// Enable a key
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    responses(
        (status = 200, description = "Enabled", body = StoppedKey),
        (status = 409, description = "The key is not disabled"),
    )
)]
#[post("/v1/tenants/{tenant}/keys/{key}/enable")]
pub(crate) async fn enable_key(
    caller: Authorized<EnableKey>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    stopped(caller, move |service, context, permit| keys::enable(service, context, permit, &id)).await
}

/// Read a key's receipt
///
/// How far the newest change of the key has come.
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    responses((status = 200, description = "The receipt as it stands now", body = Receipt))
)]
#[get("/v1/tenants/{tenant}/keys/{key}/propagation")]
pub(crate) async fn read_key_propagation(
    caller: Authorized<ReadKeyPropagation>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    let receipt = caller.run(move |service, context, permit| keys::propagation(service, context, permit, &id)).await?;
    Ok(Reply::ok(&present::receipt(&receipt)))
}

/// Read a key's usage
///
/// When each pair was last used, through which gateway, from where and by what, as far as gateways have reported it.
#[utoipa::path(
    tag = "keys",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("key" = String, Path, example = "key_01jd0000000000000000000000"),
    ),
    responses((status = 200, description = "What is known of its use", body = KeyUsage))
)]
#[get("/v1/tenants/{tenant}/keys/{key}/usage")]
pub(crate) async fn read_key_usage(
    caller: Authorized<ReadKeyUsage>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    let usage = caller.run(move |service, context, permit| keys::usage(service, context, permit, &id)).await?;
    Ok(Reply::ok(&present::key_usage(&usage)))
}

/// Explain a decision
///
/// Why an access key id of the tenant's works or does not, step by step: now, or at a moment gone by. A moment gone by is
/// judged by what is known today of when things were suspended, disabled, revoked or replaced.
#[utoipa::path(
    tag = "keys", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    request_body = wire::ExplainKey,
    responses((status = 200, description = "The decision and how it came about", body = Explanation))
)]
#[post("/v1/tenants/{tenant}/keys:explain")]
pub(crate) async fn explain_key(
    caller: Authorized<ExplainKey>,
    body: Json<wire::ExplainKey>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let access_key_id = validation.take("/access_key_id", AccessKeyId::parse(&body.access_key_id));
    let id = validation.finish(access_key_id)?;
    let explained =
        caller.run(move |service, context, permit| keys::explain(service, context, permit, &id, body.at)).await?;
    Ok(Reply::ok(&present::explanation(explained)))
}

async fn renewed<A: Action>(
    caller: Authorized<A>,
    work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<KeyMade> + Send + 'static,
) -> Result<Reply, Problem> {
    let blocking = caller.blocking();
    let (made, is_confirmed) = caller.run_until_confirmed(work).await?;
    let version = made.shown.key.version;
    Ok(Reply::ok(&present::created_key(made, blocking.service())).at_version(version).unless_confirmed(is_confirmed))
}

async fn stopped<A: Action>(
    caller: Authorized<A>,
    work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<Stopped<KeyShown>> + Send + 'static,
) -> Result<Reply, Problem> {
    let (stopped, is_confirmed) = caller.run_until_confirmed(work).await?;
    let version = stopped.object.key.version;
    Ok(Reply::ok(&present::stopped_key(stopped)).at_version(version).unless_confirmed(is_confirmed))
}

fn id(text: &str) -> Result<KeyId, Problem> {
    KeyId::parse(text).map_err(|_| Problem::new(Kind::NotFound))
}

fn place(validation: &mut Validation, region: Option<&str>, instance: Option<&str>) -> Option<Place> {
    match (region, instance) {
        (Some(region), None) => validation.take("/region", RegionCode::parse(region)).map(Place::Region),
        (None, Some(instance)) => validation.take("/instance", InstanceId::parse(instance)).map(Place::Instance),
        (None, None) | (Some(_), Some(_)) => {
            validation.take("/region", Err(Invalid::because("Name either a region or a storage instance.")))
        }
    }
}

fn grace(validation: &mut Validation, body: &wire::RotateKey) -> Option<Grace> {
    let seconds = |count| TimeDelta::try_seconds(count).unwrap_or(TimeDelta::MAX);
    match (body.grace_seconds, body.retire_when_quiet_for_seconds, body.at_most_seconds) {
        (Some(grace), None, None) => validation.take("/grace_seconds", Grace::lasting(seconds(grace))),
        (None, Some(quiet_for), Some(at_most)) => {
            let grace = Grace::until_quiet(seconds(quiet_for), seconds(at_most));
            validation.take("/retire_when_quiet_for_seconds", grace)
        }
        _ => {
            let why = "Give grace_seconds, or retire_when_quiet_for_seconds with at_most_seconds.";
            validation.take("/grace_seconds", Err(Invalid::because(why)))
        }
    }
}

fn filter(query: &KeyQuery, status: Option<KeyStatus>, now: Timestamp) -> Result<Filter, Problem> {
    let mut validation = Validation::default();
    let region = validation.take_if("?region", query.region.as_deref(), RegionCode::parse);
    let instance = validation.take_if("?instance", query.instance.as_deref(), InstanceId::parse);
    let label = validation.take_if("?label", query.label.as_deref(), Label::parse);
    let bucket = validation.take_if("?bucket", query.bucket.as_deref(), BucketName::parse);
    let access_key_id = validation.take_if("?access_key_id", query.access_key_id.as_deref(), AccessKeyId::parse);
    let rotated_before = validation.take_if("?older_than_days", query.older_than_days, |days| {
        let is_sensible = (0..=36_600).contains(&days);
        is_sensible.then(|| now - TimeDelta::days(days)).ok_or(Invalid::because("Must be between 0 and 36600."))
    });
    validation.finish(Some(Filter { region, instance, status, label, bucket, access_key_id, rotated_before }))
}

fn status(status: wire::KeyStatus) -> KeyStatus {
    match status {
        wire::KeyStatus::Active => KeyStatus::Active,
        wire::KeyStatus::Disabled => KeyStatus::Disabled,
        wire::KeyStatus::Revoked => KeyStatus::Revoked,
        wire::KeyStatus::Expired => KeyStatus::Expired,
    }
}
