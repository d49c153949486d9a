//! Rows of `audit_checkpoints` and `audit_checkpoint_heads`.

use std::collections::BTreeMap;

use authz::Permit;
use authz::action::ListAuditCheckpoints;
use diesel::prelude::*;
use domain::audit::Head;
use domain::checkpoint::{Checkpoint, Signature, Statement};

use crate::dialect::AnyConnection;
use crate::error::{Error, Result};
use crate::rows::{Row, micros};
use crate::schema::{audit_chains, audit_checkpoint_heads, audit_checkpoints};
use crate::transaction::{Reading, Writing};
use crate::{Page, System};

const ROW: Row = Row("audit_checkpoints");

#[derive(Queryable, Insertable)]
#[diesel(table_name = audit_checkpoints, treat_none_as_default_value = false)]
struct CheckpointRow {
    number: i64,
    at: i64,
    key: Vec<u8>,
    previous: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = audit_checkpoint_heads, treat_none_as_default_value = false)]
struct HeadRow {
    checkpoint: i64,
    chain: String,
    sequence: i64,
    hash: Vec<u8>,
}

type Boxed<'q> = audit_checkpoints::BoxedQuery<'q, <AnyConnection as Connection>::Backend>;

/// The newest first.
pub fn list(_: &Permit<ListAuditCheckpoints>, db: &mut Reading<'_>, page: &Page) -> Result<Vec<Checkpoint>> {
    let mut query = audit_checkpoints::table.order(audit_checkpoints::number.desc()).limit(page.limit).into_boxed();
    if let Some(after) = position(page)? {
        query = query.filter(audit_checkpoints::number.lt(after));
    }
    load(db, query)
}

/// From the first on.
pub fn list_from_first(_: &Permit<ListAuditCheckpoints>, db: &mut Reading<'_>, page: &Page) -> Result<Vec<Checkpoint>> {
    let mut query = audit_checkpoints::table.order(audit_checkpoints::number).limit(page.limit).into_boxed();
    if let Some(after) = position(page)? {
        query = query.filter(audit_checkpoints::number.gt(after));
    }
    load(db, query)
}

pub fn newest(_: System, db: &mut Reading<'_>) -> Result<Option<Checkpoint>> {
    Ok(load(db, audit_checkpoints::table.order(audit_checkpoints::number.desc()).limit(1).into_boxed())?.pop())
}

/// The ends of chains of which no checkpoint has spoken, by the chain's name. Those that stand still are not read.
pub fn unsigned_heads(_: System, db: &mut Reading<'_>, most: i64) -> Result<Vec<Head>> {
    let found: Vec<(String, i64, Vec<u8>)> = audit_chains::table
        .filter(audit_chains::signed.ne(audit_chains::hash))
        .filter(audit_chains::sequence.gt(0))
        .order(audit_chains::name)
        .limit(most)
        .select((audit_chains::name, audit_chains::sequence, audit_chains::hash))
        .load(db.connection)?;
    found.into_iter().map(|(chain, sequence, hash)| Ok(Head { chain, sequence, hash: ROW.hash(&hash)? })).collect()
}

pub fn insert(_: System, db: &mut Writing<'_>, checkpoint: &Checkpoint) -> Result<()> {
    let Checkpoint { statement, signature } = checkpoint;
    let row = CheckpointRow {
        number: statement.number,
        at: micros(statement.at),
        key: statement.key.to_vec(),
        previous: statement.previous.to_vec(),
        signature: signature.to_vec(),
    };
    diesel::insert_into(audit_checkpoints::table).values(&row).execute(db.connection())?;
    for head in &statement.heads {
        let row = HeadRow {
            checkpoint: statement.number,
            chain: head.chain.clone(),
            sequence: head.sequence,
            hash: head.hash.to_vec(),
        };
        diesel::insert_into(audit_checkpoint_heads::table).values(&row).execute(db.connection())?;
    }
    db.connection().mark_signed(statement.number)
}

fn position(page: &Page) -> Result<Option<i64>> {
    let parse = |text: &str| text.parse().map_err(|_| Error::corrupt("audit_checkpoints", "a position is none"));
    page.after.as_deref().map(parse).transpose()
}

fn load(db: &mut Reading<'_>, query: Boxed<'_>) -> Result<Vec<Checkpoint>> {
    let rows: Vec<CheckpointRow> = query.load(db.connection)?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let (Some(first), Some(last)) = (numbers.iter().min(), numbers.iter().max()) else { return Ok(Vec::new()) };
    let found: Vec<HeadRow> = audit_checkpoint_heads::table
        .filter(audit_checkpoint_heads::checkpoint.between(first, last))
        .order((audit_checkpoint_heads::checkpoint, audit_checkpoint_heads::chain))
        .load(db.connection)?;
    let mut heads: BTreeMap<i64, Vec<Head>> = BTreeMap::new();
    for HeadRow { checkpoint, chain, sequence, hash } in found {
        heads.entry(checkpoint).or_default().push(Head { chain, sequence, hash: ROW.hash(&hash)? });
    }
    rows.into_iter().map(|row| row.with(&mut heads)).collect()
}

impl CheckpointRow {
    fn with(self, heads: &mut BTreeMap<i64, Vec<Head>>) -> Result<Checkpoint> {
        let statement = Statement {
            number: self.number,
            at: ROW.timestamp(self.at)?,
            key: ROW.hash(&self.key)?,
            previous: signature(&self.previous)?,
            heads: heads.remove(&self.number).unwrap_or_default(),
        };
        Ok(Checkpoint { statement, signature: signature(&self.signature)? })
    }
}

fn signature(bytes: &[u8]) -> Result<Signature> {
    bytes.try_into().map_err(|_| Error::corrupt("audit_checkpoints", "a signature has not 64 bytes"))
}
