use actix_web::{HttpRequest, delete, get, patch, post, web};
use authz::action::{ChangeKeyModel, CreateKeyModel, DeleteKeyModel, ListKeyModels, ReadKeyModel};
use chrono::TimeDelta;
use domain::key_model::{Delete, Instances, Presence, Revoke, Switches};
use domain::text::{KeyModelName, Name};
use service::key_models::{self, KeyModelChange, NewKeyModel};
use wire::{KeyModel, ListQuery, Page};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::{Kind, Problem};

/// List key models
#[utoipa::path(
    tag = "key models", params(ListQuery),
    responses((status = 200, description = "By name", body = Page<KeyModel>))
)]
#[get("/v1/key-models")]
pub(crate) async fn list_key_models(
    request: HttpRequest,
    caller: Authorized<ListKeyModels>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[])?;
    let page = caller.run(move |service, _, permit| key_models::list(service, permit, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::key_model)))
}

/// Create a key model
///
/// Switches that contradict each other, or that leave no way to stop a leaked key, are refused.
#[utoipa::path(
    tag = "key models", request_body = wire::CreateKeyModel,
    responses(
        (status = 201, description = "The key model", body = KeyModel),
        (status = 409, description = "There is a key model with this name"),
    )
)]
#[post("/v1/key-models")]
pub(crate) async fn create_key_model(
    caller: Authorized<CreateKeyModel>,
    body: Json<wire::CreateKeyModel>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let name = validation.take("/name", KeyModelName::parse(&body.name));
    let title = validation.take("/title", Name::parse(&body.title));
    let switches = Switches {
        instances: instances(body.instances),
        max_keys: body.max_keys,
        initial_key: body.initial_key,
        label: presence(body.label),
        description: presence(body.description),
        bucket_scopes: body.bucket_scopes,
        revoke: revoke(body.revoke),
        delete: delete(body.delete),
        reset: body.reset,
        rotate_max_grace: body.rotate_max_grace_seconds.map(seconds),
        max_ttl: body.max_ttl_seconds.map(seconds),
        rotate_after_days: body.rotate_after_days,
        id_prefix: body.id_prefix,
        id_length: body.id_length,
        secret_length: body.secret_length,
    };
    let command = (|| Some(NewKeyModel { name: name?, title: title?, switches }))();
    let new = validation.finish(command)?;
    let model = caller.run(move |service, context, permit| key_models::create(service, context, permit, new)).await?;
    let version = model.version;
    Ok(Reply::created(format!("/v1/key-models/{}", model.name), &present::key_model(model)).at_version(version))
}

/// Read a key model
#[utoipa::path(
    tag = "key models", params(("name" = String, Path, description = "Its name", example = "multi")),
    responses((status = 200, description = "The key model", body = KeyModel))
)]
#[get("/v1/key-models/{name}")]
pub(crate) async fn read_key_model(
    caller: Authorized<ReadKeyModel>,
    path: web::Path<String>,
) -> Result<Reply, Problem> {
    let name = name(&path)?;
    let model = caller.run(move |service, _, permit| key_models::read(service, permit, &name)).await?;
    let version = model.version;
    Ok(Reply::ok(&present::key_model(model)).at_version(version))
}

/// Change a key model
///
/// Counts for keys made from now on; keys that are there keep working. Built-in models stay as they are.
#[utoipa::path(
    tag = "key models", params(("name" = String, Path, description = "Its name", example = "daily")),
    request_body = wire::ChangeKeyModel,
    responses(
        (status = 200, description = "The key model as it is now", body = KeyModel),
        (status = 409, description = "The key model is built in"),
    )
)]
#[patch("/v1/key-models/{name}")]
pub(crate) async fn change_key_model(
    caller: Authorized<ChangeKeyModel>,
    path: web::Path<String>,
    body: Json<wire::ChangeKeyModel>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let name = name(&path)?;
    let mut validation = Validation::default();
    let title = validation.take_if("/title", body.title.as_deref(), Name::parse);
    let switches = move |before: Switches| changed(&body, before);
    let change = validation.finish(Some(KeyModelChange { title, switches }))?;
    let model = caller
        .run(move |service, context, permit| key_models::change(service, context, permit, &name, &change))
        .await?;
    let version = model.version;
    Ok(Reply::ok(&present::key_model(model)).at_version(version))
}

/// Delete a key model
///
/// Only one that no region and no tenant uses. Built-in models stay.
#[utoipa::path(
    tag = "key models", params(("name" = String, Path, description = "Its name", example = "daily")),
    responses(
        (status = 204, description = "The key model is gone"),
        (status = 409, description = "The key model is in use, or built in"),
    )
)]
#[delete("/v1/key-models/{name}")]
pub(crate) async fn delete_key_model(
    caller: Authorized<DeleteKeyModel>,
    path: web::Path<String>,
) -> Result<Reply, Problem> {
    let name = name(&path)?;
    caller.run(move |service, context, permit| key_models::delete(service, context, permit, &name)).await?;
    Ok(Reply::no_content())
}

fn name(text: &str) -> Result<KeyModelName, Problem> {
    KeyModelName::parse(text).map_err(|_| Problem::new(Kind::NotFound))
}

fn changed(body: &wire::ChangeKeyModel, before: Switches) -> Switches {
    Switches {
        instances: body.instances.map_or(before.instances, instances),
        max_keys: body.max_keys.unwrap_or(before.max_keys),
        initial_key: body.initial_key.unwrap_or(before.initial_key),
        label: body.label.map_or(before.label, presence),
        description: body.description.map_or(before.description, presence),
        bucket_scopes: body.bucket_scopes.unwrap_or(before.bucket_scopes),
        revoke: body.revoke.map_or(before.revoke, revoke),
        delete: body.delete.map_or(before.delete, delete),
        reset: body.reset.unwrap_or(before.reset),
        rotate_max_grace: body.rotate_max_grace_seconds.map_or(before.rotate_max_grace, |grace| grace.map(seconds)),
        max_ttl: body.max_ttl_seconds.map_or(before.max_ttl, |ttl| ttl.map(seconds)),
        rotate_after_days: body.rotate_after_days.unwrap_or(before.rotate_after_days),
        id_prefix: body.id_prefix.clone().unwrap_or(before.id_prefix),
        id_length: body.id_length.unwrap_or(before.id_length),
        secret_length: body.secret_length.unwrap_or(before.secret_length),
    }
}

/// Numbers beyond every bound become one that the bounds refuse.
fn seconds(count: i64) -> TimeDelta {
    TimeDelta::try_seconds(count).unwrap_or(TimeDelta::MAX)
}

fn instances(rule: wire::InstancesRule) -> Instances {
    match rule {
        wire::InstancesRule::One => Instances::One,
        wire::InstancesRule::Many => Instances::Many,
    }
}

fn presence(rule: wire::PresenceRule) -> Presence {
    match rule {
        wire::PresenceRule::Required => Presence::Required,
        wire::PresenceRule::Optional => Presence::Optional,
    }
}

fn revoke(rule: wire::RevokeRule) -> Revoke {
    match rule {
        wire::RevokeRule::KeepsHistory => Revoke::KeepsHistory,
        wire::RevokeRule::Off => Revoke::Off,
    }
}

fn delete(rule: wire::DeleteRule) -> Delete {
    match rule {
        wire::DeleteRule::Allowed => Delete::Allowed,
        wire::DeleteRule::AfterRevoke => Delete::AfterRevoke,
        wire::DeleteRule::Forbidden => Delete::Forbidden,
    }
}
