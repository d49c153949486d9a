use actix_web::{HttpRequest, delete, get, patch, post, web};
use authz::action::{ChangeInstance, CreateInstance, DeleteInstance, ListInstances, ReadInstance};
use domain::id::InstanceId;
use domain::text::{Description, Name, RegionCode};
use service::instances::{self, InstanceChange, NewInstanceOrder};
use wire::{CreatedInstance, Instance, InstanceQuery, Page, StoppedInstance};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::{Kind, Problem};

/// List storage instances
#[utoipa::path(
    tag = "storage instances",
    params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000"), InstanceQuery),
    responses((status = 200, description = "The oldest first", body = Page<Instance>))
)]
#[get("/v1/tenants/{tenant}/instances")]
pub(crate) async fn list_instances(
    request: HttpRequest,
    caller: Authorized<ListInstances>,
    query: Query<InstanceQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let mut validation = Validation::default();
    let region = validation.take_if("?region", query.region.as_deref(), RegionCode::parse);
    let region = validation.finish(Some(region))?;
    let filters = [query.region.as_deref()];
    let listing = listing(&request, caller.caller(), query.limit, query.cursor.clone(), &filters)?;
    let page =
        caller.run(move |service, _, permit| instances::list(service, permit, region.as_ref(), &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::instance)))
}

/// Create a storage instance
///
/// A second one in a region only where the key model allows many. Where the model has it so, the first key is made with it
/// and its secret is in this answer; unless a guardrail forbids such a key.
#[utoipa::path(
    tag = "storage instances", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    request_body = wire::CreateInstance,
    responses(
        (status = 201, description = "The storage instance", body = CreatedInstance),
        (status = 409, description = "The region is unavailable, or its model allows one storage instance"),
    )
)]
#[post("/v1/tenants/{tenant}/instances")]
pub(crate) async fn create_instance(
    caller: Authorized<CreateInstance>,
    body: Json<wire::CreateInstance>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let region = validation.take("/region", RegionCode::parse(&body.region));
    let name = validation.take("/name", Name::parse(&body.name));
    let description = validation.take_if("/description", body.description.as_deref(), Description::parse);
    let order = validation.finish((|| Some(NewInstanceOrder { region: region?, name: name?, description }))())?;
    let made = caller
        .run(move |service, context, permit| {
            let made = instances::create(service, context, permit, &order)?;
            Ok(present::created_instance(made, service))
        })
        .await?;
    let location = format!("/v1/tenants/{}/instances/{}", made.instance.tenant_id, made.instance.id);
    Ok(Reply::created(location, &made).at_version(made.instance.version))
}

/// Read a storage instance
#[utoipa::path(
    tag = "storage instances",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("instance" = String, Path, example = "ins_01jd0000000000000000000000"),
    ),
    responses((status = 200, description = "The storage instance", body = Instance))
)]
#[get("/v1/tenants/{tenant}/instances/{instance}")]
pub(crate) async fn read_instance(
    caller: Authorized<ReadInstance>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    let instance = caller.run(move |service, _, permit| instances::read(service, permit, &id)).await?;
    let version = instance.version;
    Ok(Reply::ok(&present::instance(instance)).at_version(version))
}

/// Change a storage instance
#[utoipa::path(
    tag = "storage instances",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("instance" = String, Path, example = "ins_01jd0000000000000000000000"),
    ),
    request_body = wire::ChangeInstance,
    responses(
        (status = 200, description = "The storage instance as it is now", body = Instance),
        (status = 409, description = "The tenant is being deleted"),
    )
)]
#[patch("/v1/tenants/{tenant}/instances/{instance}")]
pub(crate) async fn change_instance(
    caller: Authorized<ChangeInstance>,
    path: web::Path<(String, String)>,
    body: Json<wire::ChangeInstance>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let id = id(&path.1)?;
    let mut validation = Validation::default();
    let name = validation.take_if("/name", body.name.as_deref(), Name::parse);
    let description = match body.description {
        None => None,
        Some(None) => Some(None),
        Some(Some(text)) => validation.take("/description", Description::parse(&text)).map(Some),
    };
    let change = validation.finish(Some(InstanceChange { name, description }))?;
    let instance =
        caller.run(move |service, context, permit| instances::change(service, context, permit, &id, &change)).await?;
    let version = instance.version;
    Ok(Reply::ok(&present::instance(instance)).at_version(version))
}

/// Delete a storage instance
///
/// Its keys stop at once and go with it, whatever the key model says of single keys. Other instances go on working.
#[utoipa::path(
    tag = "storage instances",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("instance" = String, Path, example = "ins_01jd0000000000000000000000"),
    ),
    responses(
        (status = 200, description = "The storage instance as it was", body = StoppedInstance),
        (status = 409, description = "The tenant is being deleted, or the key model forbids deleting the keys in it"),
    )
)]
#[delete("/v1/tenants/{tenant}/instances/{instance}")]
pub(crate) async fn delete_instance(
    caller: Authorized<DeleteInstance>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let id = id(&path.1)?;
    let (stopped, is_confirmed) = caller
        .run_until_confirmed(move |service, context, permit| instances::delete(service, context, permit, &id))
        .await?;
    let receipt = present::receipt(&stopped.receipt);
    let body = StoppedInstance { instance: present::instance(stopped.object), receipt };
    Ok(Reply::ok(&body).unless_confirmed(is_confirmed))
}

fn id(text: &str) -> Result<InstanceId, Problem> {
    InstanceId::parse(text).map_err(|_| Problem::new(Kind::NotFound))
}
