//! What the change feed needs of each.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::{AnyConnection, OneText};
use crate::error::{Error, Result};

impl AnyConnection {
    /// The number that the next change has in the feed, where its transaction has told so many: what to ask, and what to add to
    /// it. PostgreSQL makes it from the number of the transaction, so that what is below the oldest one running never grows
    /// again; SQLite has one writer.
    pub(crate) const fn next_number(&self, told: i64) -> (&'static str, i64) {
        match self {
            Self::Postgres(_) => {
                ("SELECT (pg_current_xact_id()::text::bigint + base) * 1024 FROM feed WHERE id = 1", told)
            }
            Self::Sqlite(_) => {
                ("SELECT MAX((SELECT COALESCE(MAX(sequence), 0) FROM changes), begins) + 1 FROM feed WHERE id = 1", 0)
            }
        }
    }

    /// An empty text that wakes whoever follows the feed in another process, once this transaction has been committed.
    pub(crate) const fn notice(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "pg_notify('keyreeve_changes', '')::text",
            Self::Sqlite(_) => "''",
        }
    }

    /// Up to which number the feed is complete as this statement sees it, from where on it is there, and what the database's
    /// clock showed no later than that.
    pub(crate) const fn feed_edge(&self) -> &'static str {
        match self {
            Self::Postgres(_) => {
                "SELECT GREATEST((pg_snapshot_xmin(pg_current_snapshot())::text::bigint + base) * 1024 - 1, begins) AS complete_to, \
                 (extract(epoch FROM statement_timestamp()) * 1000000)::bigint AS clock, \
                 pg_current_snapshot()::text AS snapshot, begins, \
                 COALESCE((SELECT MIN(sequence) - 1 FROM changes), 0) AS beginning, \
                 quarantined IS NOT NULL AS is_quarantined FROM feed WHERE id = 1"
            }
            Self::Sqlite(_) => {
                "SELECT MAX((SELECT COALESCE(MAX(sequence), 0) FROM changes), begins) AS complete_to, \
                 CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS clock, '' AS snapshot, begins, \
                 COALESCE((SELECT MIN(sequence) - 1 FROM changes), 0) AS beginning, \
                 quarantined IS NOT NULL AS is_quarantined FROM feed WHERE id = 1"
            }
        }
    }

    /// The nodes that have taken in a change, by their snapshots. Where there are none, numbers tell.
    pub(crate) fn nodes_that_saw(&mut self, sequence: i64) -> Result<Vec<String>> {
        let query = match self {
            Self::Postgres(_) => format!(
                "SELECT nodes.id AS text FROM nodes, feed WHERE feed.id = 1 AND nodes.snapshot <> '' AND \
                 pg_visible_in_snapshot(GREATEST({sequence} / 1024 - feed.base, 0)::text::xid8, nodes.snapshot::pg_snapshot)"
            ),
            Self::Sqlite(_) => format!("SELECT id AS text FROM nodes WHERE applied >= {sequence}"),
        };
        Ok(diesel::sql_query(query).load::<OneText>(self)?.into_iter().map(|row| row.text).collect())
    }

    /// The same where nothing is told.
    pub(crate) fn notify(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => Ok(connection.batch_execute("NOTIFY keyreeve_changes")?),
            Self::Sqlite(_) => Ok(()),
        }
    }

    pub(crate) fn listen(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => Ok(connection.batch_execute("LISTEN keyreeve_changes")?),
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// Whether anybody has notified since the last time. Does not wait: libpq could, and diesel does not let it.
    pub(crate) fn was_notified(&mut self) -> Result<bool> {
        match self {
            Self::Postgres(connection) => {
                let mut notified = false;
                for notification in connection.notifications_iter() {
                    notification.map_err(|error| Error::Unreachable(error.to_string()))?;
                    notified = true;
                }
                Ok(notified)
            }
            Self::Sqlite(_) => Ok(false),
        }
    }

    /// Moves the feed on, if this cluster's transaction numbers have begun anew below what the feed already holds.
    pub(crate) fn rebase_feed(&mut self) -> Result<()> {
        match self {
            Self::Postgres(connection) => Ok(connection.batch_execute(
                "UPDATE feed SET base = newest.number / 1024 + 1 - pg_current_xact_id()::text::bigint \
                 FROM (SELECT GREATEST(COALESCE(MAX(sequence), 0), (SELECT begins FROM feed)) AS number FROM changes) AS newest \
                 WHERE feed.id = 1 AND newest.number / 1024 >= pg_current_xact_id()::text::bigint + feed.base",
            )?),
            Self::Sqlite(_) => Ok(()),
        }
    }
}
