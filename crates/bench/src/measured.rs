//! What is measured, and what it should be: one file for each group of rows in `docs/benchmarks.md`.

mod creating;
mod following;
mod garage;
mod gateway_client;
mod keystone;
mod many_keys;
mod revoking;
mod starting;
mod unknown_to_memory;
mod verifying;

use crate::rounds::{Figures, Rounds, median, ratio};

/// One line of the table.
pub struct Row {
    pub what: String,
    pub target: &'static str,
    pub seen: String,
    pub is_met: bool,
}

/// A group of rows, by the name that `just bench` takes.
pub struct Group {
    pub name: &'static str,
    /// Of its part of the page.
    pub heading: &'static str,
    pub measure: fn(&Rounds) -> Vec<Row>,
    /// Also where no group is named.
    pub is_usual: bool,
}

pub const ALL: [Group; 10] = [
    Group { name: "verifying", heading: "Verifying, keys in memory", measure: verifying::measure, is_usual: true },
    Group {
        name: "unknown-to-memory",
        heading: "Keys that are asked about for the first time",
        measure: unknown_to_memory::measure,
        is_usual: true,
    },
    Group {
        name: "many-keys",
        heading: "Ten thousand keys and a million",
        measure: many_keys::measure,
        is_usual: true,
    },
    Group { name: "creating", heading: "Creating keys", measure: creating::measure, is_usual: true },
    Group {
        name: "revoking",
        heading: "From a revocation to the last yes",
        measure: revoking::measure,
        is_usual: true,
    },
    Group { name: "following", heading: "The feed of changes", measure: following::measure, is_usual: true },
    Group { name: "gateway-client", heading: "The gateway client", measure: gateway_client::measure, is_usual: true },
    // It needs Debian's Keystone: see `scripts/bench-keystone`.
    Group { name: "keystone", heading: "Beside OpenStack's Keystone", measure: keystone::measure, is_usual: false },
    // It needs Garage: see `scripts/bench-garage`.
    Group { name: "garage", heading: "Beside Garage", measure: garage::measure, is_usual: false },
    Group { name: "starting", heading: "Starting", measure: starting::measure, is_usual: true },
];

impl Row {
    fn new(what: impl Into<String>, target: &'static str, seen: impl Into<String>, is_met: bool) -> Self {
        Self { what: what.into(), target, seen: seen.into(), is_met }
    }

    /// How much one server did, and what each answer cost.
    fn rate(what: &str, figures: &Figures) -> Self {
        let seen = format!("{:.0}/s, {:.1} us of a processor", median(&figures.per_second), median(&figures.cost));
        Self::new(what, "", seen, true)
    }

    /// A ratio of two figures, round by round, that should not be below something.
    fn at_least(what: impl Into<String>, target: &'static str, bound: f64, of: &[f64], to: &[f64]) -> Self {
        let (least, median, greatest) = ratio(of, to);
        Self::new(what, target, format!("{median:.2} ({least:.2} to {greatest:.2})"), median >= bound)
    }

    fn at_most(what: impl Into<String>, target: &'static str, bound: f64, of: &[f64], to: &[f64]) -> Self {
        let (least, median, greatest) = ratio(of, to);
        Self::new(what, target, format!("{median:.2} ({least:.2} to {greatest:.2})"), median <= bound)
    }
}
