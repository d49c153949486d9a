//! Time that does not go back, though clocks do.
//!
//! Two clocks are read together: the wall clock, which tells the time of day and which somebody may set, and the time since the
//! machine was started, which nobody sets. The distance between the two changes only when the wall clock is set. A floor is such a
//! distance that was believed: the time is never before it, and where the wall clock has been set back time goes on from the
//! floor, as fast as it passes.
//!
//! A wall clock that is ahead is followed at once, for what has expired by it has expired. But it raises the floor only by
//! [`LEEWAY`], until it has stayed ahead for [`SETTLING`]: a mistake that is put right before that leaves nothing behind.
//!
//! All numbers are microseconds; the two clocks may begin wherever they like.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use crate::time;

/// By so much a wall clock may be ahead of what has settled and be believed at once. Well below the quarter of an hour by which the
/// time of a signed request may be off: should it be a mistake, right clients are still let in.
pub const LEEWAY: TimeDelta = time::minutes(5);
/// For so long it has to stay further ahead than that to be believed.
pub const SETTLING: TimeDelta = time::minutes(10);

const LEEWAY_MICROS: i64 = 300_000_000;
const SETTLING_MICROS: i64 = 600_000_000;
/// How often to look while the wall clock is ahead.
const GLANCE: i64 = 1_000_000;
/// Less is how exactly two clocks can be read together.
const NOTICEABLE: i64 = 1_000;

/// Both clocks, the wall clock read first: whoever is interrupted in between finds it behind, and believes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub wall: i64,
    pub uptime: i64,
}

impl Reading {
    /// How far the wall clock is from the other.
    const fn distance(self) -> i64 {
        self.wall.saturating_sub(self.uptime)
    }
}

/// Shared by all threads of a process, each of which may read it at any time. Nobody waits.
#[derive(Debug)]
pub struct Floor {
    /// The distance below which no time is.
    distance: AtomicI64,
    /// The one that has stayed for long enough; the floor is above it by the leeway at most.
    settled: AtomicI64,
    ahead: Mutex<Option<Ahead>>,
    /// The distance when somebody last looked: another one means that the wall clock was set.
    seen: AtomicI64,
    /// When to look again though nothing was set.
    look_at: AtomicI64,
}

/// A wall clock that is ahead of what has settled.
#[derive(Debug, Clone, Copy)]
struct Ahead {
    since: i64,
    /// The least by which it was, since then.
    least: i64,
}

impl Ahead {
    const fn settles_at(self) -> i64 {
        self.since.saturating_add(SETTLING_MICROS)
    }
}

impl Floor {
    /// From the wall clock as it is.
    pub fn at(reading: Reading) -> Self {
        Self::of(reading.distance())
    }

    /// From a time that was reached before.
    pub fn from(reached: i64, reading: Reading) -> Self {
        Self::of(reached.saturating_sub(reading.uptime))
    }

    const fn of(distance: i64) -> Self {
        Self {
            distance: AtomicI64::new(distance),
            settled: AtomicI64::new(distance),
            ahead: Mutex::new(None),
            seen: AtomicI64::new(distance),
            look_at: AtomicI64::new(i64::MAX),
        }
    }

    /// Forgets everything, and goes on from a time that somebody vouches for.
    pub fn begin_again(&self, reached: i64, reading: Reading) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let distance = reached.saturating_sub(reading.uptime);
        for place in [&self.settled, &self.distance, &self.seen] {
            place.store(distance, Ordering::Relaxed);
        }
        self.look_at.store(i64::MAX, Ordering::Relaxed);
        *ahead = None;
    }

    /// The time: the wall clock's, or the floor where that is later.
    pub fn now(&self, reading: Reading) -> i64 {
        let was_set = reading.distance().abs_diff(self.seen.load(Ordering::Relaxed)) > NOTICEABLE.unsigned_abs();
        if was_set || reading.uptime >= self.look_at.load(Ordering::Relaxed) {
            self.look(reading);
        }
        reading.wall.max(self.reached(reading))
    }

    /// The time that is believed: without a leap of the wall clock that has not settled.
    pub fn reached(&self, reading: Reading) -> i64 {
        reading.uptime.saturating_add(self.distance.load(Ordering::Relaxed))
    }

    /// Who finds somebody else looking leaves it to them.
    fn look(&self, reading: Reading) {
        let Ok(mut ahead) = self.ahead.try_lock() else { return };
        let (distance, settled) = (reading.distance(), self.settled.load(Ordering::Relaxed));
        let is_ahead_of = |settled: i64| distance > settled.saturating_add(NOTICEABLE);
        let fresh = Ahead { since: reading.uptime, least: distance };
        *ahead = match ahead.map(|Ahead { since, least }| Ahead { since, least: least.min(distance) }) {
            _ if !is_ahead_of(settled) => None,
            None => Some(fresh),
            Some(still) if reading.uptime < still.settles_at() => Some(still),
            Some(Ahead { least, .. }) => {
                self.settled.store(least, Ordering::Relaxed);
                self.distance.fetch_max(least, Ordering::Relaxed);
                is_ahead_of(least).then_some(fresh)
            }
        };
        if distance <= self.settled.load(Ordering::Relaxed).saturating_add(LEEWAY_MICROS) {
            self.distance.fetch_max(distance, Ordering::Relaxed);
        }
        let soon = reading.uptime.saturating_add(GLANCE);
        self.look_at.store(ahead.map_or(i64::MAX, |ahead| ahead.settles_at().min(soon)), Ordering::Relaxed);
        self.seen.store(distance, Ordering::Relaxed);
    }
}
