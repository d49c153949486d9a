//! Connections, kept open and handed out. r2d2 opens them; this says how, and when one is thrown away.

use std::time::Duration;

use diesel::r2d2::{ManageConnection, Pool as R2d2, PooledConnection};

use crate::dialect::{AnyConnection, Url, Use};
use crate::error::{Error, Result};

pub(crate) struct Pool(R2d2<Manager>);

pub(crate) type Pooled = PooledConnection<Manager>;

pub(crate) struct Manager {
    url: Url,
    use_: Use,
}

impl Pool {
    /// Opens nothing yet: a database that is away must not keep a replica from starting to say so.
    pub(crate) fn new(url: Url, use_: Use, size: u32, wait: Duration) -> Self {
        let pool = R2d2::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(wait)
            .idle_timeout(Some(Duration::from_secs(600)))
            .max_lifetime(None)
            .test_on_check_out(false)
            .error_handler(Box::new(Quiet))
            .build_unchecked(Manager { url, use_ });
        Self(pool)
    }

    pub(crate) fn get(&self) -> Result<Pooled> {
        self.0.get().map_err(|error| {
            let words = error.to_string();
            // r2d2 appends what the last attempt to connect said, if there was one.
            if words.contains("unreachable:") { Error::Unreachable(words) } else { Error::Busy }
        })
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

#[derive(Debug, thiserror::Error)]
#[error("unreachable: {0}")]
pub(crate) struct ConnectFailed(String);

/// r2d2 would print every failed attempt; whoever needed the connection says it once.
#[derive(Debug)]
struct Quiet;

impl<E> diesel::r2d2::HandleError<E> for Quiet {
    fn handle_error(&self, _: E) {}
}
