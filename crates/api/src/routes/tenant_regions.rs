use actix_web::{HttpRequest, get, put, web};
use authz::action::{ChangeTenantRegion, ListTenantRegions, ReadTenantRegion};
use domain::tenant_region::{GatewaySecrets, Service as Availability};
use domain::text::{KeyModelName, RegionCode};
use service::tenant_regions::{self, TenantRegionChange};
use wire::{ChangedTenantRegion, ListQuery, Page, RegionService, TenantRegion};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::{Kind, Problem};

/// List a tenant's regions
///
/// One row for every region that is offered, whether the tenant has it or not.
#[utoipa::path(
    tag = "tenant regions", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000"), ListQuery),
    responses((status = 200, description = "By code", body = Page<TenantRegion>))
)]
#[get("/v1/tenants/{tenant}/regions")]
pub(crate) async fn list_tenant_regions(
    request: HttpRequest,
    caller: Authorized<ListTenantRegions>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[])?;
    let page = caller.run(move |service, _, permit| tenant_regions::list(service, permit, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::tenant_region)))
}

/// Read a tenant's region
#[utoipa::path(
    tag = "tenant regions",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("region" = String, Path, example = "waw3-1"),
    ),
    responses((status = 200, description = "What the tenant has there", body = TenantRegion))
)]
#[get("/v1/tenants/{tenant}/regions/{region}")]
pub(crate) async fn read_tenant_region(
    caller: Authorized<ReadTenantRegion>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let code = code(&path.1)?;
    let offer = caller.run(move |service, _, permit| tenant_regions::read(service, permit, &code)).await?;
    let version = offer.own.version;
    Ok(Reply::ok(&present::tenant_region(offer)).at_version(version))
}

/// Change a tenant's region
///
/// Makes the region's service available or takes it away. The first time, its storage instance is made, and where the key
/// model has it so, that instance's first key. Operators and partners may give the tenant another key model than the
/// region's. The tenant may forbid that gateways are given its secrets here; those that were given before go on with them
/// until their keys are reset.
#[utoipa::path(
    tag = "tenant regions",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("region" = String, Path, example = "waw3-1"),
    ),
    request_body = wire::ChangeTenantRegion,
    responses(
        (status = 200, description = "What the tenant has there now", body = ChangedTenantRegion),
        (status = 409, description = "The tenant is being deleted"),
    )
)]
#[put("/v1/tenants/{tenant}/regions/{region}")]
pub(crate) async fn change_tenant_region(
    caller: Authorized<ChangeTenantRegion>,
    path: web::Path<(String, String)>,
    body: Json<wire::ChangeTenantRegion>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    let code = code(&path.1)?;
    let service = match body.service {
        RegionService::Available => Availability::Available,
        RegionService::Unavailable => Availability::Unavailable,
    };
    let mut validation = Validation::default();
    let key_model = match body.key_model {
        None => None,
        Some(None) => Some(None),
        Some(Some(name)) => validation.take("/key_model", KeyModelName::parse(&name)).map(Some),
    };
    let gateway_secrets = body.gateway_secrets.map(|said| match said {
        wire::GatewaySecrets::Allowed => GatewaySecrets::Allowed,
        wire::GatewaySecrets::Forbidden => GatewaySecrets::Forbidden,
    });
    let change = validation.finish(Some(TenantRegionChange { service, key_model, gateway_secrets }))?;
    let changed = caller
        .run(move |service, context, permit| {
            let changed = tenant_regions::change(service, context, permit, &code, &change)?;
            Ok(present::changed_tenant_region(changed, service))
        })
        .await?;
    Ok(Reply::ok(&changed).at_version(changed.tenant_region.version))
}

fn code(text: &str) -> Result<RegionCode, Problem> {
    RegionCode::parse(text).map_err(|_| Problem::new(Kind::NotFound))
}
