//! Gateways' leases on their way into the database: whoever asks while one transaction is written goes into the next, with all
//! the others who do.
//!
//! Nobody waits for others to come: somebody alone is written at once. And nobody goes on before their own lease is there.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use persistence::leases::Renewal;
use persistence::{Error, Result};

#[derive(Default)]
pub(crate) struct Renewals {
    line: Mutex<Line>,
    moved: Condvar,
}

#[derive(Default)]
struct Line {
    waiting: Vec<Renewal>,
    /// What becomes of those who wait, once somebody has written them.
    outcome: Arc<Mutex<Option<Result<()>>>>,
    is_being_written: bool,
}

impl Renewals {
    /// Returns when it is in the database, by whoever's `write`.
    pub(crate) fn write(&self, renewal: Renewal, write: impl FnOnce(&[Renewal]) -> Result<()>) -> Result<()> {
        let mut line = self.lock();
        line.waiting.push(renewal);
        let outcome = line.outcome.clone();
        loop {
            if let Some(known) = &*outcome.lock().unwrap_or_else(PoisonError::into_inner) {
                return known.clone();
            }
            if !line.is_being_written {
                break;
            }
            line = self.moved.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
        line.is_being_written = true;
        line.outcome = Arc::default();
        let renewals = std::mem::take(&mut line.waiting);
        drop(line);
        let mut at_it = AtIt { renewals: self, outcome, result: Err(Error::Busy) };
        at_it.result = write(&renewals);
        at_it.result.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever writes. However it ends, the others hear of it, and the next one gets the turn.
struct AtIt<'r> {
    renewals: &'r Renewals,
    outcome: Arc<Mutex<Option<Result<()>>>>,
    result: Result<()>,
}

impl Drop for AtIt<'_> {
    fn drop(&mut self) {
        let mut line = self.renewals.lock();
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.result.clone());
        line.is_being_written = false;
        self.renewals.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use domain::Entropy;
    use domain::id::GatewayId;

    use super::*;

    const OTHERS: usize = 20;

    fn renewal(instance: &str) -> Renewal {
        let gateway = GatewayId::draw(&mut Entropy::from_seed([1; 32]), chrono::DateTime::UNIX_EPOCH);
        Renewal { gateway, name: "edge".to_owned(), instance: instance.to_owned(), applied: 7 }
    }

    /// One is being written while twenty others come. What each was told, and the sizes of what was written after it.
    fn behind_one(
        first: impl FnOnce(&[Renewal]) -> Result<()> + Send,
        then: impl Fn(&[Renewal]) -> Result<()> + Sync,
    ) -> (thread::Result<Result<()>>, Vec<Result<()>>) {
        let renewals = Renewals::default();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let (renewals, then) = (&renewals, &then);
            let leader = scope.spawn(move || {
                renewals.write(renewal("first"), |alone| {
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    first(alone)
                })
            });
            has_begun.recv().unwrap();
            let others: Vec<_> = (0..OTHERS)
                .map(|number| scope.spawn(move || renewals.write(renewal(&number.to_string()), then)))
                .collect();
            while renewals.lock().waiting.len() < OTHERS {
                thread::yield_now();
            }
            go_on.send(()).unwrap();
            (leader.join(), others.into_iter().map(|other| other.join().unwrap()).collect())
        })
    }

    #[test]
    fn all_who_come_during_one_write_are_in_the_next() {
        let (writes, written) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let alone = |renewals: &[Renewal]| {
            assert_eq!(renewals, [renewal("first")], "somebody alone waits for nobody");
            Ok(())
        };
        let (first, others) = behind_one(alone, |renewals| {
            writes.fetch_add(1, Ordering::SeqCst);
            written.lock().unwrap().extend(renewals.iter().map(|renewal| renewal.instance.clone()));
            Ok(())
        });
        assert!(first.unwrap().is_ok() && others.iter().all(Result::is_ok));
        assert_eq!(writes.into_inner(), 1);
        let mut written = written.into_inner().unwrap();
        written.sort_by_key(|instance| instance.parse::<usize>().unwrap());
        assert_eq!(written, (0..OTHERS).map(|number| number.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn nobody_takes_what_was_not_written_for_written() {
        let (first, others) = behind_one(|_| Ok(()), |_| Err(Error::Unreachable("the database is away".to_owned())));
        assert!(first.unwrap().is_ok(), "it was written before");
        assert!(others.iter().all(|other| matches!(other, Err(Error::Unreachable(_)))), "{others:?}");
    }

    #[test]
    fn whoever_panics_leaves_the_turn_to_the_next() {
        let (first, others) = behind_one(|_| panic!("on purpose"), |_| Ok(()));
        assert!(first.is_err());
        assert!(others.iter().all(Result::is_ok), "{others:?}");
    }
}
