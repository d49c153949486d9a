//! Which pairs count around a replacement: at every moment exactly one, except in a grace period, which has a sharp end.

use chrono::TimeDelta;
use keyreeve_domain::key::Grace;
use keyreeve_domain::{Timestamp, liveness};
use proptest::prelude::*;

use crate::key::{access_key_id, begin, standings, switches};
use crate::naive_key::Rules;

const MOMENT: TimeDelta = TimeDelta::microseconds(1);

/// Which of the pairs count, oldest first.
fn live(standings: &[liveness::Standing], at: Timestamp) -> Vec<bool> {
    standings.iter().map(|standing| liveness::pair(Some(standing), at).is_ok()).collect()
}

prop_compose! {
    /// From decades before to decades after.
    fn any_moment()(micros in -1_000_000_000_000_000..1_000_000_000_000_000_i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::microseconds(micros)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn after_a_reset_exactly_one_pair_counts_whatever_the_clock_says(now in any_moment(), clock in any_moment()) {
        let key = begin(Timestamp::UNIX_EPOCH).reset(access_key_id(2), &switches(&Rules::LOOSE), now).unwrap();
        prop_assert_eq!(live(&standings(&key), clock), [false, true]);
    }

    #[test]
    fn the_old_pair_counts_until_the_end_of_grace_and_never_at_it(
        now in any_moment(),
        seconds in 1..=2_592_000_i64,
        beyond in 0..1_000_000_000_000_i64,
    ) {
        let grace = Grace::lasting(TimeDelta::seconds(seconds)).unwrap();
        let key = begin(Timestamp::UNIX_EPOCH).rotate(access_key_id(2), grace, &switches(&Rules::LOOSE), now).unwrap();
        let end = now + TimeDelta::seconds(seconds);
        let standings = standings(&key);
        prop_assert_eq!(standings[0].lapses_at(), Some(end));
        prop_assert_eq!(live(&standings, now), [true, true]);
        prop_assert_eq!(live(&standings, end - MOMENT), [true, true]);
        prop_assert_eq!(live(&standings, end), [false, true]);
        prop_assert_eq!(live(&standings, end + TimeDelta::microseconds(beyond)), [false, true]);
    }

    #[test]
    fn a_key_counts_until_its_expiry_and_never_at_it(
        micros in 1..1_000_000_000_000_000_i64,
        beyond in 0..1_000_000_000_000_i64,
    ) {
        let end = Timestamp::UNIX_EPOCH + TimeDelta::microseconds(micros);
        let key = begin(Timestamp::UNIX_EPOCH);
        let key = key.expire(end, &switches(&Rules::LOOSE), Timestamp::UNIX_EPOCH).unwrap();
        let standings = standings(&key);
        prop_assert_eq!(live(&standings, end - MOMENT), [true]);
        prop_assert_eq!(live(&standings, end), [false]);
        prop_assert_eq!(live(&standings, end + TimeDelta::microseconds(beyond)), [false]);
    }
}
