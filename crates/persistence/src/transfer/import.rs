//! An export, read into an empty database: all of it or nothing.

use std::io::{BufRead, Read};

use domain::{Timestamp, epoch, hex};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::tables::{self, Table};
use super::{FORMAT, Header, Trailer, TransferError, authenticator};
use crate::dialect::AnyConnection;
use crate::transaction::Reading;
use crate::{Database, KeyRing, System, audit, changes, freeze, quarantine};

/// What was found to hold after everything was in.
#[derive(Debug)]
pub struct Imported {
    pub header: Header,
    /// Whose every link was checked.
    pub audit_events: u64,
}

/// No row of ours comes near.
const LONGEST_LINE: u64 = 8 * 1024 * 1024;
/// How many rows, and how many bytes of them, are put in at once.
const ROWS_AT_ONCE: usize = 500;
const BYTES_AT_ONCE: usize = 1024 * 1024;

/// Reads an export into a database that has its tables and nothing in them. Nothing can be changed there until a thaw.
/// `progress` hears of so many rows of so many.
pub fn import(
    system: System,
    database: &Database,
    ring: &KeyRing,
    now: Timestamp,
    file: &mut dyn BufRead,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Imported, TransferError> {
    let mut connection = database.connect()?;
    connection.begin_alone()?;
    // Where anything fails the connection goes away, and what was written with it.
    let imported = read_all(system, &mut connection, ring, now, file, progress)?;
    connection.commit()?;
    Ok(imported)
}

fn read_all(
    system: System,
    connection: &mut AnyConnection,
    ring: &KeyRing,
    now: Timestamp,
    file: &mut dyn BufRead,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Imported, TransferError> {
    let mut lines = Lines { file, number: 0, line: String::new() };
    let header = read_header(&mut lines)?;
    let tables = tables::all(connection)?;
    check(connection, &header, &tables)?;
    let mut mac = authenticator(ring, &header.master_key).map_err(|_| {
        refused(format!(
            "it was written where the master key {} seals, and that key is not in the master key file",
            header.master_key
        ))
    })?;
    mac.update(lines.line.as_bytes());
    let (mut rows, total) = (0, header.rows());
    for (table, of_file) in tables.iter().zip(&header.tables) {
        let mut batch = Batch::of(table, connection);
        for _ in 0..of_file.rows {
            let line = lines.next()?;
            mac.update(line.as_bytes());
            batch.take(connection, line.trim_end())?;
            rows += 1;
            progress(rows, total);
        }
        batch.put(connection)?;
    }
    check_trailer(&mut lines, mac, rows)?;
    check_counts(connection, &header)?;
    let audit_events = audit::check_chains(system, &mut Reading { connection })?;
    let head = changes::look(system, &mut Reading { connection }, i64::MAX - 1, 1)?.complete_to;
    // All that came is true: nothing is lost, but numbers are given out anew.
    let begins = epoch::beginning(now, head.max(header.feed_head));
    quarantine::go_on_in(connection, begins, head)?;
    freeze::put(connection, now, true)?;
    Ok(Imported { header, audit_events })
}

fn read_header(lines: &mut Lines<'_>) -> Result<Header, TransferError> {
    let first = lines.next()?;
    let header = serde_json::from_str::<Header>(first);
    header.map_err(|_| refused("it does not begin like an export that this Keyreeve can read".to_owned()))
}

fn check(connection: &mut AnyConnection, header: &Header, tables: &[Table]) -> Result<(), TransferError> {
    if header.keyreeve_export != FORMAT {
        return Err(refused(format!("it has format {}, and this Keyreeve reads {FORMAT}", header.keyreeve_export)));
    }
    let schema = connection.newest_migration()?;
    if header.schema != schema {
        return Err(refused(format!(
            "it has the schema {}, and this Keyreeve's is {schema}: migrate the database that it comes from, \
             or read it with Keyreeve {}",
            header.schema, header.version
        )));
    }
    let is_same = |(table, of_file): (&Table, &super::TableHeader)| {
        table.name == of_file.name && table.columns.iter().map(|column| &column.name).eq(&of_file.columns)
    };
    if header.tables.len() != tables.len() || !tables.iter().zip(&header.tables).all(is_same) {
        return Err(refused("its tables are not those of this database".to_owned()));
    }
    match tables::first_with_rows(connection)? {
        Some(table) => Err(refused(format!(
            "the database is not empty, for there are {table}: name one that only `keyreeve migrate` has touched"
        ))),
        None => Ok(()),
    }
}

fn check_trailer(lines: &mut Lines<'_>, mac: Hmac<Sha256>, rows: u64) -> Result<(), TransferError> {
    let trailer = serde_json::from_str::<Trailer>(lines.next()?);
    let trailer = trailer.map_err(|_| refused("it does not end like an export: it was cut or edited".to_owned()))?;
    let mac = hex::encode(&mac.finalize().into_bytes());
    if !bool::from(mac.as_bytes().ct_eq(trailer.mac.as_bytes())) || trailer.rows != rows {
        return Err(refused("it is not as it was written: it was damaged or edited".to_owned()));
    }
    if lines.is_more()? {
        return Err(refused("something follows its end: it was edited".to_owned()));
    }
    Ok(())
}

/// What came is there, once and nothing besides.
fn check_counts(connection: &mut AnyConnection, header: &Header) -> Result<(), TransferError> {
    for table in &header.tables {
        let found = connection.count_rows(&table.name)?;
        if found != table.rows {
            return Err(refused(format!("{found} of {} rows of {} have arrived", table.rows, table.name)));
        }
    }
    Ok(())
}

struct Lines<'a> {
    file: &'a mut dyn BufRead,
    number: u64,
    line: String,
}

impl Lines<'_> {
    /// With its end, without which it is none.
    fn next(&mut self) -> Result<&str, TransferError> {
        self.line.clear();
        self.number += 1;
        let read = (&mut *self.file).take(LONGEST_LINE).read_line(&mut self.line);
        match read {
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(refused(format!("line {} is not text", self.number)));
            }
            other => other?,
        };
        if self.line.ends_with('\n') { Ok(&self.line) } else { Err(self.cut()) }
    }

    fn is_more(&mut self) -> Result<bool, TransferError> {
        Ok(!self.file.fill_buf()?.is_empty())
    }

    fn cut(&self) -> TransferError {
        refused(format!("it ends in line {}, before its end: it was cut", self.number))
    }
}

/// Rows on their way into a table.
struct Batch {
    insert: String,
    columns: usize,
    rows: usize,
    text: String,
}

impl Batch {
    fn of(table: &Table, connection: &AnyConnection) -> Self {
        Self { insert: table.insert(connection), columns: table.columns.len(), rows: 0, text: String::new() }
    }

    fn take(&mut self, connection: &mut AnyConnection, line: &str) -> Result<(), TransferError> {
        let values = serde_json::from_str::<Vec<serde_json::Value>>(line);
        if values.is_ok_and(|values| values.len() != self.columns) || !line.starts_with('[') {
            return Err(refused("a row has not the columns of its table: it was damaged or edited".to_owned()));
        }
        self.text.push(if self.rows == 0 { '[' } else { ',' });
        self.text.push_str(line);
        self.rows += 1;
        if self.rows >= ROWS_AT_ONCE || self.text.len() >= BYTES_AT_ONCE { self.put(connection) } else { Ok(()) }
    }

    fn put(&mut self, connection: &mut AnyConnection) -> Result<(), TransferError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.text.push(']');
        connection
            .execute_with_text(&self.insert, &self.text)
            .map_err(|error| refused(format!("rows cannot be put in, so it was damaged or edited ({error})")))?;
        self.rows = 0;
        self.text.clear();
        Ok(())
    }
}

fn refused(why: String) -> TransferError {
    TransferError::Refused(why)
}
