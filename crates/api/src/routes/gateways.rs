use actix_web::{HttpRequest, delete, get, patch, post};
use authz::action::{ChangeGateway, CreateGateway, DeleteGateway, ListGateways, ReadGateway};
use domain::Invalid;
use domain::gateway::{Binding, Capabilities, Capability};
use domain::text::{Name, RegionCode};
use service::gateways::{self, GatewayChange, NewGateway};
use wire::{Gateway, ListQuery, Page};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::Problem;

/// List gateways
#[utoipa::path(
    tag = "gateways", params(ListQuery),
    responses((status = 200, description = "The oldest first", body = Page<Gateway>))
)]
#[get("/v1/gateways")]
pub(crate) async fn list_gateways(
    request: HttpRequest,
    caller: Authorized<ListGateways>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[])?;
    let page = caller.run(move |service, _, permit| gateways::list(service, permit, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::gateway)))
}

/// Register a gateway
///
/// It may ask about keys in its regions and nothing else. Its tokens are made at `/v1/gateways/{gateway}/tokens`.
#[utoipa::path(
    tag = "gateways", request_body = wire::CreateGateway,
    responses((status = 201, description = "The gateway", body = Gateway))
)]
#[post("/v1/gateways")]
pub(crate) async fn create_gateway(
    caller: Authorized<CreateGateway>,
    body: Json<wire::CreateGateway>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let name = validation.take("/name", Name::parse(&body.name));
    let binding = validation.take("/regions", binding(&body.regions));
    let capabilities = validation.take("/capabilities", capabilities(&body.capabilities));
    let new =
        validation.finish((|| Some(NewGateway { name: name?, binding: binding?, capabilities: capabilities? }))())?;
    let shown = caller.run(move |service, context, permit| gateways::create(service, context, permit, new)).await?;
    let version = shown.gateway.version;
    Ok(Reply::created(format!("/v1/gateways/{}", shown.gateway.id), &present::gateway(shown)).at_version(version))
}

/// Read a gateway
///
/// With the lease of each of its processes, and how far it has followed the changes.
#[utoipa::path(
    tag = "gateways", params(("gateway" = String, Path, example = "gtw_01jd0000000000000000000000")),
    responses((status = 200, description = "The gateway", body = Gateway))
)]
#[get("/v1/gateways/{gateway}")]
pub(crate) async fn read_gateway(caller: Authorized<ReadGateway>) -> Result<Reply, Problem> {
    let shown = caller.run(|service, _, permit| gateways::read(service, permit)).await?;
    let version = shown.gateway.version;
    Ok(Reply::ok(&present::gateway(shown)).at_version(version))
}

/// Change a gateway
///
/// In force at the gateway's next request, on every replica.
#[utoipa::path(
    tag = "gateways", params(("gateway" = String, Path, example = "gtw_01jd0000000000000000000000")),
    request_body = wire::ChangeGateway,
    responses((status = 200, description = "The gateway as it is now", body = Gateway))
)]
#[patch("/v1/gateways/{gateway}")]
pub(crate) async fn change_gateway(
    caller: Authorized<ChangeGateway>,
    body: Json<wire::ChangeGateway>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let mut validation = Validation::default();
    let name = validation.take_if("/name", body.name.as_deref(), Name::parse);
    let binding = validation.take_if("/regions", body.regions.as_deref(), binding);
    let capabilities = validation.take_if("/capabilities", body.capabilities.as_deref(), capabilities);
    let change = validation.finish(Some(GatewayChange { name, binding, capabilities }))?;
    let shown = caller.run(move |service, context, permit| gateways::change(service, context, permit, &change)).await?;
    let version = shown.gateway.version;
    Ok(Reply::ok(&present::gateway(shown)).at_version(version))
}

/// Delete a gateway
///
/// Its tokens are refused from the next request on. What its processes hold in memory they may use until their lease
/// ends, and whoever revokes a key until then is told so.
#[utoipa::path(
    tag = "gateways", params(("gateway" = String, Path, example = "gtw_01jd0000000000000000000000")),
    responses((status = 204, description = "The gateway is gone"))
)]
#[delete("/v1/gateways/{gateway}")]
pub(crate) async fn delete_gateway(caller: Authorized<DeleteGateway>) -> Result<Reply, Problem> {
    caller.run(gateways::delete).await?;
    Ok(Reply::no_content())
}

fn binding(codes: &[String]) -> Result<Binding, Invalid> {
    Binding::new(codes.iter().map(|code| RegionCode::parse(code)).collect::<Result<Vec<_>, _>>()?)
}

fn capabilities(named: &[wire::GatewayCapability]) -> Result<Capabilities, Invalid> {
    Capabilities::new(named.iter().map(|capability| match capability {
        wire::GatewayCapability::Verify => Capability::Verify,
        wire::GatewayCapability::SigningKeys => Capability::SigningKeys,
        wire::GatewayCapability::Secrets => Capability::Secrets,
        wire::GatewayCapability::Changes => Capability::Changes,
        wire::GatewayCapability::Usage => Capability::Usage,
        wire::GatewayCapability::Keystone => Capability::Keystone,
    }))
}
