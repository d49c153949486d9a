//! Rows of `claims`: links that show a secret to somebody else, once.

use authz::{OnTenant, Tenancy};
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{ClaimId, KeyId, TenantId};
use domain::key::AccessKeyId;

use crate::System;
use crate::authentication;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::claims;
use crate::sealed::SealedSecret;
use crate::transaction::{Reading, Writing, exactly_one, optional};

const ROW: Row = Row("claims");

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub id: ClaimId,
    pub tenant: TenantId,
    pub key: KeyId,
    pub access_key_id: AccessKeyId,
    /// None once it was opened, or its time was over.
    pub sealed: Option<SealedSecret>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub opened_at: Option<Timestamp>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = claims, treat_none_as_default_value = false)]
struct ClaimRow {
    id: String,
    tenant_id: String,
    key_id: String,
    access_key_id: String,
    hash: Vec<u8>,
    sealed_by: Option<i64>,
    sealed: Option<Vec<u8>>,
    created_at: i64,
    expires_at: i64,
    opened_at: Option<i64>,
}

/// Fails with [`Error::Taken`] if the pair has had a link already.
pub fn insert(permit: &impl OnTenant, db: &mut Writing<'_>, claim: &Claim, hash: &[u8; 32]) -> Result<()> {
    debug_assert_eq!(permit.tenant(), &claim.tenant);
    let row = ClaimRow {
        id: claim.id.to_string(),
        tenant_id: claim.tenant.to_string(),
        key_id: claim.key.to_string(),
        access_key_id: claim.access_key_id.to_string(),
        hash: hash.to_vec(),
        sealed_by: claim.sealed.as_ref().map(|sealed| sealed.by),
        sealed: claim.sealed.as_ref().map(|sealed| sealed.bytes.clone()),
        created_at: micros(claim.created_at),
        expires_at: micros(claim.expires_at),
        opened_at: claim.opened_at.map(micros),
    };
    diesel::insert_into(claims::table).values(row).execute(db.connection())?;
    Ok(())
}

pub fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &ClaimId) -> Result<Option<Claim>> {
    let query = claims::table.find(id.as_str()).filter(claims::tenant_id.eq(permit.tenant().as_str()));
    let row: Option<ClaimRow> = optional(query.first(db.connection))?;
    row.map(Claim::try_from).transpose()
}

/// The link of a pair, if it has had one.
pub fn of_pair(permit: &impl OnTenant, db: &mut Reading<'_>, pair: &AccessKeyId) -> Result<Option<Claim>> {
    let of_pair = claims::table.filter(claims::access_key_id.eq(pair.as_str()));
    let query = of_pair.filter(claims::tenant_id.eq(permit.tenant().as_str()));
    let row: Option<ClaimRow> = optional(query.first(db.connection))?;
    row.map(Claim::try_from).transpose()
}

/// A claim found by its link, which is the permission to read of its tenant what the claim is about.
#[derive(Debug)]
pub struct Link {
    pub claim: Claim,
    tenancy: Tenancy,
}

impl OnTenant for Link {
    fn tenant(&self) -> &TenantId {
        &self.tenancy.id
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }
}

/// By the hash of the link. Nothing is found once its tenant is past its deletion.
pub fn find_by_link(db: &mut Reading<'_>, now: Timestamp, hash: &[u8; 32]) -> Result<Option<Link>> {
    let row: Option<ClaimRow> = optional(claims::table.filter(claims::hash.eq(hash.as_slice())).first(db.connection))?;
    let Some(claim) = row.map(Claim::try_from).transpose()? else { return Ok(None) };
    Ok(authentication::locate_tenant(db, &claim.tenant, now)?.map(|tenancy| Link { claim, tenancy }))
}

/// The copy of an ended pair's secret goes with the secret.
pub(crate) fn wipe(db: &mut Writing<'_>, access_key_id: &AccessKeyId) -> Result<()> {
    let nothing = (claims::sealed.eq(None::<Vec<u8>>), claims::sealed_by.eq(None::<i64>));
    let copy = claims::table.filter(claims::access_key_id.eq(access_key_id.as_str()));
    diesel::update(copy).set(nothing).execute(db.connection())?;
    Ok(())
}

/// Uses it up. Fails with [`Error::Stale`] if somebody else was first.
pub fn open(db: &mut Writing<'_>, claim: &Claim) -> Result<()> {
    let now = micros(db.now());
    let unopened = claims::table.find(claim.id.as_str()).filter(claims::opened_at.is_null());
    let change =
        (claims::opened_at.eq(Some(now)), claims::sealed.eq(None::<Vec<u8>>), claims::sealed_by.eq(None::<i64>));
    exactly_one(diesel::update(unopened).set(change).execute(db.connection())?)
}

/// Wipes the copies in links whose time is over.
pub fn wipe_expired(_: System, db: &mut Writing<'_>) -> Result<usize> {
    let now = micros(db.now());
    let expired = claims::table.filter(claims::sealed.is_not_null()).filter(claims::expires_at.le(now));
    let nothing = (claims::sealed.eq(None::<Vec<u8>>), claims::sealed_by.eq(None::<i64>));
    Ok(diesel::update(expired).set(nothing).execute(db.connection())?)
}

impl TryFrom<ClaimRow> for Claim {
    type Error = Error;

    fn try_from(row: ClaimRow) -> Result<Self> {
        Ok(Self {
            id: ROW.parse(ClaimId::parse, &row.id)?,
            tenant: ROW.parse(TenantId::parse, &row.tenant_id)?,
            key: ROW.parse(KeyId::parse, &row.key_id)?,
            access_key_id: ROW.parse(AccessKeyId::parse, &row.access_key_id)?,
            sealed: row.sealed_by.zip(row.sealed).map(|(by, bytes)| SealedSecret::new(by, bytes)),
            created_at: ROW.timestamp(row.created_at)?,
            expires_at: ROW.timestamp(row.expires_at)?,
            opened_at: ROW.timestamp_if(row.opened_at)?,
        })
    }
}
