//! How long is remembered what is over. Nobody decides anything by it: what has expired is refused by the clock.

use chrono::{Days, TimeDelta};
use domain::time::Day;
use domain::{Timestamp, time};

/// From when something ended, or was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The feed of changes. A gateway or a journal that was away for longer begins anew.
    pub changes: TimeDelta,
    /// The uses of a key, by whole days, with today.
    pub usage: TimeDelta,
    pub sessions: TimeDelta,
    pub invitations: TimeDelta,
    pub tokens: TimeDelta,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            changes: time::days(7),
            // A quarter is always whole.
            usage: time::days(92),
            sessions: time::days(7),
            invitations: time::days(7),
            tokens: time::days(30),
        }
    }
}

impl Retention {
    /// The first day whose uses are kept, and shown.
    pub(crate) fn first_day_of_usage(&self, now: Timestamp) -> Day {
        let before = u64::try_from(self.usage.num_days() - 1).unwrap_or(0);
        now.date_naive() - Days::new(before)
    }
}
