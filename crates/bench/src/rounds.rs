//! What is compared takes turns, round by round, so that whatever slows the machine slows all of it; of each figure the
//! median counts.

use std::time::Duration;

use crate::load::{Heard, Load, Pace};
use crate::process::Process;

pub struct Contestant<'c> {
    pub name: &'c str,
    pub process: &'c Process,
    pub load: Load<'c>,
}

impl<'c> Contestant<'c> {
    /// Over so many connections, in plain HTTP, as fast as it answers.
    pub fn plain(
        name: &'c str,
        process: &'c Process,
        connections: usize,
        requests: &'c [Vec<u8>],
        proof: &'c str,
    ) -> Self {
        let (address, pace) = (process.address, Pace::AsFastAsPossible);
        Self { name, process, load: Load { address, connections, requests, proof, pace, tls: None } }
    }
}

/// The figures of one contestant, a value for each round.
#[derive(Default)]
pub struct Figures {
    pub per_second: Vec<f64>,
    /// Microseconds of the processor that an answer took.
    pub cost: Vec<f64>,
    /// Microseconds.
    pub p50: Vec<f64>,
    pub p99: Vec<f64>,
    /// How many were told to come back later, before it counted and while it did.
    pub sent_away: u64,
}

/// How long each is asked before it counts, and how long it counts.
#[derive(Clone, Copy)]
pub struct Rounds {
    pub rounds: usize,
    pub warm_up: Duration,
    pub length: Duration,
    /// Of what is counted and not timed, one of so many: 1 for all of it.
    pub part: usize,
}

impl Rounds {
    /// As many of so many as are wanted.
    pub fn part_of(&self, all: usize) -> usize {
        all.div_ceil(self.part)
    }

    /// The figures, in the order of the contestants.
    pub fn of(&self, contestants: &[Contestant<'_>]) -> Vec<Figures> {
        self.if_each_run_is(Heard::all_right, contestants)
    }

    /// The same of servers that have more to do than they take on.
    pub fn of_full(&self, contestants: &[Contestant<'_>]) -> Vec<Figures> {
        self.if_each_run_is(Heard::none_wrong, contestants)
    }

    fn if_each_run_is(&self, good: fn(Heard) -> Heard, contestants: &[Contestant<'_>]) -> Vec<Figures> {
        let at_first = |contestant: &Contestant<'_>| Figures {
            sent_away: good(contestant.load.once()).sent_away,
            ..Figures::default()
        };
        let mut figures: Vec<Figures> = contestants.iter().map(at_first).collect();
        for round in 0..self.rounds {
            for turn in 0..contestants.len() {
                // Nobody always comes after the same other.
                let number = (turn + round) % contestants.len();
                let Contestant { name, process, load } = &contestants[number];
                let warm_up = good(load.run(self.warm_up));
                let before = process.processor_time();
                let heard = good(load.run(self.length));
                let spent = process.processor_time().saturating_sub(before);
                let of = &mut figures[number];
                of.per_second.push(heard.per_second());
                of.cost.push(spent.as_secs_f64() * 1e6 / heard.answers.max(1) as f64);
                of.p50.push(microseconds(heard.latency(500)));
                of.p99.push(microseconds(heard.latency(990)));
                of.sent_away += warm_up.sent_away + heard.sent_away;
                tracing(round, name, of);
            }
        }
        figures
    }
}

#[expect(clippy::print_stderr, reason = "whoever waits sees how far it is")]
fn tracing(round: usize, name: &str, of: &Figures) {
    let last = |values: &[f64]| values.last().copied().unwrap_or_default();
    eprintln!(
        "  round {}: {name:<32} {:>9.0}/s  {:>7.2} us of a processor  p50 {:>8.1} us  p99 {:>8.1} us",
        round + 1,
        last(&of.per_second),
        last(&of.cost),
        last(&of.p50),
        last(&of.p99)
    );
}

pub fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What so many of a thousand do not exceed.
pub fn per_mille(values: &[f64], share: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = (values.len() * share / 1000).min(values.len().saturating_sub(1));
    values.get(place).copied().unwrap_or(f64::NAN)
}

/// The ratio of each round, and of these the least, the median and the greatest.
pub fn ratio(of: &[f64], to: &[f64]) -> (f64, f64, f64) {
    let ratios: Vec<f64> = of.iter().zip(to).map(|(of, to)| of / to).collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (least, median(&ratios), greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_exceeded_is_one_of_the_values() {
        let values: Vec<f64> = (1..=1000).rev().map(f64::from).collect();
        assert_eq!([500, 990, 1000].map(|share| per_mille(&values, share)), [501.0, 991.0, 1000.0]);
        assert_eq!(per_mille(&[3.0], 990), 3.0);
        assert!(per_mille(&[], 990).is_nan());
    }

    #[test]
    fn a_part_is_never_nothing() {
        let rounds = |part| Rounds { rounds: 1, warm_up: Duration::ZERO, length: Duration::ZERO, part };
        assert_eq!([rounds(1).part_of(7), rounds(2).part_of(7), rounds(100).part_of(7)], [7, 4, 1]);
    }
}
