//! Registered buckets: once a tenant has any, scopes may name no others.

use authz::Permit;
use authz::action::{ListBuckets, ReadBucket, RegisterBucket, UnregisterBucket};
use domain::audit::{AuditAction, Target};
use domain::bucket::BucketName;
use persistence::buckets;
pub use persistence::buckets::RegisteredBucket;

use crate::context::Context;
use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::service::{Service, tenant_of};

/// A registration is there or not, and never changes.
pub const VERSION: i64 = 1;
const NOT_THERE: i64 = 0;

pub fn list(service: &Service, permit: &Permit<ListBuckets>, listing: &Listing) -> Result<Paged<RegisteredBucket>> {
    let fetch = |page: &_| service.read(|db| Ok(buckets::list(permit, db, page)?));
    service.page(listing, fetch, |bucket| bucket.name.to_string())
}

pub fn read(service: &Service, permit: &Permit<ReadBucket>, name: &BucketName) -> Result<RegisteredBucket> {
    service.read(|db| buckets::find(permit, db, name)?.ok_or(Error::NotFound))
}

/// Registering it twice changes nothing.
pub fn register(
    service: &Service,
    context: &mut Context,
    permit: &Permit<RegisterBucket>,
    name: &BucketName,
) -> Result<RegisteredBucket> {
    let author = context.author_of(permit.caller());
    service.database.write("register bucket", &author, &permit.chain(), |db| {
        tenant_of(permit, db)?.unless_being_deleted()?;
        if let Some(known) = buckets::find(permit, db, name)? {
            context.expects(VERSION)?;
            db.nothing_to_record();
            return Ok(known);
        }
        context.expects(NOT_THERE)?;
        let bucket = RegisteredBucket { name: name.clone(), created_at: db.now() };
        buckets::insert(permit, db, &bucket)?;
        db.record(AuditAction::BucketRegistered, Target::new("bucket", name), &[])?;
        Ok(bucket)
    })
}

/// Keys that name it go on naming it.
pub fn unregister(
    service: &Service,
    context: &mut Context,
    permit: &Permit<UnregisterBucket>,
    name: &BucketName,
) -> Result<()> {
    let author = context.author_of(permit.caller());
    service.database.write("unregister bucket", &author, &permit.chain(), |db| {
        if !buckets::delete(permit, db, name)? {
            return Err(Error::NotFound);
        }
        context.expects(VERSION)?;
        Ok(db.record(AuditAction::BucketUnregistered, Target::new("bucket", name), &[])?)
    })
}
