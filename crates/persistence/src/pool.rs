//! Connections, kept open and handed out. r2d2 opens them; this says how, and when one is thrown away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::r2d2::event::{CheckoutEvent, HandleEvent, TimeoutEvent};
use diesel::r2d2::{ManageConnection, Pool as R2d2, PooledConnection};

use crate::dialect::{AnyConnection, Use};
use crate::error::{Error, IsDatabaseError, Result};
use crate::url::Url;

pub(crate) struct Pool {
    connections: R2d2<Manager>,
    counts: Arc<Counts>,
}

/// How a pool is doing.
#[derive(Debug, Clone, Copy)]
pub struct PoolVitals {
    /// How many connections there may be.
    pub size: u32,
    pub in_use: u32,
    /// How often somebody got one later than at once.
    pub waits: u64,
    /// How often somebody got none in time.
    pub timeouts: u64,
}

pub(crate) type Pooled = PooledConnection<Manager>;

pub(crate) struct Manager {
    url: Url,
    use_: Use,
}

impl Pool {
    /// Opens nothing yet: a database that is away must not keep a replica from starting to say so.
    pub(crate) fn new(url: Url, use_: Use, size: u32, wait: Duration) -> Self {
        let counts = Arc::<Counts>::default();
        let connections = R2d2::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(wait)
            .idle_timeout(Some(Duration::from_secs(600)))
            .max_lifetime(None)
            .test_on_check_out(false)
            .error_handler(Box::new(Quiet))
            .event_handler(Box::new(Counting(counts.clone())))
            .build_unchecked(Manager { url, use_ });
        Self { connections, counts }
    }

    pub(crate) fn get(&self) -> Result<Pooled> {
        self.connections.get().map_err(|error| {
            let words = error.to_string();
            // r2d2 appends what the last attempt to connect said, if there was one.
            if words.contains("unreachable:") { Error::Unreachable(words) } else { Error::Busy }
        })
    }

    pub(crate) fn vitals(&self) -> PoolVitals {
        let state = self.connections.state();
        PoolVitals {
            size: self.connections.max_size(),
            in_use: state.connections.saturating_sub(state.idle_connections),
            waits: self.counts.waits.load(Ordering::Relaxed),
            timeouts: self.counts.timeouts.load(Ordering::Relaxed),
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    waits: AtomicU64,
    timeouts: AtomicU64,
}

#[derive(Debug)]
struct Counting(Arc<Counts>);

/// What takes longer than this was not at hand.
pub(crate) const AT_ONCE: Duration = Duration::from_millis(1);

impl HandleEvent for Counting {
    fn handle_checkout(&self, event: CheckoutEvent) {
        if event.duration() > AT_ONCE {
            self.0.waits.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn handle_timeout(&self, _: TimeoutEvent) {
        self.0.timeouts.fetch_add(1, Ordering::Relaxed);
    }
}

impl ManageConnection for Manager {
    type Connection = Held;
    type Error = ConnectFailed;

    fn connect(&self) -> Result<Held, ConnectFailed> {
        let connection =
            AnyConnection::establish(&self.url, self.use_).map_err(|error| ConnectFailed(error.to_string()))?;
        Ok(Held { connection, is_dead: false })
    }

    fn is_valid(&self, _: &mut Held) -> Result<(), ConnectFailed> {
        Ok(())
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        held.is_dead || std::thread::panicking() || held.connection.is_in_transaction()
    }
}

/// A connection and what became of it. Nothing is asked on the way out of the pool, since that would cost a round
/// trip each time; whoever finds a connection dead says so here, and it does not come back.
pub(crate) struct Held {
    pub(crate) connection: AnyConnection,
    pub(crate) is_dead: bool,
}

/// Whether the connection is what failed.
pub(crate) fn is_unreachable(error: &impl IsDatabaseError) -> bool {
    matches!(error.database_error(), Some(Error::Unreachable(_)))
}

#[derive(Debug, thiserror::Error)]
#[error("unreachable: {0}")]
pub(crate) struct ConnectFailed(String);

/// r2d2 would print every failed attempt; whoever needed the connection says it once.
#[derive(Debug)]
struct Quiet;

impl<E> diesel::r2d2::HandleError<E> for Quiet {
    fn handle_error(&self, _: E) {}
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_types::Text;

    use super::*;

    #[test]
    fn every_connection_of_every_pool_has_its_settings() {
        let folder = tempfile::tempdir().unwrap();
        let database = testkit::postgres::shared().unwrap().database().unwrap();
        let of_sqlite = [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("trusted_schema", "0"),
            ("busy_timeout", "4000"),
            ("temp_store", "2"),
        ];
        let of_postgres = [
            ("statement_timeout", "5s"),
            ("lock_timeout", "4s"),
            ("idle_in_transaction_session_timeout", "10s"),
            ("TimeZone", "UTC"),
            ("jit", "off"),
        ];
        for url in [Url::Sqlite(folder.path().join("keyreeve.db")), Url::parse(&database.url()).unwrap()] {
            for use_ in [Use::Reading, Use::Writing] {
                let pool = Pool::new(url.clone(), use_, 6, Duration::from_secs(10));
                // All at once, so that none is seen twice.
                let mut all: Vec<_> = (0..6).map(|_| pool.get().unwrap()).collect();
                for held in &mut all {
                    if url.is_embedded() {
                        for (name, value) in of_sqlite {
                            assert_eq!(setting(&mut held.connection, name), value, "{name}");
                        }
                        let reads_only = if use_ == Use::Reading { "1" } else { "0" };
                        assert_eq!(setting(&mut held.connection, "query_only"), reads_only);
                    } else {
                        for (name, value) in of_postgres {
                            assert_eq!(setting(&mut held.connection, name), value, "{name}");
                        }
                    }
                }
            }
        }
    }

    /// `.cargo/config.toml` says why.
    #[test]
    fn sqlite_is_compiled_as_it_should_be() {
        let folder = tempfile::tempdir().unwrap();
        let pool = Pool::new(Url::Sqlite(folder.path().join("keyreeve.db")), Use::Writing, 1, Duration::from_secs(10));
        let compiled_with = "SELECT group_concat(compile_options, ' ') AS value FROM pragma_compile_options";
        let options = query(&mut pool.get().unwrap().connection, compiled_with);
        for option in ["ENABLE_QPSG", "DEFAULT_MEMSTATUS=0"] {
            assert!(options.split(' ').any(|found| found == option), "{option} is not among {options}");
        }
    }

    fn setting(connection: &mut AnyConnection, name: &str) -> String {
        let text = match connection {
            AnyConnection::Postgres(_) => format!("SELECT current_setting('{name}') AS value"),
            // The column is the pragma's own name, but for this one.
            AnyConnection::Sqlite(_) => {
                let column = if name == "busy_timeout" { "timeout" } else { name };
                format!("SELECT CAST({column} AS TEXT) AS value FROM pragma_{name}")
            }
        };
        query(connection, &text)
    }

    fn query(connection: &mut AnyConnection, text: &str) -> String {
        #[derive(QueryableByName)]
        struct Answer {
            #[diesel(sql_type = Text)]
            value: String,
        }
        diesel::sql_query(text).get_result::<Answer>(connection).unwrap().value
    }
}
