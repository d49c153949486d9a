//! Until when this node may answer from memory.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use rustix::time::{ClockId, clock_gettime};

/// Intervals are measured by the clock that goes on while the machine sleeps and that nobody sets.
pub(crate) struct Lease {
    length: TimeDelta,
    /// Nanoseconds of that clock.
    until: AtomicI64,
}

/// A moment on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(i64);

impl Lease {
    pub(crate) fn of(length: TimeDelta) -> Self {
        Self { length, until: AtomicI64::new(0) }
    }

    pub(crate) fn length(&self) -> TimeDelta {
        self.length
    }

    /// To be asked after the work and before its result is let out: the node may have slept in between.
    pub(crate) fn holds(&self) -> bool {
        Moment::now().0 < self.until.load(Ordering::Acquire)
    }

    /// Everything that was committed before `since` has been applied.
    pub(crate) fn extend(&self, since: Moment) {
        self.until.fetch_max(since.plus(self.length), Ordering::AcqRel);
    }

    /// How long it still holds; nothing if it does not.
    pub(crate) fn left(&self) -> TimeDelta {
        TimeDelta::nanoseconds((self.until.load(Ordering::Acquire) - Moment::now().0).max(0))
    }

    pub(crate) fn end(&self) {
        self.until.store(0, Ordering::Release);
    }
}

impl Moment {
    pub(crate) fn now() -> Self {
        let now = clock_gettime(ClockId::Boottime);
        Self(now.tv_sec * 1_000_000_000 + now.tv_nsec)
    }

    pub(crate) fn at(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    pub(crate) fn nanoseconds(self) -> i64 {
        self.0
    }

    /// So many nanoseconds of the clock from now.
    pub(crate) fn plus(self, length: TimeDelta) -> i64 {
        self.0 + length.num_nanoseconds().unwrap_or(0)
    }

    pub(crate) fn is_before(self, nanoseconds: i64) -> bool {
        self.0 < nanoseconds
    }

    pub(crate) fn elapsed(self) -> TimeDelta {
        TimeDelta::nanoseconds(Self::now().0 - self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_holds_from_when_it_was_given_and_no_longer_than_it_lasts() {
        let lease = Lease::of(TimeDelta::hours(1));
        assert!(!lease.holds(), "nothing is remembered before the feed was seen once");
        let start = Moment::now();
        lease.extend(start);
        assert!(lease.holds() && lease.left() > TimeDelta::minutes(59));
        let hours_ago = |hours: i64| Moment(start.0 - hours * 3600 * 1_000_000_000);
        lease.extend(hours_ago(2));
        assert!(lease.holds(), "an older one does not take back a newer one");
        lease.end();
        assert!(!lease.holds() && lease.left() == TimeDelta::zero());
        lease.extend(hours_ago(1));
        assert!(!lease.holds(), "what was seen long ago gives nothing");
    }
}
