//! All in which SQLite and PostgreSQL differ. What the feed needs of each is in `feed.rs`, and what moving between them does in
//! `transfer.rs`.

mod feed;
mod transfer;

use std::path::Path;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel::{PgConnection, SqliteConnection};

use crate::error::{Error, Result};
use crate::schema::{audit_chains, freezes};
use crate::url::Url;

pub(crate) use transfer::ColumnFound;

/// A connection to either. SQLite comes last: it would take any URL for a file name.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

pub(crate) type Backend = <AnyConnection as Connection>::Backend;

/// How a connection will be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Reading,
    Writing,
}

impl AnyConnection {
    pub(crate) fn establish(url: &Url, use_: Use) -> Result<Self> {
        let unreachable = |error: ConnectionError| Error::Unreachable(error.to_string());
        match url {
            Url::Postgres(url) => {
                let mut connection = PgConnection::establish(url).map_err(unreachable)?;
                // No compilation of queries, since that takes longer than any of ours runs.
                connection.batch_execute(
                    "SET jit = off; SET statement_timeout = '5s'; SET lock_timeout = '4s'; \
                     SET idle_in_transaction_session_timeout = '10s'; SET timezone = 'UTC'",
                )?;
                Ok(Self::Postgres(connection))
            }
            Url::Sqlite(path) => {
                let path = path.to_str().ok_or_else(|| Error::Unreachable("the path is not UTF-8".to_owned()))?;
                let mut connection = SqliteConnection::establish(path).map_err(unreachable)?;
                // WAL so that readers never wait for the writer; FULL because a commit that was acknowledged has to
                // survive a power cut. What a change in a shared commit may have to take back, some twenty pages, is
                // in memory and not in a file of its own. The rest are defaults nobody should have to rely on.
                connection.batch_execute(
                    "PRAGMA busy_timeout = 4000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16000; \
                     PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY",
                )?;
                if use_ == Use::Reading {
                    connection.batch_execute("PRAGMA query_only = ON")?;
                }
                Ok(Self::Sqlite(connection))
            }
        }
    }

    /// `($1, $2), ($3, $4)`: the places of so many rows in a statement written by hand. SQLite knows this form as well, but
    /// looks for each of its names among all.
    pub(crate) fn places(&self, rows: usize, columns: usize) -> String {
        let place = |number: usize| match self {
            Self::Postgres(_) => format!("${number}"),
            Self::Sqlite(_) => "?".to_owned(),
        };
        let row = |row: usize| {
            let places: Vec<String> = (1..=columns).map(|column| place(row * columns + column)).collect();
            format!("({})", places.join(", "))
        };
        (0..rows).map(row).collect::<Vec<_>>().join(", ")
    }

    /// What the database's clock shows now, in microseconds since 1970. All replicas read the same one.
    pub(crate) fn clock(&mut self) -> Result<i64> {
        let query = match self {
            Self::Postgres(_) => "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS number",
            Self::Sqlite(_) => "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS number",
        };
        Ok(diesel::sql_query(query).get_result::<OneBigNumber>(self)?.number)
    }

    /// Writes a time that was reached, unless a later one is there, or a newer beginning, or somebody is writing one.
    pub(crate) fn raise_clock(&mut self, reached_at: i64, resets: i64) -> Result<()> {
        let query = match self {
            Self::Postgres(_) => {
                "UPDATE clock SET reached_at = $1 WHERE id IN \
                 (SELECT id FROM clock WHERE resets = $2 AND reached_at < $1 FOR UPDATE SKIP LOCKED)"
            }
            Self::Sqlite(_) => "UPDATE clock SET reached_at = $1 WHERE resets = $2 AND reached_at < $1",
        };
        diesel::sql_query(query).bind::<BigInt, _>(reached_at).bind::<BigInt, _>(resets).execute(self)?;
        Ok(())
    }

    /// The master key that seals. Whoever makes another one seal waits for those who hold this, and is waited for.
    pub(crate) fn hold_sealing_key(&mut self) -> Result<Option<String>> {
        let query = match self {
            Self::Postgres(_) => "SELECT id AS text FROM master_keys WHERE seals FOR KEY SHARE",
            Self::Sqlite(_) => "SELECT id AS text FROM master_keys WHERE seals",
        };
        Ok(diesel::sql_query(query).get_result::<OneText>(self).optional()?.map(|row| row.text))
    }

    /// The same for who is about to make another one seal.
    pub(crate) fn take_sealing_key(&mut self) -> Result<Option<String>> {
        let query = match self {
            Self::Postgres(_) => "SELECT id AS text FROM master_keys WHERE seals FOR UPDATE",
            Self::Sqlite(_) => "SELECT id AS text FROM master_keys WHERE seals",
        };
        Ok(diesel::sql_query(query).get_result::<OneText>(self).optional()?.map(|row| row.text))
    }

    /// Waits for whoever holds this row of `audit_chains`, and holds it until this transaction ends. Says where the chain ends, and
    /// whether there is a freeze; nothing if there was no row to hold. SQLite has one writer, who holds everything.
    ///
    /// While this waits for a row it has its share of the table already: no freeze begins or ends before it goes on, so one that
    /// was looked for before is still right. While it waits for its share of the table it has not looked at anything.
    pub(crate) fn take_audit_chain(&mut self, name: &str) -> Result<Option<(i64, Vec<u8>, bool)>> {
        let is_frozen = exists(freezes::table.select(freezes::id));
        let row = audit_chains::table.find(name).select((audit_chains::sequence, audit_chains::hash, is_frozen));
        Ok(match self {
            Self::Postgres(connection) => row.for_no_key_update().first(connection).optional()?,
            Self::Sqlite(connection) => row.first(connection).optional()?,
        })
    }

    /// Waits for all who hold a row of `audit_chains`, and lets nobody take one until this transaction ends.
    pub(crate) fn take_audit_chains(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => Ok(connection.batch_execute("LOCK TABLE audit_chains IN EXCLUSIVE MODE")?),
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// Notes of the chains that a checkpoint speaks of what it has signed. Who writes in one at this moment does not wait for
    /// that, and is not waited for: its chain moves, and is signed again.
    pub(crate) fn mark_signed(&mut self, checkpoint: i64) -> Result<()> {
        let heads = match self {
            Self::Postgres(_) => {
                "SELECT heads.chain, heads.hash FROM audit_checkpoint_heads AS heads \
                 JOIN audit_chains AS held ON held.name = heads.chain WHERE heads.checkpoint = $1 \
                 FOR NO KEY UPDATE OF held SKIP LOCKED"
            }
            Self::Sqlite(_) => "SELECT chain, hash FROM audit_checkpoint_heads WHERE checkpoint = $1",
        };
        let mark = format!(
            "UPDATE audit_chains SET signed = heads.hash FROM ({heads}) AS heads WHERE audit_chains.name = heads.chain"
        );
        diesel::sql_query(mark).bind::<BigInt, _>(checkpoint).execute(self)?;
        Ok(())
    }

    pub(crate) fn ping(&mut self) -> Result<()> {
        Ok(self.batch_execute("SELECT 1")?)
    }

    /// SQLite takes its write lock at once: a transaction that reads first and writes later could not wait for it.
    pub(crate) fn begin(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN")?,
            Self::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")?,
        }
        Ok(())
    }

    /// Every statement until the end sees the state that the first one saw.
    pub(crate) fn begin_reading(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                AnsiTransactionManager::begin_transaction_sql(connection, begin)?;
            }
            Self::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN DEFERRED")?,
        }
        Ok(())
    }

    pub(crate) fn commit(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => AnsiTransactionManager::commit_transaction(connection)?,
            Self::Sqlite(connection) => AnsiTransactionManager::commit_transaction(connection)?,
        }
        Ok(())
    }

    pub(crate) fn rollback(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => AnsiTransactionManager::rollback_transaction(connection)?,
            Self::Sqlite(connection) => AnsiTransactionManager::rollback_transaction(connection)?,
        }
        Ok(())
    }

    /// A part of a transaction that can be taken back by itself.
    pub(crate) fn begin_part(&mut self) -> Result<()> {
        Ok(self.batch_execute("SAVEPOINT part")?)
    }

    pub(crate) fn keep_part(&mut self) -> Result<()> {
        Ok(self.batch_execute("RELEASE part")?)
    }

    pub(crate) fn undo_part(&mut self) -> Result<()> {
        Ok(self.batch_execute("ROLLBACK TO part; RELEASE part")?)
    }

    /// Whether a transaction was left open or broke: such a connection is thrown away.
    pub(crate) fn is_in_transaction(&mut self) -> bool {
        let status = match self {
            Self::Postgres(connection) => AnsiTransactionManager::transaction_manager_status_mut(connection),
            Self::Sqlite(connection) => AnsiTransactionManager::transaction_manager_status_mut(connection),
        };
        !matches!(status.transaction_depth(), Ok(None))
    }

    /// Migrations of several processes that start at once go one after the other.
    pub(crate) fn lock_schema(&mut self) -> Result<()> {
        const ANY_NUMBER_WILL_DO: i64 = 0x6b65_7972_6565_7665;
        match self {
            Self::Postgres(connection) => connection
                .batch_execute(&format!("SET statement_timeout = '120s'; SET lock_timeout = '120s'; SELECT pg_advisory_lock({ANY_NUMBER_WILL_DO})"))?,
            // A new index sorts a whole table: not in memory.
            Self::Sqlite(connection) => {
                connection.batch_execute("PRAGMA busy_timeout = 120000; PRAGMA temp_store = FILE")?;
            }
        }
        Ok(())
    }

    pub(crate) fn unlock_schema(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => connection.batch_execute("SELECT pg_advisory_unlock_all()")?,
            Self::Sqlite(_) => {}
        }
        Ok(())
    }

    /// `VACUUM INTO` reads one state, and leaves behind what was deleted.
    pub(crate) fn back_up(&mut self, to: &Path) -> Result<()> {
        let to = to.to_str().ok_or_else(|| Error::Unwritable("the path is not UTF-8".to_owned()))?;
        match self {
            Self::Postgres(_) => Err(Error::Statement("PostgreSQL is backed up by its own means".to_owned())),
            Self::Sqlite(connection) => {
                diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(to).execute(connection)?;
                Ok(())
            }
        }
    }

    pub(crate) fn settle(&mut self) -> Result<()> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(connection) => Ok(connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?),
        }
    }

    pub(crate) fn check_integrity(&mut self) -> Result<()> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(connection) => {
                let found: Vec<OneText> =
                    diesel::sql_query("SELECT integrity_check AS text FROM pragma_integrity_check").load(connection)?;
                match found.first() {
                    Some(first) if first.text == "ok" => Ok(()),
                    first => Err(Error::corrupt("database", first.map_or("nothing to check", |first| &first.text))),
                }
            }
        }
    }

    /// Every table there is, of ours or not.
    pub(crate) fn tables(&mut self) -> Result<Vec<String>> {
        let query = match self {
            Self::Postgres(_) => "SELECT tablename::text AS text FROM pg_tables WHERE schemaname = current_schema()",
            Self::Sqlite(_) => {
                "SELECT name AS text FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            }
        };
        Ok(diesel::sql_query(query).load::<OneText>(self)?.into_iter().map(|row| row.text).collect())
    }

    /// Why this database must not be trusted with acknowledged writes; empty when it may.
    pub(crate) fn weaknesses(&mut self) -> Result<Vec<String>> {
        match self {
            Self::Sqlite(connection) => {
                let version = diesel::sql_query("SELECT sqlite_version() AS text").get_result::<OneText>(connection)?;
                Ok(if is_sound_sqlite(&version.text) {
                    vec![]
                } else {
                    vec![format!("SQLite {} can corrupt its write-ahead log; 3.51.3 or later is needed.", version.text)]
                })
            }
            Self::Postgres(connection) => {
                let mut found = Vec::new();
                for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
                    let value = diesel::sql_query(format!("SELECT current_setting('{setting}') AS text"))
                        .get_result::<OneText>(connection)?;
                    if value.text == "off" {
                        found
                            .push(format!("PostgreSQL runs with {setting} = off: acknowledged changes could be lost."));
                    }
                }
                let version = diesel::sql_query("SELECT current_setting('server_version_num')::int AS number")
                    .get_result::<OneNumber>(connection)?;
                if version.number < 130_000 {
                    found.push("PostgreSQL 13 or later is needed.".to_owned());
                }
                Ok(found)
            }
        }
    }
}

fn is_sound_sqlite(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= (3, 51, 3)
}

#[derive(QueryableByName)]
struct OneText {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct OneBigNumber {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct OneNumber {
    #[diesel(sql_type = Integer)]
    number: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_sqlite_is_recognised() {
        assert!(is_sound_sqlite("3.51.3") && is_sound_sqlite("3.52.0") && is_sound_sqlite("4.0.0"));
        assert!(!is_sound_sqlite("3.51.2") && !is_sound_sqlite("3.40.1") && !is_sound_sqlite("odd"));
    }
}
