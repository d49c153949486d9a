//! Lists of keys, by what is asked of them.

use authz::OnTenant;
use diesel::prelude::*;
use domain::Timestamp;
use domain::bucket::BucketName;
use domain::id::{InstanceId, TenantId};
use domain::key::{AccessKeyId, Key, KeyStatus};
use domain::text::{Label, RegionCode};

use super::{KeyRow, assemble};
use crate::Page;
use crate::error::Result;
use crate::rows::micros;
use crate::schema::{key_buckets, keys};
use crate::transaction::Reading;

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub region: Option<RegionCode>,
    pub instance: Option<InstanceId>,
    pub status: Option<KeyStatus>,
    pub label: Option<Label>,
    pub bucket: Option<BucketName>,
    pub access_key_id: Option<AccessKeyId>,
    /// Only those whose current pair was made before this moment.
    pub rotated_before: Option<Timestamp>,
}

/// Some of the keys that were looked for, and how far the look went if it was broken off before it had found enough.
#[derive(Debug)]
pub struct Found {
    pub keys: Vec<Key>,
    pub looked_to: Option<String>,
}

/// How many keys one page looks at, whatever the filter lets through.
const MOST_LOOKED_AT: usize = 2000;
const LOOKED_AT_ONCE: i64 = 500;

/// By id. One index, which ends in the id, leads through the keys; the rest of the filter is asked of what it leads to.
/// So a page costs the same wherever it is and however few keys fit.
pub fn list(
    permit: &impl OnTenant,
    db: &mut Reading<'_>,
    now: Timestamp,
    filter: &Filter,
    page: &Page,
) -> Result<Found> {
    let lead = Lead::of(permit, db, micros(now), filter)?;
    let wanted = usize::try_from(page.limit).unwrap_or(0);
    let (mut after, mut rows, mut looked_at) = (page.after.clone(), Vec::new(), 0);
    let looked_to = loop {
        let at_once = if looked_at == 0 { page.limit } else { LOOKED_AT_ONCE };
        let next = lead.follow(permit, db, filter, after.as_deref(), at_once)?;
        let is_end = i64::try_from(next.len()).is_ok_and(|found| found < at_once);
        looked_at += next.len();
        after = next.last().map(|row| row.id.clone()).or(after);
        rows.extend(next.into_iter().filter(|row| fits(row, filter, micros(now))));
        if rows.len() >= wanted {
            rows.truncate(wanted);
            break None;
        }
        if is_end {
            break None;
        }
        if looked_at >= MOST_LOOKED_AT {
            break after;
        }
    };
    Ok(Found { keys: assemble(db, rows)?, looked_to })
}

/// What leads through the keys in the order of their ids.
enum Lead {
    /// An index of `keys`.
    Index,
    /// The index of `key_buckets`.
    Bucket,
    /// So few that all of them are known.
    Few(Vec<String>),
}

impl Lead {
    fn of(permit: &impl OnTenant, db: &mut Reading<'_>, now: i64, filter: &Filter) -> Result<Self> {
        let own = keys::table.filter(keys::tenant_id.eq(permit.tenant().as_str())).select(keys::id);
        let limit = MOST_LOOKED_AT as i64 + 1;
        let few: Option<Vec<String>> = if let Some(id) = &filter.access_key_id {
            Some(own.filter(keys::access_key_id.eq(id.as_str())).load(db.connection)?)
        } else if filter.status == Some(KeyStatus::Expired) {
            let expired = own.filter(keys::expires_at.le(now)).order(keys::expires_at).limit(limit);
            Some(expired.load(db.connection)?)
        } else if let Some(before) = filter.rotated_before {
            let older = own.filter(keys::rotated_at.lt(micros(before))).order(keys::rotated_at).limit(limit);
            Some(older.load(db.connection)?)
        } else {
            None
        };
        match (few.filter(|few| few.len() <= MOST_LOOKED_AT), &filter.bucket) {
            (None, None) => Ok(Self::Index),
            (None, Some(_)) => Ok(Self::Bucket),
            (Some(mut few), None) => {
                few.sort_unstable();
                Ok(Self::Few(few))
            }
            (Some(few), Some(bucket)) => {
                let named = named_by(permit.tenant(), bucket).filter(key_buckets::key_id.eq_any(few));
                Ok(Self::Few(named.order(key_buckets::key_id).load(db.connection)?))
            }
        }
    }

    fn follow(
        &self,
        permit: &impl OnTenant,
        db: &mut Reading<'_>,
        filter: &Filter,
        after: Option<&str>,
        at_once: i64,
    ) -> Result<Vec<KeyRow>> {
        let after = after.unwrap_or_default();
        let own = keys::table.filter(keys::tenant_id.eq(permit.tenant().as_str())).order(keys::id);
        let ids = match (self, &filter.bucket) {
            (Self::Few(few), _) => {
                let next = few.iter().filter(|id| id.as_str() > after).cloned();
                next.take(usize::try_from(at_once).unwrap_or(0)).collect()
            }
            (Self::Bucket, Some(bucket)) => named_by(permit.tenant(), bucket)
                .filter(key_buckets::key_id.gt(after))
                .order(key_buckets::key_id)
                .limit(at_once)
                .load::<String>(db.connection)?,
            (Self::Bucket, None) | (Self::Index, _) => {
                let own = own.filter(keys::id.gt(after)).limit(at_once).into_boxed();
                // One alone, or the database would follow one and look for the others.
                let own = match (&filter.label, &filter.instance, state_of(filter.status), &filter.region) {
                    (Some(label), ..) => own.filter(keys::label.eq(label.as_str())),
                    (None, Some(instance), ..) => own.filter(keys::instance_id.eq(instance.as_str())),
                    (None, None, Some(state), _) => own.filter(keys::state.eq(state)),
                    (None, None, None, Some(region)) => own.filter(keys::region.eq(region.as_str())),
                    (None, None, None, None) => own,
                };
                return Ok(own.load(db.connection)?);
            }
        };
        Ok(own.filter(keys::id.eq_any(ids)).load(db.connection)?)
    }
}

#[diesel::dsl::auto_type]
fn named_by<'a>(permit: &'a TenantId, bucket: &'a BucketName) -> _ {
    let (tenant, name): (&'a str, &'a str) = (permit.as_str(), bucket.as_str());
    key_buckets::table
        .filter(key_buckets::tenant_id.eq(tenant))
        .filter(key_buckets::name.eq(name))
        .select(key_buckets::key_id)
}

/// The state that keys of this status are in.
fn state_of(status: Option<KeyStatus>) -> Option<&'static str> {
    match status {
        Some(KeyStatus::Active) => Some("active"),
        Some(KeyStatus::Disabled) => Some("disabled"),
        Some(KeyStatus::Revoked) => Some("revoked"),
        Some(KeyStatus::Expired) | None => None,
    }
}

fn fits(row: &KeyRow, filter: &Filter, now: i64) -> bool {
    let is_over = row.expires_at.is_some_and(|at| at <= now);
    let has_status = match filter.status {
        None => true,
        Some(KeyStatus::Active) => row.state == "active" && !is_over,
        Some(KeyStatus::Disabled) => row.state == "disabled" && !is_over,
        Some(KeyStatus::Revoked) => row.state == "revoked",
        Some(KeyStatus::Expired) => row.state != "revoked" && is_over,
    };
    has_status
        && filter.region.as_ref().is_none_or(|region| region.as_str() == row.region)
        && filter.instance.as_ref().is_none_or(|instance| instance.as_str() == row.instance_id)
        && filter.label.as_ref().is_none_or(|label| Some(label.as_str()) == row.label.as_deref())
        && filter.access_key_id.as_ref().is_none_or(|id| id.as_str() == row.access_key_id)
        && filter.rotated_before.is_none_or(|before| row.rotated_at < micros(before))
}
