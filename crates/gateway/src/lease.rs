//! Until when what is remembered may be believed in full.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Moment;

/// Counted from when the feed was asked, so that it ends here before it ends where it was given.
#[derive(Default)]
pub(crate) struct Lease {
    /// In nanoseconds.
    until: AtomicU64,
}

impl Lease {
    pub(crate) fn holds(&self, now: Moment) -> bool {
        nanoseconds(now) < self.until.load(Ordering::Acquire)
    }

    pub(crate) fn extend(&self, since: Moment, length: Duration) {
        self.until.fetch_max(nanoseconds(since + length), Ordering::AcqRel);
    }

    pub(crate) fn end(&self) {
        self.until.store(0, Ordering::Release);
    }
}

fn nanoseconds(moment: Moment) -> u64 {
    u64::try_from(moment.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_holds_from_when_it_was_asked_for_and_ends_by_itself() {
        let second = Duration::from_secs(1);
        let lease = Lease::default();
        assert!(!lease.holds(second), "before the feed was heard there is none");
        lease.extend(10 * second, 30 * second);
        assert!(lease.holds(39 * second) && !lease.holds(40 * second));
        lease.extend(5 * second, 30 * second);
        assert!(lease.holds(39 * second), "an earlier answer that came late takes nothing back");
        lease.end();
        assert!(!lease.holds(11 * second));
    }
}
