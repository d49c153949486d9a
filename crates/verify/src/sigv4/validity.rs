//! When a signature is good. The time arrives as an argument.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Refusal, Timestamp};

/// How a signature reached us, which decides how long it is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query of a URL that was handed on.
    Presigned(Expires),
    /// On a piece of a body that is still streaming in.
    Chunk,
}

/// `X-Amz-Expires`: whole seconds, at least one and at most a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expires(TimeDelta);

const MOST_SKEW: TimeDelta = TimeDelta::minutes(15);
const LONGEST: TimeDelta = TimeDelta::days(7);

impl Form {
    pub fn check(self, signed_at: Timestamp, now: DateTime<Utc>) -> Result<(), Refusal> {
        let age = now.signed_duration_since(signed_at.instant());
        let in_the_future = age < -MOST_SKEW;
        match self {
            Self::Header if in_the_future || age > MOST_SKEW => Err(Refusal::Skewed),
            Self::Presigned(_) if in_the_future => Err(Refusal::NotYetValid),
            Self::Presigned(Expires(lifetime)) if age > lifetime => Err(Refusal::Expired),
            // Chunks carry the time of the request they belong to, and a large upload may take days.
            Self::Chunk if in_the_future || age > LONGEST => Err(Refusal::Skewed),
            Self::Header | Self::Presigned(_) | Self::Chunk => Ok(()),
        }
    }
}

impl Expires {
    pub fn from_seconds(seconds: i64) -> Result<Self, Refusal> {
        TimeDelta::try_seconds(seconds)
            .filter(|lifetime| (TimeDelta::seconds(1)..=LONGEST).contains(lifetime))
            .map(Self)
            .ok_or(Refusal::ExpiresOutOfRange)
    }

    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let plain_number = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = text.parse().ok().filter(|_| plain_number).ok_or(Refusal::ExpiresOutOfRange)?;
        Self::from_seconds(seconds)
    }

    pub fn seconds(self) -> i64 {
        self.0.num_seconds()
    }
}

impl fmt::Display for Expires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seconds().fmt(f)
    }
}
