//! Rows of `buckets`: the names that a tenant's scopes may use. None at all means that any may be used.

use authz::OnTenant;
use diesel::prelude::*;
use domain::Timestamp;
use domain::bucket::BucketName;

use crate::Page;
use crate::error::Result;
use crate::rows::{Row, micros};
use crate::schema::buckets;
use crate::transaction::{Reading, Writing, optional};

const ROW: Row = Row("buckets");

/// A bucket that scopes may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredBucket {
    pub name: BucketName,
    pub created_at: Timestamp,
}

pub fn find(permit: &impl OnTenant, db: &mut Reading<'_>, name: &BucketName) -> Result<Option<RegisteredBucket>> {
    let query = buckets::table.find((permit.tenant().as_str(), name.as_str()));
    let row: Option<(String, String, i64)> = optional(query.first(db.connection))?;
    row.map(bucket).transpose()
}

/// By name.
pub fn list(permit: &impl OnTenant, db: &mut Reading<'_>, page: &Page) -> Result<Vec<RegisteredBucket>> {
    let query = buckets::table.filter(buckets::tenant_id.eq(permit.tenant().as_str()));
    let mut query = query.order(buckets::name).limit(page.limit).into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(buckets::name.gt(after));
    }
    query.load(db.connection)?.into_iter().map(bucket).collect()
}

/// Those of the names that are registered; none if the tenant registers no buckets at all.
pub fn known_among(
    permit: &impl OnTenant,
    db: &mut Reading<'_>,
    names: &[&BucketName],
) -> Result<Option<Vec<BucketName>>> {
    let registered = buckets::table.filter(buckets::tenant_id.eq(permit.tenant().as_str())).select(buckets::name);
    if optional(registered.first::<String>(db.connection))?.is_none() {
        return Ok(None);
    }
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    let known: Vec<String> = registered.filter(buckets::name.eq_any(names)).load(db.connection)?;
    known.iter().map(|name| ROW.parse(BucketName::parse, name)).collect::<Result<_>>().map(Some)
}

pub fn insert(permit: &impl OnTenant, db: &mut Writing<'_>, bucket: &RegisteredBucket) -> Result<()> {
    let row = (
        buckets::tenant_id.eq(permit.tenant().as_str()),
        buckets::name.eq(bucket.name.as_str()),
        buckets::created_at.eq(micros(bucket.created_at)),
    );
    diesel::insert_into(buckets::table).values(row).execute(db.connection())?;
    Ok(())
}

/// False if it was not there.
pub fn delete(permit: &impl OnTenant, db: &mut Writing<'_>, name: &BucketName) -> Result<bool> {
    let found = buckets::table.find((permit.tenant().as_str(), name.as_str()));
    Ok(diesel::delete(found).execute(db.connection())? > 0)
}

fn bucket((_, name, created_at): (String, String, i64)) -> Result<RegisteredBucket> {
    Ok(RegisteredBucket { name: ROW.parse(BucketName::parse, &name)?, created_at: ROW.timestamp(created_at)? })
}
