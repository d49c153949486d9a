//! Time, in its two kinds: the time of day, by which signatures are judged, and the time that passes, by which memory is.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use domain::floor::{Floor, Reading};
use rustix::time::{ClockId, clock_gettime};

/// Where the time comes from. A test gives its own.
#[derive(Clone)]
pub struct Clock {
    of_day: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    passing: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// What has expired here stays expired, however the time of day is set.
    floor: Arc<Floor>,
}

/// A point of the time that passes: since some moment in the past, the same for all.
pub(crate) type Moment = Duration;

impl Clock {
    /// The machine's own. Time that passes is measured by the clock that goes on while the machine sleeps and that nobody
    /// sets: a gateway that was stopped for an hour must know that an hour has passed.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place of this crate where the clock is read")]
        let of_day = || DateTime::<Utc>::from(SystemTime::now());
        Self::of(of_day, since_boot)
    }

    /// `passing` must never go back.
    pub fn of(
        of_day: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        passing: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        let floor = Arc::new(Floor::at(reading(of_day(), passing())));
        Self { of_day: Arc::new(of_day), passing: Arc::new(passing), floor }
    }

    pub(crate) fn of_day(&self) -> DateTime<Utc> {
        // In this order, see `Reading`.
        let of_day = (self.of_day)();
        let now = self.floor.now(reading(of_day, self.moment()));
        DateTime::from_timestamp_micros(now).unwrap_or(of_day)
    }

    pub(crate) fn moment(&self) -> Moment {
        (self.passing)()
    }
}

fn reading(of_day: DateTime<Utc>, passing: Duration) -> Reading {
    Reading { wall: of_day.timestamp_micros(), uptime: i64::try_from(passing.as_micros()).unwrap_or(i64::MAX) }
}

fn since_boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::*;

    #[test]
    fn what_has_expired_stays_expired_when_the_time_of_day_is_set_back() {
        let (of_day, passing) = (Arc::new(AtomicI64::new(1_800_000_000)), Arc::new(AtomicU64::new(1_000)));
        let (day, passed) = (of_day.clone(), passing.clone());
        let clock = Clock::of(
            move || DateTime::from_timestamp(day.load(Ordering::SeqCst), 0).unwrap(),
            move || Duration::from_secs(passed.load(Ordering::SeqCst)),
        );
        let shows = || clock.of_day().timestamp();
        of_day.store(1_800_000_060, Ordering::SeqCst);
        assert_eq!(shows(), 1_800_000_060);
        for back in [1_800_000_059, 1_799_996_400, 0] {
            of_day.store(back, Ordering::SeqCst);
            assert_eq!(shows(), 1_800_000_060);
        }
        passing.fetch_add(7, Ordering::SeqCst);
        assert_eq!(shows(), 1_800_000_067);
        // A leap that is put right leaves nothing behind.
        of_day.store(1_900_000_000, Ordering::SeqCst);
        assert_eq!(shows(), 1_900_000_000);
        of_day.store(1_800_000_067, Ordering::SeqCst);
        assert_eq!(shows(), 1_800_000_067);
    }
}
