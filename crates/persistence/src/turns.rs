//! Who of an audit chain's writers may hold a connection.
//!
//! One after the other has the chain's lock. Who waits for it in the database has a connection meanwhile, of which there are few: the
//! writers of one busy tenant would hold all of them, and those of every other tenant would wait for that tenant too.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Result};

/// One who works, and one who is there when the first is done.
const AT_ONCE: usize = 2;

/// More than there are connections, so that chains which share a line are seldom busy at the same time.
const LINES: usize = 256;

pub(crate) struct Turns {
    hasher: RandomState,
    lines: Box<[Mutex<Line>]>,
    /// How long anybody waits for its turn.
    patience: Duration,
    waits: AtomicU64,
    timeouts: AtomicU64,
}

#[derive(Default)]
struct Line {
    at_it: usize,
    /// Nobody overtakes: whoever leaves hands its turn to the first of them.
    waiting: VecDeque<Arc<Waiter>>,
}

#[derive(Default)]
struct Waiter {
    is_called: Mutex<bool>,
    called: Condvar,
}

/// Ends when it is dropped.
pub(crate) struct Turn<'t>(&'t Mutex<Line>);

impl Turns {
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            hasher: RandomState::new(),
            lines: (0..LINES).map(|_| Mutex::default()).collect(),
            patience,
            waits: AtomicU64::default(),
            timeouts: AtomicU64::default(),
        }
    }

    /// Waits until few enough are at this chain.
    pub(crate) fn take(&self, chain: &str) -> Result<Turn<'_>> {
        let line = self.lines.get(self.hasher.hash_one(chain) as usize % LINES).ok_or(Error::Busy)?;
        let waiter = {
            let mut line = lock(line);
            if line.at_it < AT_ONCE {
                line.at_it += 1;
                None
            } else {
                let waiter = Arc::<Waiter>::default();
                line.waiting.push_back(waiter.clone());
                Some(waiter)
            }
        };
        if let Some(waiter) = waiter {
            self.waits.fetch_add(1, Ordering::Relaxed);
            if !waiter.is_called_within(self.patience) && lock(line).forget(&waiter) {
                self.timeouts.fetch_add(1, Ordering::Relaxed);
                return Err(Error::Busy);
            }
        }
        Ok(Turn(line))
    }

    /// How often somebody waited for a turn.
    pub(crate) fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }

    /// How often somebody waited in vain.
    pub(crate) fn timeouts(&self) -> u64 {
        self.timeouts.load(Ordering::Relaxed)
    }
}

impl Line {
    /// False if it has been called at the last moment.
    fn forget(&mut self, waiter: &Arc<Waiter>) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| !Arc::ptr_eq(waiting, waiter));
        self.waiting.len() < before
    }
}

impl Waiter {
    fn is_called_within(&self, patience: Duration) -> bool {
        let waited = self.called.wait_timeout_while(lock(&self.is_called), patience, |is_called| !*is_called);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn call(&self) {
        *lock(&self.is_called) = true;
        self.called.notify_one();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut line = lock(self.0);
        match line.waiting.pop_front() {
            Some(first) => first.call(),
            None => line.at_it -= 1,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn few_are_at_a_chain_and_all_get_their_turn() {
        let turns = Turns::new(Duration::from_secs(60));
        let (at_it, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let turn = turns.take("tenant:a").unwrap();
                        most.fetch_max(at_it.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        at_it.fetch_sub(1, Ordering::SeqCst);
                        drop(turn);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!((done.into_inner(), turns.timeouts()), (800, 0));
        assert!((1..=AT_ONCE).contains(&most.into_inner()));
    }

    #[test]
    fn whoever_waits_too_long_is_sent_away_and_the_line_goes_on() {
        let turns = Turns::new(Duration::from_millis(20));
        let first = turns.take("tenant:a").unwrap();
        let second = turns.take("tenant:a").unwrap();
        assert!(matches!(turns.take("tenant:a"), Err(Error::Busy)));
        assert_eq!((turns.waits(), turns.timeouts()), (1, 1));
        drop(first);
        let third = turns.take("tenant:a").unwrap();
        drop((second, third));
        assert_eq!(turns.timeouts(), 1);
    }

    #[test]
    fn whoever_came_first_is_first() {
        let turns = Turns::new(Duration::from_secs(60));
        let order = Mutex::new(Vec::new());
        let (turns, order) = (&turns, &order);
        std::thread::scope(|scope| {
            let held = (turns.take("tenant:a").unwrap(), turns.take("tenant:a").unwrap());
            for number in 0..8 {
                scope.spawn(move || {
                    let _turn = turns.take("tenant:a").unwrap();
                    lock(order).push(number);
                });
                while turns.waits() <= number {
                    std::thread::yield_now();
                }
            }
            // The other stays at it, so that there is one turn, which goes from hand to hand.
            drop(held.0);
            while lock(order).len() < 8 {
                std::thread::yield_now();
            }
            drop(held.1);
        });
        assert_eq!(*lock(order), (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn one_chain_does_not_wait_for_another() {
        let turns = Turns::new(Duration::ZERO);
        let _held = (turns.take("tenant:a").unwrap(), turns.take("tenant:a").unwrap());
        let others = (0..100).filter(|other| turns.take(&format!("tenant:{other}")).is_ok()).count();
        // One may share the line of the first.
        assert!(others >= 90, "{others}");
    }
}
