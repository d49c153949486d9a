//! What the key may do, held against what s3s has read out of the request: by the same name that S3's documentation gives
//! the operation, and by the very bucket and object that the storage is about to be asked for.

use gateway::{Allowed, Denied, RequestContext};
use s3s::access::{S3Access, S3AccessContext};
use s3s::dto::{
    CopyObjectInput, CopySource, DeleteObjectsInput, ListMultipartUploadsInput, ListObjectVersionsInput,
    ListObjectsInput, ListObjectsV2Input, UploadPartCopyInput,
};
use s3s::{S3Request, S3Result, s3_error};

pub(crate) struct Scope;

/// They name objects elsewhere than in their path, and have a check of their own below.
const NAME_OBJECTS_INSIDE: [&str; 5] =
    ["DeleteObjects", "ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2"];

#[async_trait::async_trait]
impl S3Access for Scope {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let allowed = cx.extensions_mut().get::<Allowed>().cloned().ok_or_else(|| s3_error!(AccessDenied))?;
        let operation = cx.s3_op().name();
        refuse(allowed.check(&RequestContext {
            operation: Some(operation),
            bucket: cx.s3_path().get_bucket_name(),
            object_key: cx.s3_path().get_object_key(),
            is_whole: !NAME_OBJECTS_INSIDE.contains(&operation),
            ..RequestContext::default()
        }))
    }

    async fn list_objects(&self, request: &mut S3Request<ListObjectsInput>) -> S3Result<()> {
        below(request, request.input.prefix.as_deref())
    }

    async fn list_objects_v2(&self, request: &mut S3Request<ListObjectsV2Input>) -> S3Result<()> {
        below(request, request.input.prefix.as_deref())
    }

    async fn list_object_versions(&self, request: &mut S3Request<ListObjectVersionsInput>) -> S3Result<()> {
        below(request, request.input.prefix.as_deref())
    }

    async fn list_multipart_uploads(&self, request: &mut S3Request<ListMultipartUploadsInput>) -> S3Result<()> {
        below(request, request.input.prefix.as_deref())
    }

    async fn delete_objects(&self, request: &mut S3Request<DeleteObjectsInput>) -> S3Result<()> {
        request.input.delete.objects.iter().try_for_each(|object| below(request, Some(&object.key)))
    }

    async fn copy_object(&self, request: &mut S3Request<CopyObjectInput>) -> S3Result<()> {
        from(request, &request.input.copy_source)
    }

    async fn upload_part_copy(&self, request: &mut S3Request<UploadPartCopyInput>) -> S3Result<()> {
        from(request, &request.input.copy_source)
    }
}

/// Whether the objects that begin so are within the key's prefixes.
fn below<T>(request: &S3Request<T>, prefix: Option<&str>) -> S3Result<()> {
    check(request, &RequestContext { object_key: Some(prefix.unwrap_or("")), ..RequestContext::default() })
}

/// Who copies also reads.
fn from<T>(request: &S3Request<T>, source: &CopySource) -> S3Result<()> {
    match source {
        CopySource::Bucket { bucket, key, .. } => check(
            request,
            &RequestContext {
                operation: Some("GetObject"),
                bucket: Some(bucket),
                object_key: Some(key),
                ..RequestContext::default()
            },
        ),
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => Err(s3_error!(NotImplemented)),
    }
}

fn check<T>(request: &S3Request<T>, context: &RequestContext<'_>) -> S3Result<()> {
    let allowed = request.extensions.get::<Allowed>().ok_or_else(|| s3_error!(AccessDenied))?;
    refuse(allowed.check(context))
}

fn refuse(checked: Result<(), Denied>) -> S3Result<()> {
    checked.map_err(|denied| {
        tracing::info!(reason = denied.reason, "out of scope");
        s3_error!(AccessDenied)
    })
}
