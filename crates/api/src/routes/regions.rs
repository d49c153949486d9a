use actix_web::{HttpRequest, delete, get, patch, post, web};
use authz::action::{ChangeRegion, CreateRegion, DeleteRegion, ListRegions, ReadRegion};
use domain::text::{Endpoint, KeyModelName, Name, RegionCode};
use service::regions::{self, NewRegion, RegionChange};
use wire::{ListQuery, Page, Region};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::{Kind, Problem};

/// List regions
#[utoipa::path(
    tag = "regions", params(ListQuery),
    responses((status = 200, description = "By code", body = Page<Region>))
)]
#[get("/v1/regions")]
pub(crate) async fn list_regions(
    request: HttpRequest,
    caller: Authorized<ListRegions>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[])?;
    let page = caller.run(move |service, _, permit| regions::list(service, permit, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::region)))
}

/// Create a region
#[utoipa::path(
    tag = "regions", request_body = wire::CreateRegion,
    responses(
        (status = 201, description = "The region", body = Region),
        (status = 409, description = "There is a region with this code"),
    )
)]
#[post("/v1/regions")]
pub(crate) async fn create_region(
    caller: Authorized<CreateRegion>,
    body: Json<wire::CreateRegion>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let code = validation.take("/code", RegionCode::parse(&body.code));
    let name = validation.take("/name", Name::parse(&body.name));
    let s3_endpoint = validation.take("/s3_endpoint", Endpoint::parse(&body.s3_endpoint));
    let key_model = validation.take("/key_model", KeyModelName::parse(&body.key_model));
    let command = (|| Some(NewRegion { code: code?, name: name?, s3_endpoint: s3_endpoint?, key_model: key_model? }))();
    let new = validation.finish(command)?;
    let region = caller.run(move |service, context, permit| regions::create(service, context, permit, new)).await?;
    let version = region.version;
    Ok(Reply::created(format!("/v1/regions/{}", region.code), &present::region(region)).at_version(version))
}

/// Read a region
#[utoipa::path(
    tag = "regions", params(("region" = String, Path, description = "Its code", example = "waw3-1")),
    responses((status = 200, description = "The region", body = Region))
)]
#[get("/v1/regions/{region}")]
pub(crate) async fn read_region(caller: Authorized<ReadRegion>, path: web::Path<String>) -> Result<Reply, Problem> {
    let code = code(&path)?;
    let region = caller.run(move |service, _, permit| regions::read(service, permit, &code)).await?;
    let version = region.version;
    Ok(Reply::ok(&present::region(region)).at_version(version))
}

/// Change a region
///
/// Another key model counts for keys made from now on; keys that are there keep working.
#[utoipa::path(
    tag = "regions", params(("region" = String, Path, description = "Its code", example = "waw3-1")),
    request_body = wire::ChangeRegion,
    responses((status = 200, description = "The region as it is now", body = Region))
)]
#[patch("/v1/regions/{region}")]
pub(crate) async fn change_region(
    caller: Authorized<ChangeRegion>,
    path: web::Path<String>,
    body: Json<wire::ChangeRegion>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let code = code(&path)?;
    let mut validation = Validation::default();
    let name = validation.take_if("/name", body.name.as_deref(), Name::parse);
    let s3_endpoint = validation.take_if("/s3_endpoint", body.s3_endpoint.as_deref(), Endpoint::parse);
    let key_model = validation.take_if("/key_model", body.key_model.as_deref(), KeyModelName::parse);
    let change = validation.finish(Some(RegionChange { name, s3_endpoint, key_model }))?;
    let region =
        caller.run(move |service, context, permit| regions::change(service, context, permit, &code, &change)).await?;
    let version = region.version;
    Ok(Reply::ok(&present::region(region)).at_version(version))
}

/// Delete a region
///
/// Only one that no tenant ever had.
#[utoipa::path(
    tag = "regions", params(("region" = String, Path, description = "Its code", example = "waw3-1")),
    responses(
        (status = 204, description = "The region is gone"),
        (status = 409, description = "Tenants have this region"),
    )
)]
#[delete("/v1/regions/{region}")]
pub(crate) async fn delete_region(caller: Authorized<DeleteRegion>, path: web::Path<String>) -> Result<Reply, Problem> {
    let code = code(&path)?;
    caller.run(move |service, context, permit| regions::delete(service, context, permit, &code)).await?;
    Ok(Reply::no_content())
}

fn code(text: &str) -> Result<RegionCode, Problem> {
    RegionCode::parse(text).map_err(|_| Problem::new(Kind::NotFound))
}
