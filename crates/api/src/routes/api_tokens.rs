use actix_web::{HttpRequest, delete, get, post, web};
use authz::action::{
    CreateGatewayToken, CreateOperatorToken, CreatePartnerToken, CreateTenantToken, DeleteGatewayToken,
    DeleteOperatorToken, DeletePartnerToken, DeleteTenantToken, ListGatewayTokens, ListOperatorTokens,
    ListPartnerTokens, ListTenantTokens, RotateGatewayToken, RotateOperatorToken, RotatePartnerToken,
    RotateTenantToken,
};
use authz::{Action, HoldsTokens};
use chrono::TimeDelta;
use domain::Invalid;
use domain::api_token::{LONGEST_GRACE, MOST_NETWORKS};
use domain::id::TokenId;
use domain::networks;
use domain::scope::Scope;
use domain::text::Description;
use ipnet::IpNet;
use service::api_tokens::{self, NewToken};
use wire::{ApiToken, CreateToken, CreatedToken, ListQuery, Page, RotateToken, TokenScope};

use crate::http::query::listing;
use crate::http::{Authorized, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::{Kind, Problem};

/// List operators' tokens
#[utoipa::path(
    tag = "tokens", params(ListQuery),
    responses((status = 200, description = "The oldest first, expired ones left out", body = Page<ApiToken>))
)]
#[get("/v1/operator/tokens")]
pub(crate) async fn list_operator_tokens(
    request: HttpRequest,
    caller: Authorized<ListOperatorTokens>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    list(&request, caller, query).await
}

/// Create an operator token
///
/// Its text is in this answer and in no other. A token made by a token has no more scopes and no later expiry.
#[utoipa::path(
    tag = "tokens", request_body = CreateToken,
    responses((status = 201, description = "The token", body = CreatedToken))
)]
#[post("/v1/operator/tokens")]
pub(crate) async fn create_operator_token(
    request: HttpRequest,
    caller: Authorized<CreateOperatorToken>,
    body: Json<CreateToken>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    create(&request, caller, body).await
}

/// Rotate an operator token
///
/// A new token with the same description, scopes, addresses and expiry. The old one goes on for `grace_seconds`.
#[utoipa::path(
    tag = "tokens",
    params(("token" = String, Path, example = "tok_01jd0000000000000000000000")),
    request_body = RotateToken,
    responses((status = 201, description = "The new token", body = CreatedToken))
)]
#[post("/v1/operator/tokens/{token}/rotate")]
pub(crate) async fn rotate_operator_token(
    request: HttpRequest,
    caller: Authorized<RotateOperatorToken>,
    path: web::Path<String>,
    body: Json<RotateToken>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    rotate(&request, caller, &path, &body).await
}

/// Delete an operator token
///
/// It is refused from the next request on.
#[utoipa::path(
    tag = "tokens",
    params(("token" = String, Path, example = "tok_01jd0000000000000000000000")),
    responses((status = 204, description = "The token is gone"))
)]
#[delete("/v1/operator/tokens/{token}")]
pub(crate) async fn delete_operator_token(
    caller: Authorized<DeleteOperatorToken>,
    path: web::Path<String>,
) -> Result<Reply, Problem> {
    remove(caller, &path).await
}

/// List a partner's tokens
#[utoipa::path(
    tag = "tokens", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000"), ListQuery),
    responses((status = 200, description = "The oldest first, expired ones left out", body = Page<ApiToken>))
)]
#[get("/v1/partners/{partner}/tokens")]
pub(crate) async fn list_partner_tokens(
    request: HttpRequest,
    caller: Authorized<ListPartnerTokens>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    list(&request, caller, query).await
}

/// Create a partner token
///
/// Its text is in this answer and in no other. A token made by a token has no more scopes and no later expiry.
#[utoipa::path(
    tag = "tokens", params(("partner" = String, Path, example = "ptr_01jd0000000000000000000000")),
    request_body = CreateToken,
    responses((status = 201, description = "The token", body = CreatedToken))
)]
#[post("/v1/partners/{partner}/tokens")]
pub(crate) async fn create_partner_token(
    request: HttpRequest,
    caller: Authorized<CreatePartnerToken>,
    body: Json<CreateToken>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    create(&request, caller, body).await
}

/// Rotate a partner token
///
/// A new token with the same description, scopes, addresses and expiry. The old one goes on for `grace_seconds`.
#[utoipa::path(
    tag = "tokens",
    params(
        ("partner" = String, Path, example = "ptr_01jd0000000000000000000000"),
        ("token" = String, Path, example = "tok_01jd0000000000000000000000"),
    ),
    request_body = RotateToken,
    responses((status = 201, description = "The new token", body = CreatedToken))
)]
#[post("/v1/partners/{partner}/tokens/{token}/rotate")]
pub(crate) async fn rotate_partner_token(
    request: HttpRequest,
    caller: Authorized<RotatePartnerToken>,
    path: web::Path<(String, String)>,
    body: Json<RotateToken>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    rotate(&request, caller, &path.1, &body).await
}

/// Delete a partner token
///
/// It is refused from the next request on.
#[utoipa::path(
    tag = "tokens",
    params(
        ("partner" = String, Path, example = "ptr_01jd0000000000000000000000"),
        ("token" = String, Path, example = "tok_01jd0000000000000000000000"),
    ),
    responses((status = 204, description = "The token is gone"))
)]
#[delete("/v1/partners/{partner}/tokens/{token}")]
pub(crate) async fn delete_partner_token(
    caller: Authorized<DeletePartnerToken>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    remove(caller, &path.1).await
}

/// List a gateway's tokens
#[utoipa::path(
    tag = "tokens", params(("gateway" = String, Path, example = "gtw_01jd0000000000000000000000"), ListQuery),
    responses((status = 200, description = "The oldest first, expired ones left out", body = Page<ApiToken>))
)]
#[get("/v1/gateways/{gateway}/tokens")]
pub(crate) async fn list_gateway_tokens(
    request: HttpRequest,
    caller: Authorized<ListGatewayTokens>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    list(&request, caller, query).await
}

/// Create a gateway token
///
/// Its text is in this answer and in no other. Its one scope is `gateway:use`; what that means, the gateway's capabilities say.
#[utoipa::path(
    tag = "tokens", params(("gateway" = String, Path, example = "gtw_01jd0000000000000000000000")),
    request_body = CreateToken,
    responses((status = 201, description = "The token", body = CreatedToken))
)]
#[post("/v1/gateways/{gateway}/tokens")]
pub(crate) async fn create_gateway_token(
    request: HttpRequest,
    caller: Authorized<CreateGatewayToken>,
    body: Json<CreateToken>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    create(&request, caller, body).await
}

/// Rotate a gateway token
///
/// A new token with the same description, scopes, addresses and expiry. The old one goes on for `grace_seconds`.
#[utoipa::path(
    tag = "tokens",
    params(
        ("gateway" = String, Path, example = "gtw_01jd0000000000000000000000"),
        ("token" = String, Path, example = "tok_01jd0000000000000000000000"),
    ),
    request_body = RotateToken,
    responses((status = 201, description = "The new token", body = CreatedToken))
)]
#[post("/v1/gateways/{gateway}/tokens/{token}/rotate")]
pub(crate) async fn rotate_gateway_token(
    request: HttpRequest,
    caller: Authorized<RotateGatewayToken>,
    path: web::Path<(String, String)>,
    body: Json<RotateToken>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    rotate(&request, caller, &path.1, &body).await
}

/// Delete a gateway token
///
/// It is refused from the next request on.
#[utoipa::path(
    tag = "tokens",
    params(
        ("gateway" = String, Path, example = "gtw_01jd0000000000000000000000"),
        ("token" = String, Path, example = "tok_01jd0000000000000000000000"),
    ),
    responses((status = 204, description = "The token is gone"))
)]
#[delete("/v1/gateways/{gateway}/tokens/{token}")]
pub(crate) async fn delete_gateway_token(
    caller: Authorized<DeleteGatewayToken>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    remove(caller, &path.1).await
}

/// List a tenant's tokens
#[utoipa::path(
    tag = "tokens", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000"), ListQuery),
    responses((status = 200, description = "The oldest first, expired ones left out", body = Page<ApiToken>))
)]
#[get("/v1/tenants/{tenant}/tokens")]
pub(crate) async fn list_tenant_tokens(
    request: HttpRequest,
    caller: Authorized<ListTenantTokens>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    list(&request, caller, query).await
}

/// Create a tenant token
///
/// Its text is in this answer and in no other. A token made by a token has no more scopes and no later expiry.
#[utoipa::path(
    tag = "tokens", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    request_body = CreateToken,
    responses((status = 201, description = "The token", body = CreatedToken))
)]
#[post("/v1/tenants/{tenant}/tokens")]
pub(crate) async fn create_tenant_token(
    request: HttpRequest,
    caller: Authorized<CreateTenantToken>,
    body: Json<CreateToken>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    create(&request, caller, body).await
}

/// Rotate a tenant token
///
/// A new token with the same description, scopes, addresses and expiry. The old one goes on for `grace_seconds`.
#[utoipa::path(
    tag = "tokens",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("token" = String, Path, example = "tok_01jd0000000000000000000000"),
    ),
    request_body = RotateToken,
    responses((status = 201, description = "The new token", body = CreatedToken))
)]
#[post("/v1/tenants/{tenant}/tokens/{token}/rotate")]
pub(crate) async fn rotate_tenant_token(
    request: HttpRequest,
    caller: Authorized<RotateTenantToken>,
    path: web::Path<(String, String)>,
    body: Json<RotateToken>,
) -> Result<Reply, Problem> {
    let body = body.read()?;
    rotate(&request, caller, &path.1, &body).await
}

/// Delete a tenant token
///
/// It is refused from the next request on.
#[utoipa::path(
    tag = "tokens",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("token" = String, Path, example = "tok_01jd0000000000000000000000"),
    ),
    responses((status = 204, description = "The token is gone"))
)]
#[delete("/v1/tenants/{tenant}/tokens/{token}")]
pub(crate) async fn delete_tenant_token(
    caller: Authorized<DeleteTenantToken>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    remove(caller, &path.1).await
}

async fn list<A: Action>(
    request: &HttpRequest,
    caller: Authorized<A>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem>
where
    A::Object: HoldsTokens,
{
    let query = query.read()?;
    let listing = listing(request, caller.caller(), query.limit, query.cursor, &[])?;
    let page = caller.run(move |service, context, permit| api_tokens::list(service, context, permit, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::api_token)))
}

async fn create<A: Action>(request: &HttpRequest, caller: Authorized<A>, body: CreateToken) -> Result<Reply, Problem>
where
    A::Object: HoldsTokens,
{
    let mut validation = Validation::default();
    let description = validation.take("/description", Description::parse(&body.description));
    let networks = validation.take("/allowed_addresses", networks(&body.allowed_addresses));
    let scopes = body.scopes.map(|scopes| scopes.into_iter().map(scope).collect());
    let command =
        (|| Some(NewToken { description: description?, expires_at: body.expires_at, scopes, networks: networks? }))();
    let new = validation.finish(command)?;
    let made = caller.run(move |service, context, permit| api_tokens::create(service, context, permit, new)).await?;
    Ok(made_at(request.path(), made))
}

async fn rotate<A: Action>(
    request: &HttpRequest,
    caller: Authorized<A>,
    token: &str,
    body: &RotateToken,
) -> Result<Reply, Problem>
where
    A::Object: HoldsTokens,
{
    let id = id(token)?;
    if !(0..=LONGEST_GRACE.num_seconds()).contains(&body.grace_seconds) {
        return Err(Problem::invalid("/grace_seconds", "Must be between 0 and 30 days."));
    }
    let grace = TimeDelta::seconds(body.grace_seconds);
    let made =
        caller.run(move |service, context, permit| api_tokens::rotate(service, context, permit, &id, grace)).await?;
    let collection = request.path().rsplitn(3, '/').last().unwrap_or_default();
    Ok(made_at(collection, made))
}

async fn remove<A: Action>(caller: Authorized<A>, token: &str) -> Result<Reply, Problem>
where
    A::Object: HoldsTokens,
{
    let id = id(token)?;
    caller.run(move |service, context, permit| api_tokens::delete(service, context, permit, &id)).await?;
    Ok(Reply::no_content())
}

fn made_at(collection: &str, made: api_tokens::TokenMade) -> Reply {
    let (location, version) = (format!("{collection}/{}", made.token.id), made.token.version);
    Reply::created(location, &present::created_token(made)).at_version(version)
}

fn id(text: &str) -> Result<TokenId, Problem> {
    TokenId::parse(text).map_err(|_| Problem::new(Kind::NotFound))
}

fn networks(texts: &[String]) -> Result<Vec<IpNet>, Invalid> {
    if texts.len() > MOST_NETWORKS {
        return Err(Invalid::because(format!("Must be at most {MOST_NETWORKS}.")));
    }
    texts.iter().map(|text| networks::parse(text).map(|network| network.trunc())).collect()
}

fn scope(scope: TokenScope) -> Scope {
    match scope {
        TokenScope::TenantsRead => Scope::TenantsRead,
        TokenScope::TenantsWrite => Scope::TenantsWrite,
        TokenScope::UsersWrite => Scope::UsersWrite,
        TokenScope::KeysRead => Scope::KeysRead,
        TokenScope::KeysWrite => Scope::KeysWrite,
        TokenScope::PartnersWrite => Scope::PartnersWrite,
        TokenScope::TokensWrite => Scope::TokensWrite,
        TokenScope::AuditRead => Scope::AuditRead,
        TokenScope::UsageRead => Scope::UsageRead,
        TokenScope::PlatformWrite => Scope::PlatformWrite,
        TokenScope::GatewayUse => Scope::GatewayUse,
    }
}
