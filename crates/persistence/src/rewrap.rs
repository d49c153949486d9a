//! Sealing again, by the key that seals today, what an older master key has sealed: a few values in each transaction.
//!
//! A value is changed only if it is still sealed by the older key, so several may do this at once, and it may be broken off
//! anywhere.

use diesel::prelude::*;

use crate::error::{Error, Result};
use crate::schema::{idempotent_requests, service_keys, tenant_keys};
use crate::sealed::{Place, Sealed};
use crate::transaction::{Reading, Writing};
use crate::{KeyRing, System, master_keys};

/// How many values a master key seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SealedValues {
    pub service_keys: i64,
    pub tenant_keys: i64,
    /// Those of retried requests.
    pub one_time_secrets: i64,
}

impl SealedValues {
    pub const fn total(self) -> i64 {
        self.service_keys + self.tenant_keys + self.one_time_secrets
    }
}

/// Where such values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    ServiceKeys,
    TenantKeys,
    OneTimeSecrets,
}

impl Shelf {
    pub const ALL: [Self; 3] = [Self::ServiceKeys, Self::TenantKeys, Self::OneTimeSecrets];
}

/// What came of one transaction.
#[derive(Debug, Default)]
pub struct Round {
    pub seen: usize,
    pub resealed: usize,
    /// Those that do not open where they are, by name. They stay as they are.
    pub damaged: Vec<String>,
}

pub fn count(_: System, db: &mut Reading<'_>, by: &str) -> Result<SealedValues> {
    let service_keys = service_keys::table.filter(service_keys::sealed_by.eq(by)).count();
    let tenant_keys = tenant_keys::table.filter(tenant_keys::sealed_by.eq(by)).count();
    let one_time_secrets = idempotent_requests::table.filter(idempotent_requests::sealed_by.eq(by)).count();
    Ok(SealedValues {
        service_keys: service_keys.get_result(db.connection)?,
        tenant_keys: tenant_keys.get_result(db.connection)?,
        one_time_secrets: one_time_secrets.get_result(db.connection)?,
    })
}

/// Takes at most so many values that `from` has sealed, past the first `skip`, and seals them again.
pub fn some(
    _: System,
    db: &mut Writing<'_>,
    ring: &KeyRing,
    from: &str,
    shelf: Shelf,
    skip: usize,
    most: i64,
) -> Result<Round> {
    let to = master_keys::hold(db)?;
    if to == from {
        return Ok(Round::default());
    }
    let skip = i64::try_from(skip).unwrap_or(i64::MAX);
    let found = find(db, from, shelf, skip, most)?;
    let seed = db.entropy().bytes::<32>();
    let mut round = Round { seen: found.len(), ..Round::default() };
    for value in found {
        match ring.reseal(&to, value.place(), &value.sealed(from), &seed) {
            Ok(resealed) => round.resealed += value.replace(db, from, resealed)?,
            Err(Error::Unsealable(_)) => round.damaged.push(value.name()),
            Err(other) => return Err(other),
        }
    }
    Ok(round)
}

/// A value, with what its row is found by.
enum Value {
    ServiceKey(String, Vec<u8>),
    TenantKey(String, i64, Vec<u8>),
    OneTimeSecret { caller: String, key_hash: Vec<u8>, object: String, bytes: Vec<u8> },
}

/// In the order of their primary keys, so that two who do this take the rows in the same order.
fn find(db: &mut Reading<'_>, from: &str, shelf: Shelf, skip: i64, most: i64) -> Result<Vec<Value>> {
    match shelf {
        Shelf::ServiceKeys => {
            let query = service_keys::table.filter(service_keys::sealed_by.eq(from)).order(service_keys::name);
            let query = query.select((service_keys::name, service_keys::sealed)).offset(skip).limit(most);
            let found: Vec<(String, Vec<u8>)> = query.load(db.connection)?;
            Ok(found.into_iter().map(|(name, bytes)| Value::ServiceKey(name, bytes)).collect())
        }
        Shelf::TenantKeys => {
            let query = tenant_keys::table.filter(tenant_keys::sealed_by.eq(from));
            let query = query.order((tenant_keys::tenant_id, tenant_keys::version)).offset(skip).limit(most);
            let query = query.select((tenant_keys::tenant_id, tenant_keys::version, tenant_keys::sealed));
            let found: Vec<(String, i64, Vec<u8>)> = query.load(db.connection)?;
            Ok(found.into_iter().map(|(tenant, version, bytes)| Value::TenantKey(tenant, version, bytes)).collect())
        }
        Shelf::OneTimeSecrets => {
            let query = idempotent_requests::table.filter(idempotent_requests::sealed_by.eq(from));
            let query = query.order((idempotent_requests::caller, idempotent_requests::key_hash));
            let query = query.offset(skip).limit(most).select((
                idempotent_requests::caller,
                idempotent_requests::key_hash,
                idempotent_requests::object_id,
                idempotent_requests::sealed.assume_not_null(),
            ));
            let found: Vec<(String, Vec<u8>, String, Vec<u8>)> = query.load(db.connection)?;
            let value = |(caller, key_hash, object, bytes)| Value::OneTimeSecret { caller, key_hash, object, bytes };
            Ok(found.into_iter().map(value).collect())
        }
    }
}

impl Value {
    fn place(&self) -> Place<'_> {
        match self {
            Self::ServiceKey(name, _) => Place::ServiceKey { name },
            Self::TenantKey(tenant, version, _) => Place::TenantKey { tenant, version: *version },
            Self::OneTimeSecret { caller, object, .. } => Place::OneTimeSecret { caller, object },
        }
    }

    fn sealed(&self, by: &str) -> Sealed {
        let (Self::ServiceKey(_, bytes) | Self::TenantKey(_, _, bytes) | Self::OneTimeSecret { bytes, .. }) = self;
        Sealed { by: by.to_owned(), bytes: bytes.clone() }
    }

    /// For people.
    fn name(&self) -> String {
        match self {
            Self::ServiceKey(name, _) => format!("service key {name}"),
            Self::TenantKey(tenant, version, _) => format!("data key {version} of tenant {tenant}"),
            Self::OneTimeSecret { caller, object, .. } => format!("one-time secret of {object} for {caller}"),
        }
    }

    /// Unless somebody else did, or it is gone.
    fn replace(&self, db: &mut Writing<'_>, from: &str, with: Sealed) -> Result<usize> {
        let connection = db.connection();
        Ok(match self {
            Self::ServiceKey(name, _) => {
                let row = service_keys::table.find(name).filter(service_keys::sealed_by.eq(from));
                let change = (service_keys::sealed_by.eq(with.by), service_keys::sealed.eq(with.bytes));
                diesel::update(row).set(change).execute(connection)?
            }
            Self::TenantKey(tenant, version, _) => {
                let row = tenant_keys::table.find((tenant, version)).filter(tenant_keys::sealed_by.eq(from));
                let change = (tenant_keys::sealed_by.eq(with.by), tenant_keys::sealed.eq(with.bytes));
                diesel::update(row).set(change).execute(connection)?
            }
            Self::OneTimeSecret { caller, key_hash, .. } => {
                let row = idempotent_requests::table.find((caller, key_hash));
                let row = row.filter(idempotent_requests::sealed_by.eq(from));
                let (by, sealed) = (Some(with.by), Some(with.bytes));
                let change = (idempotent_requests::sealed_by.eq(by), idempotent_requests::sealed.eq(sealed));
                diesel::update(row).set(change).execute(connection)?
            }
        })
    }
}
