//! Points in time: UTC, to the microsecond, because that is what both databases store.

use chrono::{DateTime, NaiveDate, SubsecRound, TimeDelta, Utc};

pub type Timestamp = DateTime<Utc>;

/// A day in UTC.
pub type Day = NaiveDate;

/// What both databases keep of a moment; apply it where a time enters the system.
pub fn to_micros(at: Timestamp) -> Timestamp {
    at.trunc_subsecs(6)
}

pub const fn minutes(count: i64) -> TimeDelta {
    TimeDelta::seconds(count * 60)
}

pub const fn days(count: i64) -> TimeDelta {
    TimeDelta::seconds(count * 86_400)
}
