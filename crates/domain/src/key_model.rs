//! Key models: which kind of product keys are in a region. A set of switches, not a code path.
//!
//! Nothing anywhere asks for a model's name; everything asks for a switch.

use chrono::TimeDelta;

use crate::text::{KeyModelName, Name};
use crate::{Invalid, Timestamp, time};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyModel {
    pub name: KeyModelName,
    pub title: Name,
    /// Built in: can be neither changed nor deleted.
    pub built_in: bool,
    pub switches: Switches,
    pub created_at: Timestamp,
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    pub instances: Instances,
    /// In one storage instance; no bound where none is given.
    pub max_keys: Option<u32>,
    /// A storage instance is made with its first key.
    pub initial_key: bool,
    pub label: Presence,
    pub description: Presence,
    /// Keys may be limited to some buckets.
    pub bucket_scopes: bool,
    pub revoke: Revoke,
    pub delete: Delete,
    /// The pair can be replaced at once.
    pub reset: bool,
    /// The longest time both pairs may work after a rotation; no rotation where none is given.
    pub rotate_max_grace: Option<TimeDelta>,
    /// Every key expires within this time.
    pub max_ttl: Option<TimeDelta>,
    /// Keys older than this are reported.
    pub rotate_after_days: Option<u32>,
    pub id_prefix: String,
    pub id_length: u8,
    pub secret_length: u8,
}

/// How many storage instances a tenant may have in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instances {
    One,
    Many,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoke {
    /// The key stays in the list as history.
    KeepsHistory,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delete {
    Allowed,
    AfterRevoke,
    Forbidden,
}

const LONGEST_GRACE: TimeDelta = time::days(30);
/// Two characters of an access key id are its checksum.
const LEAST_RANDOM: usize = 14 + 2;

impl Switches {
    /// Refuses what contradicts itself or leaves a customer without a way to get rid of a leaked key.
    pub fn check(self) -> Result<Self, Contradiction> {
        let no = |switch, sentence: &'static str| Err(Contradiction { switch, why: Invalid::because(sentence) });
        if self.revoke == Revoke::Off && self.delete == Delete::Forbidden && !self.reset {
            return no(
                "reset",
                "A model must allow revoke, delete or reset: otherwise a leaked key could not be stopped.",
            );
        }
        if self.delete == Delete::AfterRevoke && self.revoke == Revoke::Off {
            return no("delete", "Deleting after revoking needs revoke to be on.");
        }
        if self.max_keys == Some(0) {
            return no("max_keys", "Must be at least 1, or null for no bound.");
        }
        if self.rotate_max_grace.is_some_and(|grace| grace <= TimeDelta::zero() || grace > LONGEST_GRACE) {
            return no("rotate_max_grace_seconds", "Must be between 1 second and 30 days, or null for no rotation.");
        }
        if self.max_ttl.is_some_and(|ttl| ttl < time::minutes(1) || ttl > time::days(3660)) {
            return no("max_ttl_seconds", "Must be between 60 seconds and 10 years, or null for no bound.");
        }
        if self.rotate_after_days.is_some_and(|days| !(1..=3660).contains(&days)) {
            return no("rotate_after_days", "Must be between 1 and 3660, or null for no report.");
        }
        if self.id_prefix.len() > 8 || !self.id_prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return no("id_prefix", "Must be at most 8 upper-case letters and digits.");
        }
        if usize::from(self.id_length) < self.id_prefix.len() + LEAST_RANDOM || self.id_length > 128 {
            return no("id_length", "Must leave at least 16 characters behind the prefix and be at most 128.");
        }
        if !(40..=128).contains(&self.secret_length) {
            return no("secret_length", "Must be between 40 and 128.");
        }
        Ok(self)
    }
}

/// A switch that cannot stand as it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{switch}: {why}")]
pub struct Contradiction {
    pub switch: &'static str,
    pub why: Invalid,
}

/// The three products that providers sell most. A provider adds its own beside them.
pub fn built_in() -> [(&'static str, &'static str, Switches); 3] {
    let plain = Switches {
        instances: Instances::One,
        max_keys: None,
        initial_key: false,
        label: Presence::Optional,
        description: Presence::Optional,
        bucket_scopes: false,
        revoke: Revoke::Off,
        delete: Delete::Allowed,
        reset: false,
        rotate_max_grace: None,
        max_ttl: None,
        rotate_after_days: None,
        id_prefix: "KR".to_owned(),
        id_length: 20,
        secret_length: 40,
    };
    let instance =
        Switches { instances: Instances::Many, initial_key: true, description: Presence::Required, ..plain.clone() };
    let pair = Switches { max_keys: Some(1), delete: Delete::Forbidden, reset: true, ..plain.clone() };
    let multi = Switches {
        label: Presence::Required,
        bucket_scopes: true,
        revoke: Revoke::KeepsHistory,
        reset: true,
        rotate_max_grace: Some(LONGEST_GRACE),
        rotate_after_days: Some(90),
        id_prefix: "NQAK".to_owned(),
        ..plain
    };
    [
        ("instance", "Storage instances with keys of their own", instance),
        ("pair", "One key pair per region", pair),
        ("multi", "Many labelled keys, limited to buckets", multi),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn multi() -> Switches {
        let [_, _, (_, _, multi)] = built_in();
        multi
    }

    #[test]
    fn the_built_in_models_hold() {
        for (name, _, switches) in built_in() {
            assert!(KeyModelName::parse(name).is_ok());
            assert!(switches.check().is_ok(), "{name}");
        }
    }

    #[test]
    fn contradictions_are_named_by_their_switch() {
        type Spoil = fn(&mut Switches);
        let cases: [(Spoil, &str); 9] = [
            (|s| (s.revoke, s.delete, s.reset) = (Revoke::Off, Delete::Forbidden, false), "reset"),
            (|s| (s.revoke, s.delete) = (Revoke::Off, Delete::AfterRevoke), "delete"),
            (|s| s.max_keys = Some(0), "max_keys"),
            (|s| s.rotate_max_grace = Some(TimeDelta::zero()), "rotate_max_grace_seconds"),
            (|s| s.max_ttl = Some(TimeDelta::seconds(1)), "max_ttl_seconds"),
            (|s| s.rotate_after_days = Some(0), "rotate_after_days"),
            (|s| s.id_prefix = "nqak".to_owned(), "id_prefix"),
            (|s| s.id_length = 19, "id_length"),
            (|s| s.secret_length = 39, "secret_length"),
        ];
        for (spoil, switch) in cases {
            let mut switches = multi();
            spoil(&mut switches);
            assert_eq!(switches.check().unwrap_err().switch, switch);
        }
    }
}
