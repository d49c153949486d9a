//! Epochs of the feed. One begins when the database was put back to an earlier state, and its numbers begin above all that
//! were ever given out: also above those of which nothing is left.

use crate::Timestamp;

/// How many bits of a number tell its place in the epoch. The others are the second in which the epoch began: whatever was
/// given out between a backup and its restore has used up fewer numbers than that.
const BITS: u32 = 22;
/// 2026-01-01, so that numbers stay within what every JSON reader counts exactly.
const FIRST_SECOND: i64 = 1_767_225_600;

/// Where an epoch begins now. `highest` is the highest number that anybody knows of.
pub fn beginning(now: Timestamp, highest: i64) -> i64 {
    let by_the_clock = (now.timestamp() - FIRST_SECOND).max(0);
    let by_the_numbers = (highest >> BITS) + 1;
    by_the_clock.max(by_the_numbers) << BITS
}

/// What people call it.
pub fn number(beginning: i64) -> i64 {
    beginning >> BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn an_epoch_begins_above_every_number_that_is_known() {
        let now = Timestamp::from_timestamp(FIRST_SECOND + 1000, 0).unwrap();
        for highest in [0, 1, 1 << 22, beginning(now, 0), beginning(now, 0) + 77, 1 << 50] {
            assert!(beginning(now, highest) > highest);
            assert!(number(beginning(now, highest)) > number(highest), "and is another one");
        }
    }

    #[test]
    fn restoring_one_backup_twice_gives_two_epochs() {
        let now = Timestamp::from_timestamp(FIRST_SECOND + 1000, 0).unwrap();
        let (first, second) = (beginning(now, 500), beginning(now + time::minutes(1), 500));
        assert!(second > first + 200_000_000, "also above what was told in the first");
    }

    #[test]
    fn a_clock_that_is_wrong_does_no_harm() {
        let past = Timestamp::UNIX_EPOCH;
        assert!(beginning(past, 7 << 30) > 7 << 30);
    }

    #[test]
    fn every_reader_of_json_can_count_so_far() {
        let in_sixty_years = Timestamp::from_timestamp(FIRST_SECOND + 60 * 366 * 86_400, 0).unwrap();
        assert!(beginning(in_sixty_years, 0) < 1 << 53);
    }
}
