//! Claim links: whoever has a pair made hands its secret to somebody else, who opens it once.

use chrono::TimeDelta;

use crate::{Invalid, time};

/// How long a link may wait to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimLife(TimeDelta);

impl ClaimLife {
    pub const DEFAULT: Self = Self(time::days(7));
    const SHORTEST: TimeDelta = time::minutes(1);
    const LONGEST: TimeDelta = time::days(30);

    pub fn lasting(life: TimeDelta) -> Result<Self, Invalid> {
        if (Self::SHORTEST..=Self::LONGEST).contains(&life) {
            Ok(Self(life))
        } else {
            Err(Invalid::because("Must be between 60 seconds and 30 days."))
        }
    }

    pub const fn duration(self) -> TimeDelta {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_waits_for_a_minute_at_least_and_a_month_at_most() {
        let moment = TimeDelta::microseconds(1);
        for good in [ClaimLife::SHORTEST, ClaimLife::LONGEST, ClaimLife::DEFAULT.duration()] {
            assert_eq!(ClaimLife::lasting(good).map(ClaimLife::duration), Ok(good));
        }
        for wrong in [TimeDelta::zero(), -moment, ClaimLife::SHORTEST - moment, ClaimLife::LONGEST + moment] {
            assert!(ClaimLife::lasting(wrong).is_err(), "{wrong}");
        }
    }
}
