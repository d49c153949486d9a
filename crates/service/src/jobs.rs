//! How the work that nobody asks for goes, for whoever watches.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use crate::gateway_plane::Moment;

#[derive(Default)]
pub struct Jobs(Mutex<BTreeMap<&'static str, Runs>>);

struct Runs {
    went_well: u64,
    failed: u64,
    /// When it last did, or when it was first to run.
    well_at: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobVitals {
    pub name: &'static str,
    pub went_well: u64,
    pub failed: u64,
    pub since_well: TimeDelta,
}

impl Jobs {
    /// There is such a job from now on.
    pub fn expect(&self, name: &'static str) {
        self.lock().entry(name).or_insert_with(Runs::begin);
    }

    pub fn note(&self, name: &'static str, went_well: bool) {
        let mut all = self.lock();
        let runs = all.entry(name).or_insert_with(Runs::begin);
        if went_well {
            runs.went_well += 1;
            runs.well_at = Moment::now();
        } else {
            runs.failed += 1;
        }
    }

    pub(crate) fn vitals(&self) -> Vec<JobVitals> {
        let vitals = |(name, runs): (&&'static str, &Runs)| JobVitals {
            name,
            went_well: runs.went_well,
            failed: runs.failed,
            since_well: runs.well_at.elapsed(),
        };
        self.lock().iter().map(vitals).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Runs>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runs {
    fn begin() -> Self {
        Self { went_well: 0, failed: 0, well_at: Moment::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_does_not_count_as_having_run() {
        let jobs = Jobs::default();
        jobs.expect("sweep");
        let begun = jobs.lock()["sweep"].well_at.nanoseconds();
        jobs.note("sweep", false);
        assert_eq!(jobs.lock()["sweep"].well_at.nanoseconds(), begun);
        jobs.note("sweep", true);
        let [vitals] = jobs.vitals()[..] else { panic!("one job") };
        assert_eq!((vitals.name, vitals.went_well, vitals.failed), ("sweep", 1, 1));
    }
}
