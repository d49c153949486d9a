//! Pairs: the access key ids that a key has had, one after another. The secrets beside them are kept elsewhere.

use chrono::TimeDelta;

use crate::key::{AccessKeyId, SecretAccessKey};
use crate::key_model::Switches;
use crate::{Entropy, Invalid, Timestamp, time};

/// Both halves, as they are shown once.
pub struct FreshPair {
    pub access_key_id: AccessKeyId,
    pub secret_access_key: SecretAccessKey,
}

impl FreshPair {
    pub fn draw(entropy: &mut Entropy, switches: &Switches) -> Self {
        Self {
            access_key_id: AccessKeyId::draw(entropy, &switches.id_prefix, switches.id_length),
            secret_access_key: SecretAccessKey::draw(entropy, switches.secret_length),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub access_key_id: AccessKeyId,
    /// 1, 2, 3 ... within the key, without gaps.
    pub version: i64,
    pub since: Timestamp,
    pub state: PairState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairState {
    Current,
    /// Replaced, and honoured for a while.
    Retiring(Retirement),
    /// Ended by somebody. No clock, however wrong, brings it back.
    Ended(Timestamp),
}

impl PairState {
    pub fn is_live(self, now: Timestamp) -> bool {
        match self {
            Self::Current => true,
            Self::Retiring(retirement) => now < retirement.until,
            Self::Ended(_) => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retirement {
    pub since: Timestamp,
    /// Honoured before this moment, never at it, whether or not a job has run.
    pub until: Timestamp,
    /// Ended earlier once nobody has used it for so long.
    pub quiet_for: Option<TimeDelta>,
}

impl Retirement {
    /// Whether the pair has been quiet for long enough to be retired now.
    pub fn is_quiet(self, last_used_at: Option<Timestamp>, now: Timestamp) -> bool {
        let last_stir = last_used_at.map_or(self.since, |used| used.max(self.since));
        self.quiet_for.is_some_and(|quiet_for| now - last_stir >= quiet_for)
    }
}

/// How long a replaced pair may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    at_most: TimeDelta,
    quiet_for: Option<TimeDelta>,
}

/// Uses are heard of a little late: a shorter silence says nothing.
const SHORTEST_QUIET: TimeDelta = time::minutes(1);

impl Grace {
    pub fn lasting(grace: TimeDelta) -> Result<Self, Invalid> {
        if grace < TimeDelta::seconds(1) {
            return Err(Invalid::because("Must be at least 1 second."));
        }
        Ok(Self { at_most: grace, quiet_for: None })
    }

    pub fn until_quiet(quiet_for: TimeDelta, at_most: TimeDelta) -> Result<Self, Invalid> {
        if quiet_for < SHORTEST_QUIET {
            return Err(Invalid::because("Must be at least 60 seconds."));
        }
        if at_most < quiet_for {
            return Err(Invalid::because("The longest wait must not be shorter than the silence waited for."));
        }
        Ok(Self { at_most, quiet_for: Some(quiet_for) })
    }

    pub fn at_most(self) -> TimeDelta {
        self.at_most
    }

    fn starting(self, now: Timestamp) -> Retirement {
        Retirement { since: now, until: now + self.at_most, quiet_for: self.quiet_for }
    }
}

/// Exactly one current pair, and at most one that retires: the one just before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// Oldest first. Those that have ended may be missing.
    older: Vec<Pair>,
    current: Pair,
}

impl Pairs {
    pub(super) fn begin(access_key_id: AccessKeyId, now: Timestamp) -> Self {
        let current = Pair { access_key_id, version: 1, since: now, state: PairState::Current };
        Self { older: Vec::new(), current }
    }

    /// As they were stored, oldest first. Ended pairs may be left out from the front.
    pub fn load(mut pairs: Vec<Pair>) -> Result<Self, Invalid> {
        let versions_follow =
            pairs.iter().zip(pairs.iter().skip(1)).all(|(one, next)| Some(next.version) == one.version.checked_add(1));
        let Some(current) = pairs.pop().filter(|newest| newest.state == PairState::Current && newest.version > 0)
        else {
            return Err(Invalid::because("A key's newest pair is its current one."));
        };
        let has_ended = |pair: &Pair| matches!(pair.state, PairState::Ended(_));
        let in_order = match pairs.split_last() {
            Some((newest, rest)) => newest.state != PairState::Current && rest.iter().all(has_ended),
            None => true,
        };
        if !versions_follow || !in_order {
            return Err(Invalid::because("A key's pairs follow one another, and only the last but one may retire."));
        }
        Ok(Self { older: pairs, current })
    }

    pub fn current(&self) -> &Pair {
        &self.current
    }

    /// The replaced pair that is still honoured.
    pub fn retiring(&self, now: Timestamp) -> Option<&Pair> {
        self.older.iter().find(|pair| pair.state.is_live(now))
    }

    /// Oldest first; all that were loaded and all made since, so that saving these saves everything.
    pub fn iter(&self) -> impl Iterator<Item = &Pair> {
        self.older.iter().chain([&self.current])
    }

    /// The old pair ends as the new one begins, and so does one that was still retiring.
    pub(super) fn reset(self, access_key_id: AccessKeyId, now: Timestamp) -> Self {
        self.follow_with(access_key_id, PairState::Ended(now), now)
    }

    /// The old pair goes on until its retirement ends. One that was still retiring ends now: two pairs are enough to
    /// move a fleet, and each more would be one more secret that works.
    pub(super) fn rotate(self, access_key_id: AccessKeyId, grace: Grace, now: Timestamp) -> Self {
        self.follow_with(access_key_id, PairState::Retiring(grace.starting(now)), now)
    }

    fn follow_with(self, access_key_id: AccessKeyId, old: PairState, now: Timestamp) -> Self {
        let Self { mut older, current } = self.retire(now);
        let next = Pair { access_key_id, version: current.version + 1, since: now, state: PairState::Current };
        older.push(Pair { state: old, ..current });
        Self { older, current: next }
    }

    /// Ends the pair that is retiring, if there is one; one whose time was over has ended then.
    pub(super) fn retire(mut self, now: Timestamp) -> Self {
        for pair in &mut self.older {
            if let PairState::Retiring(retirement) = pair.state {
                pair.state = PairState::Ended(now.min(retirement.until));
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn pair(version: i64, state: PairState) -> Pair {
        let access_key_id = AccessKeyId::draw(&mut Entropy::from_seed([1; 32]), "KR", 20);
        Pair { access_key_id, version, since: START, state }
    }

    fn retiring() -> PairState {
        PairState::Retiring(Grace::lasting(time::minutes(5)).unwrap().starting(START))
    }

    #[test]
    fn grace_has_bounds() {
        assert!(Grace::lasting(TimeDelta::seconds(1)).is_ok());
        assert!(Grace::lasting(TimeDelta::zero()).is_err());
        assert!(Grace::lasting(TimeDelta::seconds(-1)).is_err());
        assert!(Grace::until_quiet(time::minutes(1), time::minutes(1)).is_ok());
        assert!(Grace::until_quiet(TimeDelta::seconds(59), time::minutes(5)).is_err());
        assert!(Grace::until_quiet(time::minutes(2), time::minutes(1)).is_err());
    }

    #[test]
    fn quiet_counts_from_the_last_use_or_from_the_rotation() {
        let retirement = Grace::until_quiet(time::minutes(10), time::days(1)).unwrap().starting(START);
        assert!(!retirement.is_quiet(None, START + time::minutes(9)));
        assert!(retirement.is_quiet(None, START + time::minutes(10)));
        let before = Some(START - time::days(1));
        assert!(!retirement.is_quiet(before, START + time::minutes(9)), "silence before the rotation does not count");
        let used = Some(START + time::minutes(5));
        assert!(!retirement.is_quiet(used, START + time::minutes(14)));
        assert!(retirement.is_quiet(used, START + time::minutes(15)));
        let fixed = Grace::lasting(time::days(1)).unwrap().starting(START);
        assert!(!fixed.is_quiet(None, START + time::days(2)), "nobody asked to wait for silence");
    }

    #[test]
    fn stored_pairs_must_make_sense() {
        let ended = PairState::Ended(START);
        let current = PairState::Current;
        for good in [
            vec![pair(1, current)],
            vec![pair(7, current)],
            vec![pair(1, retiring()), pair(2, current)],
            vec![pair(3, ended), pair(4, retiring()), pair(5, current)],
        ] {
            assert_eq!(Pairs::load(good.clone()).unwrap().iter().cloned().collect::<Vec<_>>(), good);
        }
        for wrong in [
            vec![],
            vec![pair(0, current)],
            vec![pair(1, ended)],
            vec![pair(1, current), pair(2, retiring())],
            vec![pair(1, current), pair(2, current)],
            vec![pair(1, ended), pair(3, current)],
            vec![pair(2, ended), pair(1, current)],
            vec![pair(1, retiring()), pair(2, retiring()), pair(3, current)],
            vec![pair(1, retiring()), pair(2, ended), pair(3, current)],
        ] {
            assert!(Pairs::load(wrong.clone()).is_err(), "{wrong:?}");
        }
    }
}
