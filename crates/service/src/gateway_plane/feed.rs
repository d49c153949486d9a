//! How far this node has followed the feed.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use tokio::sync::watch;

use super::lease::Moment;

pub(crate) struct Feed {
    applied: watch::Sender<i64>,
    newest: watch::Sender<i64>,
    is_well: AtomicBool,
    /// When it was last read to its end, or when this node began.
    looked: AtomicI64,
    /// What has been applied since when, while something is seen that cannot be.
    held_up: Mutex<Option<(i64, Moment)>>,
}

/// How the following of the feed goes.
#[derive(Debug, Clone, Copy)]
pub struct FeedVitals {
    pub applied: i64,
    /// Whether the last look at it went well.
    pub is_well: bool,
    /// Since the last look that did.
    pub silent_for: TimeDelta,
    /// For how long something that was seen has had to wait for a transaction that began before it and does not end.
    pub held_up_for: TimeDelta,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            applied: watch::channel(0).0,
            newest: watch::channel(0).0,
            is_well: AtomicBool::default(),
            looked: AtomicI64::new(Moment::now().nanoseconds()),
            held_up: Mutex::default(),
        }
    }
}

impl Feed {
    /// Everything up to this number has been applied here; 0 before anything was.
    pub(crate) fn applied(&self) -> i64 {
        *self.applied.borrow()
    }

    pub(crate) fn watch_applied(&self) -> watch::Receiver<i64> {
        self.applied.subscribe()
    }

    /// The number of the newest change that was seen: on PostgreSQL numbers go on without changes.
    pub(crate) fn watch_newest(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    /// A look went well; whether it saw something that comes after what could be applied for good.
    pub(crate) fn went_well(&self, is_ahead: bool) {
        self.looked.store(Moment::now().nanoseconds(), Ordering::Relaxed);
        self.is_well.store(true, Ordering::Relaxed);
        let applied = self.applied();
        let mut held_up = self.held_up.lock().unwrap_or_else(PoisonError::into_inner);
        *held_up = match *held_up {
            _ if !is_ahead => None,
            Some((at, since)) if at == applied => Some((at, since)),
            Some(_) | None => Some((applied, Moment::now())),
        };
    }

    pub(crate) fn failed(&self) {
        self.is_well.store(false, Ordering::Relaxed);
    }

    pub(crate) fn vitals(&self) -> FeedVitals {
        let held_up = *self.held_up.lock().unwrap_or_else(PoisonError::into_inner);
        FeedVitals {
            applied: self.applied(),
            is_well: self.is_well.load(Ordering::Relaxed),
            silent_for: Moment::at(self.looked.load(Ordering::Relaxed)).elapsed(),
            held_up_for: held_up.map_or(TimeDelta::zero(), |(_, since)| since.elapsed()),
        }
    }

    pub(crate) fn begin(&self, at: i64) {
        self.applied.send_replace(at);
    }

    /// What was seen has been forgotten here. Gateways are woken by it: they read the feed themselves, and need not wait
    /// for the lease under which this node goes on.
    pub(crate) fn saw(&self, newest: i64) {
        raise(&self.newest, newest);
    }

    pub(crate) fn go_on(&self, to: i64) {
        raise(&self.applied, to);
    }
}

fn raise(number: &watch::Sender<i64>, to: i64) {
    number.send_if_modified(|number| {
        let rises = to > *number;
        *number = to.max(*number);
        rises
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_held_up_since_the_feed_last_moved() {
        let feed = Feed::default();
        let since = |feed: &Feed| feed.held_up.lock().unwrap().map(|(at, since)| (at, since.nanoseconds()));
        feed.go_on(7);
        feed.went_well(true);
        let first = since(&feed).unwrap();
        feed.went_well(true);
        assert_eq!(since(&feed), Some(first), "nothing has moved");
        feed.go_on(8);
        feed.went_well(true);
        assert_eq!(since(&feed).unwrap().0, 8, "it moves, if slowly");
        feed.went_well(false);
        assert_eq!(feed.vitals().held_up_for, TimeDelta::zero());
    }

    #[test]
    fn a_failure_is_not_well_until_the_next_look() {
        let feed = Feed::default();
        assert!(!feed.vitals().is_well, "nothing was looked at yet");
        feed.went_well(false);
        assert!(feed.vitals().is_well);
        feed.failed();
        assert!(!feed.vitals().is_well);
    }
}
