use actix_web::{HttpRequest, delete, get, put, web};
use authz::action::{ListBuckets, ReadBucket, RegisterBucket, UnregisterBucket};
use domain::bucket::BucketName;
use service::buckets;
use wire::{Bucket, ListQuery, Page};

use crate::http::query::listing;
use crate::http::{Authorized, Query, Reply};
use crate::present;
use crate::problem::{Kind, Problem};

/// List registered buckets
///
/// Once a tenant has registered any, the scopes of its keys may name no others.
#[utoipa::path(
    tag = "buckets", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000"), ListQuery),
    responses((status = 200, description = "By name", body = Page<Bucket>))
)]
#[get("/v1/tenants/{tenant}/buckets")]
pub(crate) async fn list_buckets(
    request: HttpRequest,
    caller: Authorized<ListBuckets>,
    query: Query<ListQuery>,
) -> Result<Reply, Problem> {
    let query = query.read()?;
    let listing = listing(&request, caller.caller(), query.limit, query.cursor, &[])?;
    let page = caller.run(move |service, _, permit| buckets::list(service, permit, &listing)).await?;
    Ok(Reply::ok(&present::page(page, present::bucket)))
}

/// Read a registered bucket
#[utoipa::path(
    tag = "buckets",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("bucket" = String, Path, example = "media"),
    ),
    responses((status = 200, description = "The bucket", body = Bucket))
)]
#[get("/v1/tenants/{tenant}/buckets/{bucket}")]
pub(crate) async fn read_bucket(
    caller: Authorized<ReadBucket>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let name = BucketName::parse(&path.1).map_err(|_| Problem::new(Kind::NotFound))?;
    let bucket = caller.run(move |service, _, permit| buckets::read(service, permit, &name)).await?;
    Ok(Reply::ok(&present::bucket(bucket)).at_version(buckets::VERSION))
}

/// Register a bucket
///
/// Registering it again changes nothing.
#[utoipa::path(
    tag = "buckets",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("bucket" = String, Path, example = "media"),
    ),
    responses(
        (status = 200, description = "The bucket", body = Bucket),
        (status = 409, description = "The tenant is being deleted"),
        (status = 422, description = "Not the name of a bucket"),
    )
)]
#[put("/v1/tenants/{tenant}/buckets/{bucket}")]
pub(crate) async fn register_bucket(
    caller: Authorized<RegisterBucket>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let name = BucketName::parse(&path.1).map_err(|why| Problem::invalid("", why.sentence()))?;
    let bucket = caller.run(move |service, context, permit| buckets::register(service, context, permit, &name)).await?;
    Ok(Reply::ok(&present::bucket(bucket)).at_version(buckets::VERSION))
}

/// Unregister a bucket
///
/// Keys that name it go on naming it.
#[utoipa::path(
    tag = "buckets",
    params(
        ("tenant" = String, Path, example = "ten_01jd0000000000000000000000"),
        ("bucket" = String, Path, example = "media"),
    ),
    responses((status = 204, description = "The bucket is not registered any more"))
)]
#[delete("/v1/tenants/{tenant}/buckets/{bucket}")]
pub(crate) async fn unregister_bucket(
    caller: Authorized<UnregisterBucket>,
    path: web::Path<(String, String)>,
) -> Result<Reply, Problem> {
    let name = BucketName::parse(&path.1).map_err(|_| Problem::new(Kind::NotFound))?;
    caller.run(move |service, context, permit| buckets::unregister(service, context, permit, &name)).await?;
    Ok(Reply::no_content())
}
