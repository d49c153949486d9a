//! How much one caller may ask, and how often somebody may fail to say who they are.
//!
//! Every bucket fills at a steady rate. What is remembered of a bucket is the one moment at which it will be full again
//! (the generic cell rate algorithm), and only buckets that are full are ever forgotten: nobody gets a fresh start by
//! being one of many.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use crate::problem::{Kind, Problem};

/// A name for clients, how many requests at once, and how many a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) name: &'static str,
    pub(crate) burst: u32,
    pub(crate) per_second: u32,
}

/// What is left in a bucket, for the `RateLimit` headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    pub(crate) policy: Policy,
    pub(crate) requests: u32,
    pub(crate) full_in: Duration,
}

pub(crate) struct Limiter<K> {
    policy: Policy,
    full_at: Mutex<HashMap<K, Instant>>,
}

/// How many buckets are remembered before full ones are looked for.
const MANY: usize = 100_000;

impl<K: Hash + Eq> Limiter<K> {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, full_at: Mutex::new(HashMap::new()) }
    }

    /// Takes one from a bucket, or says how long until there is one.
    pub(crate) fn take(&self, key: K) -> Result<Left, Problem> {
        self.take_at(key, Instant::now())
    }

    /// Whether there is one left, without taking it.
    pub(crate) fn check(&self, key: &K) -> Result<(), Problem> {
        let now = Instant::now();
        let full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied().unwrap_or(now);
        self.after_one(full_at, now).map(drop)
    }

    fn take_at(&self, key: K, now: Instant) -> Result<Left, Problem> {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY && !buckets.contains_key(&key) {
            buckets.retain(|_, full_at| *full_at > now);
            if buckets.len() >= MANY {
                return Err(Problem::new(Kind::TooManyRequests).retry_after(TimeDelta::seconds(1)));
            }
        }
        let full_at = buckets.entry(key).or_insert(now);
        *full_at = self.after_one(*full_at, now)?;
        let missing = full_at.saturating_duration_since(now);
        let taken = (missing.as_nanos() / self.interval().as_nanos().max(1)) as u32;
        Ok(Left { policy: self.policy, requests: self.policy.burst.saturating_sub(taken), full_in: missing })
    }

    /// When the bucket would be full again after one more.
    fn after_one(&self, full_at: Instant, now: Instant) -> Result<Instant, Problem> {
        let after = full_at.max(now) + self.interval();
        let too_far = after.saturating_duration_since(now).saturating_sub(self.interval() * self.policy.burst);
        if too_far.is_zero() {
            return Ok(after);
        }
        let wait = TimeDelta::from_std(too_far).unwrap_or(TimeDelta::seconds(1));
        Err(Problem::new(Kind::TooManyRequests).retry_after(wait))
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1) / self.policy.per_second.max(1)
    }
}

pub(crate) struct RateLimits {
    /// Authenticated callers; none where the operator switched it off.
    callers: Option<Limiter<String>>,
    /// Routes that take no credentials: log-in, refresh, invitations.
    strangers: Limiter<Source>,
    /// Credentials that were refused.
    failures: Limiter<Source>,
}

const STRANGERS: Policy = Policy { name: "stranger", burst: 120, per_second: 2 };
const FAILURES: Policy = Policy { name: "refused", burst: 600, per_second: 10 };

impl RateLimits {
    pub(crate) fn new(requests_per_second: Option<u32>) -> Self {
        let caller = |per_second| Policy { name: "caller", burst: per_second * 10, per_second };
        Self {
            callers: requests_per_second.map(|per_second| Limiter::new(caller(per_second))),
            strangers: Limiter::new(STRANGERS),
            failures: Limiter::new(FAILURES),
        }
    }

    pub(crate) fn of_caller(&self, identity: &str) -> Result<Option<Left>, Problem> {
        self.callers.as_ref().map(|limiter| limiter.take(identity.to_owned())).transpose()
    }

    pub(crate) fn of_stranger(&self, address: Option<IpAddr>) -> Result<Left, Problem> {
        self.strangers.take(Source::of(address))
    }

    /// Before credentials are looked up: whether too many from there were refused lately.
    pub(crate) fn before_looking(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        self.failures.check(&Source::of(address))
    }

    pub(crate) fn refused(&self, address: Option<IpAddr>) {
        // Whether that was one too many is seen by the next request.
        let _ = self.failures.take(Source::of(address));
    }
}

/// Where requests come from, as far as one person can be told from another: an IPv6 customer has a whole /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    V4([u8; 4]),
    V6([u8; 8]),
    Unknown,
}

impl Source {
    fn of(address: Option<IpAddr>) -> Self {
        match address {
            Some(IpAddr::V4(address)) => Self::V4(address.octets()),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { name: "test", burst: 3, per_second: 10 };

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let limiter = Limiter::new(POLICY);
        let start = Instant::now();
        for left in [2, 1, 0] {
            assert_eq!(limiter.take_at("ada", start).unwrap().requests, left);
        }
        let refused = limiter.take_at("ada", start).unwrap_err();
        assert_eq!(refused.retry_after, Some(TimeDelta::milliseconds(100)));
        assert!(limiter.take_at("bob", start).is_ok(), "another caller has another bucket");
        assert!(limiter.take_at("ada", start + Duration::from_millis(99)).is_err());
        assert!(limiter.take_at("ada", start + Duration::from_millis(100)).is_ok());
    }

    #[test]
    fn a_crowd_does_not_make_anybody_forgotten() {
        let limiter = Limiter::new(POLICY);
        let start = Instant::now();
        let offender = usize::MAX;
        while limiter.take_at(offender, start).is_ok() {}
        for other in 0..MANY + 10 {
            let _ = limiter.take_at(other, start);
        }
        assert!(limiter.take_at(offender, start).is_err(), "still refused");
        assert!(limiter.full_at.lock().unwrap().len() <= MANY, "and memory is bounded");
    }
}
