//! The database as a whole: its pools and its two doors.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::audit::Chain;

use crate::bell::Bell;
use crate::changes::Told;
use crate::dialect::{AnyConnection, Use};
use crate::error::{Error, IsDatabaseError, Result};
use crate::migrations::{self, Schema};
use crate::pool::{Pool, PoolVitals, Pooled, is_unreachable};
use crate::shared_commit::SharedCommit;
use crate::transaction::{Author, Door, Finished, Reading, Writing};
use crate::turns::Turns;
use crate::url::Url;

#[derive(Debug, Clone)]
pub struct Options {
    pub url: Url,
    /// How many connections read at once.
    pub readers: u32,
    /// How many connections write at once. SQLite has one writer whatever this says.
    pub writers: u32,
    /// How long a request waits for a connection before it is told to come back.
    pub wait: Duration,
}

impl Options {
    pub fn at(url: Url) -> Self {
        Self { url, readers: 8, writers: 8, wait: Duration::from_millis(250) }
    }
}

pub struct Database {
    options: Options,
    bell: Arc<Bell>,
    witness: Option<Box<Witness>>,
    readers: Pool,
    writers: Writers,
    audit_events: AtomicU64,
    commits: AtomicU64,
    retries: AtomicU64,
}

enum Writers {
    /// Each in a transaction of its own.
    Apart(Pool, Turns),
    /// One after the other anyway.
    Together(Box<SharedCommit>),
}

/// How the database is doing, as far as this process can tell without asking it.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseVitals {
    pub readers: PoolVitals,
    pub writers: PoolVitals,
    /// Events that this process has committed to the audit.
    pub audit_events: u64,
    /// Commits of this process; on SQLite writers that come at once share them.
    pub commits: u64,
    /// Transactions that were started over since another was in the way.
    pub retries: u64,
}

type Witness = dyn Fn(&[Told]) + Send + Sync;

/// A connection that hears of changes elsewhere.
pub struct Listener {
    connection: AnyConnection,
}

impl Listener {
    /// Whether something was told since the last time. Does not wait.
    pub fn has_heard(&mut self) -> Result<bool> {
        self.connection.was_notified()
    }
}

/// How long a transaction is tried again before its request is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(4);

impl Database {
    pub fn open(options: Options) -> Self {
        let pool = |use_, size, wait| Pool::new(options.url.clone(), use_, size, wait);
        let writers = match options.url {
            Url::Postgres(_) => {
                Writers::Apart(pool(Use::Writing, options.writers, options.wait), Turns::new(options.wait))
            }
            // To wait for the one before is no reason to be sent away.
            Url::Sqlite(_) => Writers::Together(Box::new(SharedCommit::new(pool(Use::Writing, 1, PATIENCE), PATIENCE))),
        };
        Self {
            readers: pool(Use::Reading, options.readers, options.wait),
            writers,
            options,
            bell: Arc::default(),
            witness: None,
            audit_events: AtomicU64::default(),
            commits: AtomicU64::default(),
            retries: AtomicU64::default(),
        }
    }

    pub fn url(&self) -> &Url {
        &self.options.url
    }

    pub fn readers(&self) -> usize {
        self.options.readers as usize
    }

    pub fn writers(&self) -> usize {
        self.options.writers as usize
    }

    /// Reads, each statement from the newest state. `work` may run twice if a connection turns out to be dead.
    pub fn read<T, E: IsDatabaseError>(&self, work: impl Fn(&mut Reading<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut dead = 0;
        loop {
            let mut held = self.readers.get()?;
            let result = work(&mut Reading { connection: &mut held.connection });
            match &result {
                Err(error) if is_unreachable(error) && dead < self.options.readers => {
                    held.is_dead = true;
                    dead += 1;
                }
                _ => return result,
            }
        }
    }

    /// Reads, every statement from one state. `work` may run twice if a connection turns out to be dead.
    pub fn read_one_state<T, E: IsDatabaseError>(
        &self,
        work: impl Fn(&mut Reading<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.read(|db| {
            db.connection.begin_reading()?;
            let result = work(db);
            // Nothing was written, so there is nothing to keep. A connection that cannot end it is thrown away.
            let _ = db.connection.rollback();
            result
        })
    }

    /// Writes: one transaction in one audit chain. `work` may run more than once, so it draws nothing and sends nothing.
    pub fn write<T, E: IsDatabaseError>(
        &self,
        name: &'static str,
        author: &Author,
        chain: &Chain,
        work: impl Fn(&mut Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.until_settled(name, author, Door::Audited(chain), work)
    }

    /// The same with nobody else at it, and also while there is a freeze.
    pub fn write_alone<T, E: IsDatabaseError>(
        &self,
        name: &'static str,
        author: &Author,
        chain: &Chain,
        work: impl Fn(&mut Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.until_settled(name, author, Door::Alone(chain), work)
    }

    /// Writes what nobody did: when a token was last used, what a retention has let go. Nothing here reaches the audit,
    /// and what belongs there cannot be written here.
    pub fn keep_books<T, E: IsDatabaseError>(
        &self,
        name: &'static str,
        author: &Author,
        work: impl Fn(&mut Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.until_settled(name, author, Door::Books, work)
    }

    fn until_settled<T, E: IsDatabaseError>(
        &self,
        name: &'static str,
        author: &Author,
        door: Door<'_>,
        work: impl Fn(&mut Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let started = Instant::now();
        loop {
            match self.attempt(name, author, door, &work) {
                Err(error) if error.database_error().is_some_and(Error::is_worth_a_retry) => {
                    if started.elapsed() > PATIENCE {
                        tracing::warn!(transaction = name, "gave up after retrying");
                        return Err(Error::Busy.into());
                    }
                    self.retries.fetch_add(1, Ordering::Relaxed);
                }
                result => return result,
            }
        }
    }

    fn attempt<T, E: IsDatabaseError>(
        &self,
        name: &'static str,
        author: &Author,
        door: Door<'_>,
        work: impl Fn(&mut Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = |connection: &mut AnyConnection| -> Result<(T, Finished), E> {
            let mut writing = Writing::begin(connection, author, door)?;
            let value = work(&mut writing)?;
            Ok((value, writing.finish(name)?))
        };
        let (value, Finished { told, recorded }) = match &self.writers {
            Writers::Apart(pool, turns) => {
                // Books are in nobody's way, and who writes alone waits for all.
                let _turn = match door {
                    Door::Audited(chain) => Some(turns.take(&chain.name())?),
                    Door::Alone(_) | Door::Books => None,
                };
                self.write_apart(pool, transaction)?
            }
            Writers::Together(shared) => shared.write(transaction)?,
        };
        self.audit_events.fetch_add(recorded, Ordering::Relaxed);
        if !told.is_empty() {
            if let Some(witness) = &self.witness {
                witness(&told);
            }
            self.bell.ring();
        }
        Ok(value)
    }

    fn write_apart<T, E: IsDatabaseError>(
        &self,
        pool: &Pool,
        transaction: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut held = self.begin(pool)?;
        match transaction(&mut held.connection) {
            Ok(value) => {
                held.connection.commit()?;
                self.commits.fetch_add(1, Ordering::Relaxed);
                Ok(value)
            }
            Err(error) => {
                held.is_dead = held.connection.rollback().is_err() || is_unreachable(&error);
                Err(error)
            }
        }
    }

    /// BEGIN finds out whether the connection still works: until it has succeeded nothing has happened.
    fn begin(&self, pool: &Pool) -> Result<Pooled> {
        let mut dead = 0;
        loop {
            let mut held = pool.get()?;
            match held.connection.begin() {
                Ok(()) => return Ok(held),
                Err(error) if is_unreachable(&error) && dead < self.options.writers => {
                    held.is_dead = true;
                    dead += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub fn vitals(&self) -> DatabaseVitals {
        let (writers, commits) = match &self.writers {
            Writers::Apart(pool, turns) => {
                let mut vitals = pool.vitals();
                vitals.waits += turns.waits();
                vitals.timeouts += turns.timeouts();
                (vitals, self.commits.load(Ordering::Relaxed))
            }
            Writers::Together(shared) => (shared.vitals(), shared.commits()),
        };
        DatabaseVitals {
            readers: self.readers.vitals(),
            writers,
            commits,
            audit_events: self.audit_events.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }

    /// Opens a connection of each kind, so that the first request does not wait for one.
    pub fn warm_up(&self) -> Result<()> {
        self.readers.get().map(drop)?;
        match &self.writers {
            Writers::Apart(pool, _) => pool.get().map(drop),
            Writers::Together(shared) => shared.warm_up(),
        }
    }

    /// Whether the database answers at all.
    pub fn ping(&self) -> Result<()> {
        self.read(|reading| reading.connection.ping())
    }

    /// Brings the schema up to what this binary knows. Several processes may do it at once.
    pub fn migrate(&self) -> Result<Schema> {
        migrations::run(&mut self.connect()?)
    }

    /// What the schema is, compared with what this binary knows.
    pub fn schema(&self) -> Result<Schema> {
        migrations::inspect(&mut self.connect()?)
    }

    /// Takes every migration back, the newest first. For tests of the migrations.
    pub fn revert_everything(&self) -> Result<()> {
        migrations::revert_everything(&mut self.connect()?)
    }

    /// Why acknowledged writes would not be safe here; empty when they are.
    pub fn weaknesses(&self) -> Result<Vec<String>> {
        self.connect()?.weaknesses()
    }

    /// What the database's clock shows, in microseconds since 1970.
    pub fn clock(&self) -> Result<i64> {
        self.connect()?.clock()
    }

    /// Has somebody told of every change that this process commits, before whoever made it goes on.
    pub fn witness(&mut self, witness: impl Fn(&[Told]) + Send + Sync + 'static) {
        self.witness = Some(Box::new(witness));
    }

    /// Rings whenever something was told to the feed by this process.
    pub fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// Hears what other processes tell; on SQLite there are none to be heard.
    pub fn listen(&self) -> Result<Listener> {
        let mut connection = AnyConnection::establish(self.url(), Use::Reading)?;
        connection.listen()?;
        Ok(Listener { connection })
    }

    /// Copies an embedded database into an empty file, as it is at one moment. Nobody who reads or writes waits for it.
    pub fn back_up(&self, to: &Path) -> Result<()> {
        self.connect()?.back_up(to)
    }

    /// Puts all that an embedded database holds into its one file.
    pub fn settle(&self) -> Result<()> {
        self.connect()?.settle()
    }

    /// Whether an embedded database is whole.
    pub fn check_integrity(&self) -> Result<()> {
        self.connect()?.check_integrity()
    }

    pub(crate) fn connect_to_read(&self) -> Result<AnyConnection> {
        AnyConnection::establish(self.url(), Use::Reading)
    }

    /// A connection of its own, outside the pools, for work that may take longer than a request.
    pub(crate) fn connect(&self) -> Result<AnyConnection> {
        AnyConnection::establish(self.url(), Use::Writing)
    }
}
