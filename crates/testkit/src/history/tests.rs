//! One story for each promise: as it should be, and with one thing wrong.

use super::*;

fn entry(start: Moment, end: Moment, node: &str, seen: Seen) -> Entry {
    Entry { start, end, node: node.to_owned(), seen }
}

/// A change at node a, acknowledged at its end and in force everywhere from then on. Its number is its version.
fn change(times: (Moment, Moment), change: Change, version: i64, pair: Option<&str>, until: Option<Moment>) -> Entry {
    let receipt = Some((version, times.1));
    let done = Done { version, pair: pair.map(str::to_owned), until, receipt };
    entry(times.0, times.1, "a", Seen::Changed { key: "key".to_owned(), change, outcome: Outcome::Done(done) })
}

fn created() -> Entry {
    change((0, 10), Change::Created, 1, Some("one"), None)
}

fn verified(times: (Moment, Moment), asked: &[(&str, bool)]) -> Entry {
    let asked = asked.iter().map(|(pair, lives)| ((*pair).to_owned(), *lives)).collect();
    entry(times.0, times.1, "b", Seen::Verified { key: "key".to_owned(), asked })
}

fn followed(after: i64, upto: i64, told: &[(i64, &str)]) -> Entry {
    let told = told.iter().map(|(number, pair)| (*number, (*pair).to_owned())).collect();
    entry(500, 510, "a", Seen::Followed { reader: "reader".to_owned(), after, upto, told })
}

fn broken(log: &[Entry]) -> Vec<Promise> {
    violations(log).into_iter().map(|violation| violation.promise).collect()
}

#[test]
fn what_was_revoked_may_be_allowed_until_the_acknowledgement_and_not_after() {
    let revoked = change((20, 30), Change::Revoked, 2, None, None);
    let with = |times, lives| broken(&[created(), revoked.clone(), verified(times, &[("one", lives)])]);
    assert_eq!(with((25, 40), true), []);
    assert_eq!(with((29, 40), false), []);
    assert_eq!(with((31, 40), true), [Promise::EndsForGood]);
    assert_eq!(with((15, 19), false), [Promise::Lasts]);
}

#[test]
fn a_receipt_that_is_pending_binds_its_own_node_at_once_and_others_when_it_takes_effect() {
    let mut revoked = change((20, 30), Change::Revoked, 2, None, None);
    if let Seen::Changed { outcome: Outcome::Done(done), .. } = &mut revoked.seen {
        done.receipt = Some((2, 1000));
    }
    let late = verified((40, 50), &[("one", true)]);
    assert_eq!(broken(&[created(), revoked.clone(), late.clone()]), []);
    let own = Entry { node: "a".to_owned(), ..late };
    assert_eq!(broken(&[created(), revoked.clone(), own]), [Promise::EndsForGood]);
    assert_eq!(broken(&[created(), revoked, verified((1000, 1001), &[("one", true)])]), [Promise::EndsForGood]);
}

#[test]
fn during_a_reset_exactly_one_pair_lives() {
    let reset = change((20, 30), Change::Reset, 2, Some("two"), None);
    let with = |old, new| broken(&[created(), reset.clone(), verified((22, 28), &[("one", old), ("two", new)])]);
    assert_eq!(with(true, false), []);
    assert_eq!(with(false, true), []);
    assert_eq!(with(true, true), [Promise::IsAtomic]);
    assert_eq!(with(false, false), [Promise::IsAtomic]);
}

#[test]
fn both_pairs_live_until_the_grace_ends_and_one_after() {
    let rotated = change((20, 30), Change::Rotated, 2, Some("two"), Some(100));
    let with = |times, old| broken(&[created(), rotated.clone(), verified(times, &[("one", old), ("two", true)])]);
    assert_eq!(with((40, 99), true), []);
    assert_eq!(with((40, 99), false), [Promise::Overlaps]);
    assert_eq!(with((99, 101), true), []);
    assert_eq!(with((99, 101), false), []);
    assert_eq!(with((100, 101), false), []);
    assert_eq!(with((100, 101), true), [Promise::Overlaps]);
}

#[test]
fn versions_have_no_forks_and_no_gaps_and_follow_the_acknowledgements() {
    let reset = |times, version, pair| change(times, Change::Reset, version, Some(pair), None);
    let serialises = |log: &[Entry]| broken(log).contains(&Promise::Serialises);
    assert!(!serialises(&[created(), reset((20, 40), 3, "three"), reset((20, 40), 2, "two")]));
    assert!(serialises(&[created(), reset((20, 40), 2, "two"), reset((20, 40), 2, "three")]));
    assert!(serialises(&[created(), reset((20, 40), 3, "three")]));
    assert!(serialises(&[created(), reset((20, 30), 3, "three"), reset((31, 40), 2, "two")]));
    let unknown = Seen::Changed { key: "key".to_owned(), change: Change::Reset, outcome: Outcome::Unknown };
    assert!(!serialises(&[created(), reset((20, 40), 3, "three"), entry(20, 40, "a", unknown)]));
}

#[test]
fn a_page_of_the_feed_tells_all_that_was_acknowledged_within_it() {
    let log = |page: Entry| vec![created(), change((20, 30), Change::Reset, 2, Some("two"), None), page];
    assert_eq!(broken(&log(followed(0, 2, &[(1, "one"), (2, "two")]))), []);
    assert_eq!(broken(&log(followed(0, 1, &[(1, "one")]))), []);
    assert_eq!(broken(&log(followed(0, 2, &[(2, "two")]))), [Promise::IsTold]);
    assert_eq!(broken(&log(followed(0, 2, &[(1, "one"), (2, "three")]))), [Promise::IsTold]);
    assert!(broken(&log(followed(0, 2, &[(2, "two"), (1, "one")]))).contains(&Promise::IsTold));
}

#[test]
fn numbers_follow_the_acknowledgements_across_keys() {
    let mut other = created();
    other.start = 11;
    other.end = 20;
    if let Seen::Changed { key, outcome: Outcome::Done(done), .. } = &mut other.seen {
        (*key, done.pair, done.receipt) = ("other".to_owned(), Some("other".to_owned()), Some((0, 20)));
    }
    assert_eq!(broken(&[created(), other]), [Promise::IsTold]);
}
