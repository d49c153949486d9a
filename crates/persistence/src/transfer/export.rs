//! One state of a database, written out.

use std::io::Write;

use domain::{Timestamp, epoch, hex};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::tables::{self, Table};
use super::{FORMAT, Header, TableHeader, Trailer, TransferError, authenticator};
use crate::dialect::AnyConnection;
use crate::error::Error;
use crate::transaction::Reading;
use crate::{Database, KeyRing, System, changes, freeze, master_keys};

/// Writes everything as it is at one moment, and says what it wrote. Whatever goes on meanwhile is not held up. `progress` hears of so many
/// rows of so many.
pub fn export(
    system: System,
    database: &Database,
    ring: &KeyRing,
    now: Timestamp,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Header, TransferError> {
    let mut connection = database.connect_to_read()?;
    connection.begin_snapshot()?;
    let tables = tables::all(&mut connection)?;
    let header = header(system, &mut connection, &tables, now)?;
    let mut sealing = Sealing { out, mac: authenticator(ring, &header.master_key)? };
    sealing.line(&as_text(&header)?)?;
    let (mut rows, total) = (0, header.rows());
    for table in &tables {
        let query = table.select(&connection);
        connection.each_text(&query, &mut |line| {
            rows += 1;
            progress(rows, total);
            sealing.line(&normal(line)?)
        })?;
    }
    let mac = hex::encode(&sealing.mac.clone().finalize().into_bytes());
    sealing.line(&as_text(&Trailer { rows, mac })?)?;
    sealing.out.flush()?;
    Ok(header)
}

struct Sealing<'a> {
    out: &'a mut dyn Write,
    mac: Hmac<Sha256>,
}

impl Sealing<'_> {
    fn line(&mut self, line: &str) -> Result<(), TransferError> {
        for part in [line.as_bytes(), b"\n"] {
            self.mac.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }
}

fn header(
    system: System,
    connection: &mut AnyConnection,
    tables: &[Table],
    now: Timestamp,
) -> Result<Header, TransferError> {
    let mut of_tables = Vec::with_capacity(tables.len());
    for table in tables {
        of_tables.push(TableHeader {
            name: table.name.to_owned(),
            columns: table.columns.iter().map(|column| column.name.clone()).collect(),
            rows: connection.count_rows(table.name)?,
        });
    }
    let schema = connection.newest_migration()?;
    let from = connection.kind().to_owned();
    let mut db = Reading { connection };
    let sealing = master_keys::list(system, &mut db)?.into_iter().find(|record| record.seals);
    let sealing = sealing.ok_or_else(|| TransferError::Refused("there is nothing in the database yet".to_owned()))?;
    let head = changes::look(system, &mut db, i64::MAX - 1, 1)?.complete_to;
    Ok(Header {
        keyreeve_export: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema,
        from,
        at: now.to_rfc3339(),
        frozen: freeze::find(system, &mut db)?.is_some(),
        feed_head: head,
        epoch: epoch::number(head),
        master_key: sealing.id,
        tables: of_tables,
    })
}

/// The databases write the same value in several ways; the file has one.
fn normal(line: &str) -> Result<String, TransferError> {
    let value: Value = serde_json::from_str(line).map_err(|error| Error::corrupt("a table", error))?;
    as_text(&value)
}

fn as_text(value: &impl serde::Serialize) -> Result<String, TransferError> {
    serde_json::to_string(value).map_err(|error| Error::corrupt("a table", error).into())
}
