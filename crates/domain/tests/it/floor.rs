//! Clocks that are set, forward and back, by a second or by ten years, and machines that are started again.

use chrono::{NaiveDate, TimeDelta};
use keyreeve_domain::floor::{Floor, LEEWAY, Reading, SETTLING};
use proptest::prelude::*;

const SECOND: i64 = 1_000_000;
const YEAR: i64 = 365 * 86_400 * SECOND;
/// How exactly two clocks are read together.
const EXACTLY: i64 = 1_000;

fn micros(time: TimeDelta) -> i64 {
    time.num_microseconds().unwrap()
}

/// A machine whose wall clock may be wrong, and what somebody who reads the time there has to find.
struct Machine {
    floor: Floor,
    /// What the time is, which nobody on the machine knows.
    truth: i64,
    uptime: i64,
    error: i64,
    /// What the database was told last.
    mark: i64,
    /// How far the clock may be ahead of the truth for good: the least error that has stayed for long enough.
    settled: i64,
    /// Since when the clock has been ahead of that, and by how much at least.
    ahead: Option<(i64, i64)>,
    /// The latest time that was read and believed.
    read: i64,
    /// Of those the latest that the database was told.
    kept: i64,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Pass(i64),
    Set(i64),
    SetRight,
    Beat,
    Restart,
    /// For so long the machine is off.
    Off(i64),
}

impl Machine {
    fn begin(truth: i64) -> Self {
        let reading = Reading { wall: truth, uptime: 0 };
        let floor = Floor::at(reading);
        Self { floor, truth, uptime: 0, error: 0, mark: truth, settled: 0, ahead: None, read: truth, kept: truth }
    }

    fn reading(&self) -> Reading {
        Reading { wall: self.truth + self.error, uptime: self.uptime }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Pass(time) => {
                self.truth += time;
                self.uptime += time;
            }
            Event::Set(by) => self.error = (self.error + by).clamp(-10 * YEAR, 10 * YEAR),
            Event::SetRight => self.error = 0,
            Event::Beat => {
                self.mark = self.mark.max(self.floor.reached(self.reading()));
                self.kept = self.read;
            }
            Event::Restart => self.restart(0),
            Event::Off(time) => self.restart(time),
        }
        self.look();
    }

    fn restart(&mut self, off: i64) {
        self.truth += off;
        self.uptime = 0;
        self.floor = Floor::from(self.mark, self.reading());
        (self.settled, self.ahead, self.read) = (self.mark - self.truth, None, self.kept);
    }

    /// The same again, told by truth and error instead of two clocks.
    fn look(&mut self) {
        let now = self.floor.now(self.reading());
        let wall = self.truth + self.error;
        assert!(now >= wall, "behind the wall clock");
        assert!(now >= self.read - EXACTLY, "what was read has not been yet: {now} after {}", self.read);

        let leeway = micros(LEEWAY);
        let is_believed = self.error <= self.settled + leeway;
        let is_ahead_of = |settled: i64| self.error > settled + EXACTLY;
        let fresh = Some((self.uptime, self.error));
        self.ahead = match self.ahead.map(|(since, least)| (since, least.min(self.error))) {
            _ if !is_ahead_of(self.settled) => None,
            None => fresh,
            Some((since, least)) if self.uptime - since >= micros(SETTLING) => {
                assert!(now >= self.truth + least, "what has stayed for long enough is not believed");
                self.read = self.read.max(self.truth + least);
                self.settled = least;
                fresh.filter(|_| is_ahead_of(least))
            }
            still => still,
        };
        if is_believed {
            self.read = self.read.max(now);
        }
        // What has not settled leaves nothing behind but the leeway.
        let furthest = self.truth + self.settled + leeway;
        assert!(self.floor.reached(self.reading()) <= furthest, "a leap is believed that has not settled");
    }
}

fn event() -> impl Strategy<Value = Event> {
    let second_to_years = || {
        prop_oneof![
            1..120 * SECOND,
            120 * SECOND..3_600 * SECOND,
            3_600 * SECOND..400 * 86_400 * SECOND,
            Just(SECOND),
            Just(3_600 * SECOND),
            Just(10 * YEAR)
        ]
    };
    let step = (second_to_years(), any::<bool>()).prop_map(|(by, back)| Event::Set(if back { -by } else { by }));
    prop_oneof![
        6 => prop_oneof![0..2_000_i64, 1..700 * SECOND, Just(1), Just(micros(SETTLING))].prop_map(Event::Pass),
        4 => step,
        2 => Just(Event::SetRight),
        3 => Just(Event::Beat),
        1 => Just(Event::Restart),
        1 => second_to_years().prop_map(Event::Off),
    ]
}

/// A moment at which days, months and years end, or any other.
fn beginning() -> impl Strategy<Value = i64> {
    let last_second = |(year, month, day): (i32, u32, u32)| {
        let day = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        day.and_hms_micro_opt(23, 59, 59, 999_999).unwrap().and_utc().timestamp_micros()
    };
    let ends =
        [(2026, 12, 31), (2028, 2, 28), (2028, 2, 29), (2027, 3, 27), (2027, 10, 30), (2037, 12, 31), (2099, 12, 31)];
    prop_oneof![prop::sample::select(ends.to_vec()).prop_map(last_second), 0..4_000_000_000 * SECOND]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn time_does_not_go_back_and_a_mistake_put_right_leaves_nothing(
        beginning in beginning(),
        events in prop::collection::vec(event(), 1..60),
    ) {
        let mut machine = Machine::begin(beginning);
        events.into_iter().for_each(|event| machine.take(event));
    }

    #[test]
    fn no_reading_is_too_odd(readings in prop::collection::vec((any::<i64>(), any::<i64>()), 1..20), mark in any::<i64>()) {
        let reading = |(wall, uptime)| Reading { wall, uptime };
        let floor = Floor::from(mark, reading(readings[0]));
        for each in readings {
            prop_assert!(floor.now(reading(each)) >= each.0);
            floor.begin_again(mark, reading(each));
        }
    }
}

#[test]
fn a_clock_that_is_set_back_goes_on_from_where_it_was() {
    let mut machine = Machine::begin(0);
    machine.take(Event::Pass(100 * SECOND));
    for back in [SECOND, 3_600 * SECOND, 10 * YEAR] {
        machine.take(Event::Set(-back));
        let before = machine.floor.now(machine.reading());
        assert_eq!(before, machine.truth);
        machine.take(Event::Pass(7 * SECOND));
        assert_eq!(machine.floor.now(machine.reading()), before + 7 * SECOND);
    }
}

#[test]
fn a_leap_is_followed_at_once_and_believed_after_ten_minutes() {
    for (stays, is_believed) in [(micros(SETTLING) - 1, false), (micros(SETTLING), true)] {
        let mut machine = Machine::begin(0);
        machine.take(Event::Set(YEAR));
        assert_eq!(machine.floor.now(machine.reading()), YEAR, "what has expired by the clock has expired");
        machine.take(Event::Pass(stays));
        machine.take(Event::SetRight);
        let left = machine.floor.now(machine.reading()) - machine.truth;
        assert_eq!(left, if is_believed { YEAR } else { 0 });
    }
}

#[test]
fn two_mistakes_do_not_make_a_belief() {
    let mut machine = Machine::begin(0);
    for _ in 0..10 {
        machine.take(Event::Set(YEAR));
        machine.take(Event::Pass(micros(SETTLING) - SECOND));
        machine.take(Event::SetRight);
        assert_eq!(machine.floor.now(machine.reading()), machine.truth);
    }
}

#[test]
fn small_leaps_add_up_to_the_leeway_and_no_further() {
    let mut machine = Machine::begin(0);
    for _ in 0..10 {
        machine.take(Event::Set(micros(LEEWAY) - SECOND));
    }
    machine.take(Event::SetRight);
    assert!(machine.floor.now(machine.reading()) <= machine.truth + micros(LEEWAY));
}

#[test]
fn after_a_restart_time_goes_on_from_the_mark() {
    let mut machine = Machine::begin(0);
    machine.take(Event::Pass(100 * SECOND));
    machine.take(Event::Beat);
    machine.take(Event::Set(-10 * YEAR));
    machine.take(Event::Off(3_600 * SECOND));
    assert_eq!(machine.floor.now(machine.reading()), 100 * SECOND);
    // A clock that is right is believed, however long the machine was off.
    machine.take(Event::SetRight);
    assert_eq!(machine.floor.now(machine.reading()), machine.truth);
}
