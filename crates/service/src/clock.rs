//! What time it is: by the machine's clocks, and never before a time that was reached.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use chrono::TimeDelta;
use domain::Timestamp;
use domain::floor::{Floor, LEEWAY, Reading};

use crate::gateway_plane::Moment;

/// Sessions, tokens, keys, invitations and signatures are all judged by this one.
pub struct Clock {
    source: Source,
    floor: Floor,
    /// How often an operator has reset it, as far as this process has heard.
    resets: AtomicI64,
}

/// Where the time comes from: the system, or a test's hand.
enum Source {
    System,
    /// Microseconds: the time that has passed, and how far the wall clock is from that.
    Manual {
        passed: AtomicI64,
        distance: AtomicI64,
    },
}

/// Whether the machine's clock agrees with the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Agreement {
    #[default]
    /// As far as anybody can tell.
    Right,
    /// It was set back, or was ahead for too long before.
    Behind(TimeDelta),
    /// It has leapt, and nobody knows yet whether that was right.
    Ahead(TimeDelta),
}

impl Clock {
    pub fn system() -> Self {
        Self::by(Source::System)
    }

    pub fn stopped_at(at: Timestamp) -> Self {
        Self::by(Source::Manual { passed: AtomicI64::new(0), distance: AtomicI64::new(at.timestamp_micros()) })
    }

    fn by(source: Source) -> Self {
        Self { floor: Floor::at(source.read()), source, resets: AtomicI64::new(0) }
    }

    /// What decides whether something has expired.
    pub fn now(&self) -> Timestamp {
        timestamp(self.floor.now(self.source.read()))
    }

    /// The same without a leap of the machine's clock that may be a mistake: for what cannot be undone, and can wait.
    pub fn reached(&self) -> Timestamp {
        let reading = self.source.read();
        // Who has not looked for a while may not know that a leap has settled.
        let _ = self.floor.now(reading);
        timestamp(self.floor.reached(reading))
    }

    /// Goes on from a time that was reached before, or that an operator vouches for.
    pub(crate) fn begin_at(&self, reached: Timestamp, resets: i64) {
        self.floor.begin_again(reached.timestamp_micros(), self.source.read());
        self.resets.store(resets, Ordering::Relaxed);
    }

    pub(crate) fn resets(&self) -> i64 {
        self.resets.load(Ordering::Relaxed)
    }

    /// What the machine's clock shows, right or wrong.
    pub fn shown(&self) -> Timestamp {
        timestamp(self.source.read().wall)
    }

    /// By how much the machine's clock is behind; nothing where it is not.
    pub fn behind(&self) -> TimeDelta {
        TimeDelta::microseconds(self.lag().max(0))
    }

    pub(crate) fn agreement(&self) -> Agreement {
        let lag = TimeDelta::microseconds(self.lag());
        match lag {
            lag if lag > LEEWAY => Agreement::Behind(lag),
            lag if lag < -LEEWAY => Agreement::Ahead(-lag),
            _ => Agreement::Right,
        }
    }

    fn lag(&self) -> i64 {
        let reading = self.source.read();
        let _ = self.floor.now(reading);
        self.floor.reached(reading).saturating_sub(reading.wall)
    }

    /// Lets time pass on a stopped clock; the system's is not ours to move.
    pub fn advance(&self, time: TimeDelta) {
        if let Source::Manual { passed, .. } = &self.source {
            passed.fetch_add(time.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }

    /// Sets a stopped clock's wall clock, as somebody sets a machine's; no time passes.
    pub fn set_wall(&self, by: TimeDelta) {
        if let Source::Manual { distance, .. } = &self.source {
            distance.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}

impl Source {
    fn read(&self) -> Reading {
        match self {
            Self::System => {
                let wall = wall();
                Reading { wall, uptime: Moment::now().nanoseconds() / 1_000 }
            }
            Self::Manual { passed, distance } => {
                let uptime = passed.load(Ordering::SeqCst);
                Reading { wall: distance.load(Ordering::SeqCst).saturating_add(uptime), uptime }
            }
        }
    }
}

/// What the machine's own clock shows, right or wrong.
pub fn machine_time() -> Timestamp {
    timestamp(wall())
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn wall() -> i64 {
    let micros = |length: std::time::Duration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => micros(since),
        Err(before) => -micros(before.duration()),
    }
}

fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
