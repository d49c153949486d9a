//! One commit for many. SQLite lets one writer in at a time, and what takes longest is to wait for the disk at the end; so
//! writers that come while another is at it go on in its transaction, each in a savepoint of its own, and whoever finds
//! nobody behind it commits for all of them. Nobody is told anything before that commit, not even that it was refused: the
//! refusal may rest on what another has written just before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::dialect::AnyConnection;
use crate::error::{Error, IsDatabaseError, Result};
use crate::pool::{AT_ONCE, Pool, PoolVitals, Pooled, is_unreachable};

/// How many may share a commit: enough that the disk no longer counts, and an end if more keep coming.
const MOST: usize = 128;

pub(crate) struct SharedCommit {
    connections: Pool,
    /// How long anybody waits for its turn.
    patience: Duration,
    line: Mutex<Line>,
    moved: Condvar,
    commits: AtomicU64,
    waits: AtomicU64,
    timeouts: AtomicU64,
}

struct Line {
    turn: Turn,
    waiting: usize,
}

enum Turn {
    Taken,
    /// With what the one before has left open.
    Free(Option<Box<Open>>),
}

/// A transaction that goes from hand to hand.
struct Open {
    held: Pooled,
    outcome: Arc<Outcome>,
    /// How many have written in it, and want to keep that.
    members: usize,
    has_ended: bool,
}

/// What became of a transaction.
#[derive(Default)]
struct Outcome {
    known: Mutex<Option<Result<()>>>,
    is_known: Condvar,
}

impl SharedCommit {
    pub(crate) fn new(connections: Pool, patience: Duration) -> Self {
        Self {
            connections,
            patience,
            line: Mutex::new(Line { turn: Turn::Free(None), waiting: 0 }),
            moved: Condvar::new(),
            commits: AtomicU64::default(),
            waits: AtomicU64::default(),
            timeouts: AtomicU64::default(),
        }
    }

    pub(crate) fn vitals(&self) -> PoolVitals {
        let mut vitals = self.connections.vitals();
        vitals.waits += self.waits.load(Ordering::Relaxed);
        vitals.timeouts += self.timeouts.load(Ordering::Relaxed);
        vitals
    }

    /// How many commits there were, however many shared each.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(crate) fn warm_up(&self) -> Result<()> {
        self.connections.get().map(drop)
    }

    /// Returns when what was written is there to stay.
    pub(crate) fn write<T, E: IsDatabaseError>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut at_it = AtIt { shared: self, open: self.wait_for_turn()?, has_passed_on: false };
        let open = match &mut at_it.open {
            Some(open) => open,
            none => none.insert(self.begin()?),
        };
        let outcome = open.outcome.clone();
        match open.take_part(work) {
            Taken::Part(result) => {
                at_it.pass_on();
                outcome.wait()?;
                result
            }
            // The others find out by the outcome, and start over.
            Taken::Down(error) => {
                drop(at_it);
                Err(error)
            }
        }
    }

    fn wait_for_turn(&self) -> Result<Option<Box<Open>>> {
        let began = Instant::now();
        let mut line = self.lock();
        line.waiting += 1;
        loop {
            if let Turn::Free(open) = std::mem::replace(&mut line.turn, Turn::Taken) {
                line.waiting -= 1;
                if began.elapsed() > AT_ONCE {
                    self.waits.fetch_add(1, Ordering::Relaxed);
                }
                return Ok(open);
            }
            let Some(left) = self.patience.checked_sub(began.elapsed()) else {
                // Whoever is at it finds one less behind it.
                line.waiting -= 1;
                self.timeouts.fetch_add(1, Ordering::Relaxed);
                return Err(Error::Busy);
            };
            line = self.moved.wait_timeout(line, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// BEGIN finds out whether the connection still works: until it has succeeded nothing has happened.
    fn begin(&self) -> Result<Box<Open>> {
        let mut may_be_dead = true;
        loop {
            let mut held = self.connections.get()?;
            match held.connection.begin() {
                Ok(()) => {
                    return Ok(Box::new(Open { held, outcome: Arc::default(), members: 0, has_ended: false }));
                }
                Err(error) if is_unreachable(&error) && may_be_dead => {
                    held.is_dead = true;
                    may_be_dead = false;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever's turn it is. However it ends, somebody else gets the turn.
struct AtIt<'s> {
    shared: &'s SharedCommit,
    open: Option<Box<Open>>,
    has_passed_on: bool,
}

impl AtIt<'_> {
    /// Leaves the commit to whoever comes next, if somebody does.
    fn pass_on(mut self) {
        let Some(open) = self.open.take() else { return };
        let mut line = self.shared.lock();
        if line.waiting > 0 && open.members < MOST {
            line.turn = Turn::Free(Some(open));
            self.has_passed_on = true;
            self.shared.moved.notify_one();
        } else {
            drop(line);
            self.shared.commits.fetch_add(u64::from(open.members > 0), Ordering::Relaxed);
            open.end();
        }
    }
}

impl Drop for AtIt<'_> {
    fn drop(&mut self) {
        drop(self.open.take());
        if !self.has_passed_on {
            self.shared.lock().turn = Turn::Free(None);
            self.shared.moved.notify_one();
        }
    }
}

enum Taken<T, E> {
    Part(Result<T, E>),
    /// Nothing is left of the transaction.
    Down(E),
}

impl Open {
    fn take_part<T, E: IsDatabaseError>(
        &mut self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Taken<T, E> {
        let connection = &mut self.held.connection;
        let result = connection.begin_part().map_err(E::from).and_then(|()| work(connection));
        let result = result.and_then(|value| connection.keep_part().map(|()| value).map_err(E::from));
        match result {
            Ok(value) => {
                self.members += 1;
                Taken::Part(Ok(value))
            }
            // A full disk, among others, takes the whole transaction back, and its savepoints with it.
            Err(error) if is_unreachable(&error) || connection.undo_part().is_err() => Taken::Down(error),
            Err(error) => Taken::Part(Err(error)),
        }
    }

    fn end(mut self) {
        let connection = &mut self.held.connection;
        let ended = if self.members > 0 { connection.commit() } else { connection.rollback() };
        self.held.is_dead = ended.is_err();
        self.has_ended = true;
        self.outcome.tell(ended);
    }
}

impl Drop for Open {
    /// For those who took part in what nobody ends it is as if nothing had happened, and they try again.
    fn drop(&mut self) {
        if !self.has_ended {
            self.held.is_dead = self.held.connection.rollback().is_err();
            self.outcome.tell(Err(Error::Retry));
        }
    }
}

impl Outcome {
    fn tell(&self, outcome: Result<()>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.is_known.notify_all();
    }

    fn wait(&self) -> Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &*known {
                Some(outcome) => return outcome.clone(),
                None => known = self.is_known.wait(known).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;
    use tempfile::TempDir;

    use super::*;
    use crate::dialect::Use;
    use crate::url::Url;

    struct Table {
        shared: SharedCommit,
        folder: TempDir,
    }

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

    impl Table {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let url = Url::Sqlite(folder.path().join("shared.db"));
            let pool = |use_| Pool::new(url.clone(), use_, 1, Duration::from_secs(5));
            let shared = SharedCommit::new(pool(Use::Writing), Duration::from_secs(20));
            let create = "CREATE TABLE numbers (number INTEGER PRIMARY KEY ON CONFLICT ABORT)";
            shared.write(|connection| connection.batch_execute(create).map_err(Error::from)).unwrap();
            Self { shared, folder }
        }

        fn insert(&self, number: i64) -> Result<()> {
            self.shared.write(|connection| insert(connection, number))
        }

        /// As everybody else sees it.
        fn numbers(&self) -> Vec<i64> {
            let path = self.folder.path().join("shared.db");
            let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
            let rows: Vec<Row> =
                diesel::sql_query("SELECT number FROM numbers ORDER BY number").load(&mut connection).unwrap();
            rows.into_iter().map(|row| row.number).collect()
        }

        /// Holds the line up until so many wait in it, who then come one after the other without a pause.
        fn behind_one<T: Send>(&self, work: Vec<Box<dyn FnOnce() -> T + Send + '_>>) -> Vec<thread::Result<T>> {
            thread::scope(|scope| {
                let (go_on, may_go_on) = mpsc::channel::<()>();
                let (begun, has_begun) = mpsc::channel::<()>();
                let first = scope.spawn(move || {
                    self.shared.write(|_| {
                        begun.send(()).unwrap();
                        may_go_on.recv().unwrap();
                        Ok::<_, Error>(())
                    })
                });
                has_begun.recv().unwrap();
                let mut others = Vec::new();
                for (before, work) in work.into_iter().enumerate() {
                    others.push(scope.spawn(work));
                    while self.shared.lock().waiting <= before {
                        thread::yield_now();
                    }
                }
                go_on.send(()).unwrap();
                // It shares what comes of them.
                let _ = first.join().unwrap();
                others.into_iter().map(thread::ScopedJoinHandle::join).collect()
            })
        }
    }

    fn insert(connection: &mut AnyConnection, number: i64) -> Result<()> {
        Ok(connection.batch_execute(&format!("INSERT INTO numbers VALUES ({number})"))?)
    }

    #[test]
    fn whoever_waits_shares_the_commit() {
        let table = Table::new();
        let before = table.shared.commits();
        let work = (1..=20).map(|number| -> Box<dyn FnOnce() -> Result<()> + Send> {
            let table = &table;
            Box::new(move || table.insert(number))
        });
        let done = table.behind_one(work.collect());
        assert!(done.into_iter().all(|result| result.unwrap().is_ok()));
        assert_eq!(table.numbers(), (1..=20).collect::<Vec<_>>());
        assert_eq!(table.shared.commits() - before, 1);
    }

    #[test]
    fn what_one_is_refused_the_others_keep() {
        let table = Table::new();
        table.insert(7).unwrap();
        let numbers = [1, 7, 2, 1, 3];
        let work = numbers.map(|number| -> Box<dyn FnOnce() -> Result<()> + Send> {
            let table = &table;
            Box::new(move || table.insert(number))
        });
        let done = table.behind_one(work.into());
        let refused = done.into_iter().filter(|result| matches!(result, Ok(Err(Error::Taken)))).count();
        assert_eq!(refused, 2, "7 was there, and 1 came twice");
        assert_eq!(table.numbers(), [1, 2, 3, 7]);
    }

    #[test]
    fn nobody_is_told_before_it_lasts() {
        let table = Table::new();
        let work = (1..=20).map(|number| -> Box<dyn FnOnce() -> bool + Send> {
            let table = &table;
            Box::new(move || {
                table.insert(number).unwrap();
                table.numbers().contains(&number)
            })
        });
        let seen = table.behind_one(work.collect());
        assert!(seen.into_iter().all(|seen| seen.unwrap()));
    }

    #[test]
    fn those_who_shared_with_one_that_broke_are_told_to_try_again() {
        let table = Table::new();
        let break_it = |connection: &mut AnyConnection| -> Result<()> {
            insert(connection, 2)?;
            // As a full disk does, with all that is in it.
            connection.batch_execute("ROLLBACK")?;
            Err(Error::Unwritable("disk is full".to_owned()))
        };
        let done = table
            .behind_one::<Result<()>>(vec![Box::new(|| table.insert(1)), Box::new(|| table.shared.write(break_it))]);
        let [first, second] = <[_; 2]>::try_from(done).unwrap_or_else(|_| unreachable!()).map(thread::Result::unwrap);
        // Which of them came first is chance.
        assert!(matches!(first, Ok(()) | Err(Error::Retry)), "{first:?}");
        assert!(matches!(second, Err(Error::Unwritable(_))), "{second:?}");
        assert_eq!(table.numbers(), if first.is_ok() { vec![1] } else { vec![] });
        table.insert(3).unwrap();
        assert!(table.numbers().ends_with(&[3]), "and the next one finds a working connection");
    }

    #[test]
    fn a_panic_is_not_the_others_business() {
        let table = Table::new();
        let done = table.behind_one::<Result<()>>(vec![
            Box::new(|| {
                table.shared.write(|connection| -> Result<()> {
                    insert(connection, 1)?;
                    panic!("on purpose");
                })
            }),
            Box::new(|| table.insert(2)),
        ]);
        assert!(done.iter().any(Result::is_err), "the one that panicked says so");
        table.insert(3).unwrap();
        let numbers = table.numbers();
        assert!(!numbers.contains(&1) && numbers.contains(&3), "{numbers:?}");
    }

    #[test]
    fn whoever_waits_too_long_is_sent_away_and_nobody_waits_for_it() {
        let mut table = Table::new();
        table.shared.patience = Duration::from_millis(1);
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let table = &table;
            let first = scope.spawn(move || {
                table.shared.write(|connection| {
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    insert(connection, 1)
                })
            });
            has_begun.recv().unwrap();
            assert!(matches!(table.insert(2), Err(Error::Busy)));
            go_on.send(()).unwrap();
            first.join().unwrap().unwrap();
        });
        assert_eq!(table.numbers(), [1]);
        assert_eq!(table.shared.vitals().timeouts, 1);
    }
}
