//! Rows of `idempotent_requests`: what a retried request made the first time.

use diesel::prelude::*;
use domain::Timestamp;

use crate::System;
use crate::error::Result;
use crate::rows::{Row, micros};
use crate::schema::idempotent_requests;
use crate::sealed::Sealed;
use crate::transaction::{Reading, Writing, optional};

const ROW: Row = Row("idempotent_requests");

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// Says whether the same thing is asked: method, path and body.
    pub fingerprint: [u8; 32],
    pub object_id: String,
    pub object_version: i64,
    /// A one-time secret that is stored nowhere else.
    pub secret: Option<Sealed>,
    pub at: Timestamp,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = idempotent_requests, treat_none_as_default_value = false)]
struct IdempotentRequestRow {
    caller: String,
    key_hash: Vec<u8>,
    fingerprint: Vec<u8>,
    object_id: String,
    object_version: i64,
    sealed_by: Option<String>,
    sealed: Option<Vec<u8>>,
    at: i64,
}

/// The caller's own, under the key it chose.
pub fn find(db: &mut Reading<'_>, caller: &str, key_hash: &[u8; 32]) -> Result<Option<IdempotentRequest>> {
    let query = idempotent_requests::table.find((caller, key_hash.as_slice()));
    let row: Option<IdempotentRequestRow> = optional(query.first(db.connection))?;
    let parsed = row.map(|row| -> Result<IdempotentRequest> {
        Ok(IdempotentRequest {
            fingerprint: ROW.hash(&row.fingerprint)?,
            object_id: row.object_id,
            object_version: row.object_version,
            secret: row.sealed_by.zip(row.sealed).map(|(by, bytes)| Sealed { by, bytes }),
            at: ROW.timestamp(row.at)?,
        })
    });
    parsed.transpose()
}

/// Fails with [`crate::Error::Taken`] if the same request is being made at this very moment.
pub fn insert(db: &mut Writing<'_>, caller: &str, key_hash: &[u8; 32], request: IdempotentRequest) -> Result<()> {
    let (sealed_by, sealed) = request.secret.map(|sealed| (sealed.by, sealed.bytes)).unzip();
    let row = IdempotentRequestRow {
        caller: caller.to_owned(),
        key_hash: key_hash.to_vec(),
        fingerprint: request.fingerprint.to_vec(),
        object_id: request.object_id,
        object_version: request.object_version,
        sealed_by,
        sealed,
        at: micros(request.at),
    };
    diesel::insert_into(idempotent_requests::table).values(&row).execute(db.connection())?;
    Ok(())
}

/// Wipes one-time secrets that were made before `secrets_before`, and forgets requests from before `before`.
pub fn forget(_: System, db: &mut Writing<'_>, secrets_before: Timestamp, before: Timestamp) -> Result<usize> {
    let wiped = idempotent_requests::table
        .filter(idempotent_requests::at.lt(micros(secrets_before)))
        .filter(idempotent_requests::sealed.is_not_null());
    let nothing = (idempotent_requests::sealed.eq(None::<Vec<u8>>), idempotent_requests::sealed_by.eq(None::<String>));
    let wiped = diesel::update(wiped).set(nothing).execute(db.connection())?;
    let old = idempotent_requests::table.filter(idempotent_requests::at.lt(micros(before)));
    Ok(wiped + diesel::delete(old).execute(db.connection())?)
}
