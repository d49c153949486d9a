//! Partners: distributors, and the resellers below them, up to four deep.

use std::fmt;

use chrono::TimeDelta;

use crate::guardrails::Guardrails;
use crate::id::PartnerId;
use crate::text::{Name, Reason};
use crate::{Invalid, Timestamp, time};

pub const MAX_DEPTH: usize = 4;
/// For how long whoever stopped a partner in an emergency can undo it.
pub const UNDO_WITHIN: TimeDelta = time::days(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub path: PartnerPath,
    pub name: Name,
    pub created_at: Timestamp,
    pub suspended_at: Option<Timestamp>,
    /// Beside the suspension, so that undoing it brings back what was, suspended or not.
    pub stop: Option<EmergencyStop>,
    /// Of this level alone: what holds is the strictest on its path.
    pub guardrails: Guardrails,
    pub version: i64,
}

/// Somebody stopped the partner and everything below, for a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyStop {
    pub at: Timestamp,
    pub by: StoppedBy,
    pub reason: Reason,
}

/// Whose tokens did it: any of the same level may undo it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoppedBy {
    Operator,
    Partner(PartnerPath),
}

/// Why an emergency stop is not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotUndone {
    NotStopped,
    /// Only whoever stopped it, and the operator.
    NotYours,
    /// The operator resumes.
    TooLate,
}

impl EmergencyStop {
    /// It can be undone before this moment, never at it.
    pub fn undo_until(&self) -> Timestamp {
        self.at + UNDO_WITHIN
    }
}

impl StoppedBy {
    /// Whether this level stands above the other.
    fn outranks(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Operator, Self::Partner(_)) => true,
            (Self::Partner(own), Self::Partner(other)) => own.covers(other) && own != other,
            (_, Self::Operator) => false,
        }
    }
}

impl Partner {
    pub fn id(&self) -> &PartnerId {
        self.path.leaf()
    }

    /// Whether anything of it counts, for all that this level says.
    pub fn is_suspended(&self) -> bool {
        self.suspended_since().is_some()
    }

    /// Since when it has been suspended or stopped.
    pub fn suspended_since(&self) -> Option<Timestamp> {
        self.suspended_at.into_iter().chain(self.stop.as_ref().map(|stop| stop.at)).min()
    }

    /// As it was then, for all that is known of it today.
    #[must_use]
    pub fn as_of(&self, at: Timestamp) -> Self {
        Self {
            suspended_at: self.suspended_at.filter(|since| *since <= at),
            stop: self.stop.clone().filter(|stop| stop.at <= at),
            ..self.clone()
        }
    }

    pub fn suspend(self, now: Timestamp) -> Self {
        Self { suspended_at: self.suspended_at.or(Some(now)), ..self }
    }

    pub fn resume(self) -> Self {
        Self { suspended_at: None, ..self }
    }

    /// What is stopped already stays as it is, unless the one that did it stands below: it could let go again.
    pub fn stop(self, stop: EmergencyStop) -> Self {
        match &self.stop {
            Some(earlier) if !stop.by.outranks(&earlier.by) => self,
            Some(_) | None => Self { stop: Some(stop), ..self },
        }
    }

    pub fn undo_stop(self, by: &StoppedBy, now: Timestamp) -> Result<Self, NotUndone> {
        let stop = self.stop.as_ref().ok_or(NotUndone::NotStopped)?;
        if *by != StoppedBy::Operator && *by != stop.by {
            return Err(NotUndone::NotYours);
        }
        if now >= stop.undo_until() {
            return Err(NotUndone::TooLate);
        }
        Ok(Self { stop: None, ..self })
    }
}

/// A partner's place in the tree: the ids from the root down to the partner itself.
///
/// As text `ptr_a/ptr_b/`, so that "everything below" is one range of an index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartnerPath {
    above: Vec<PartnerId>,
    leaf: PartnerId,
}

impl PartnerPath {
    pub fn root(id: PartnerId) -> Self {
        Self { above: Vec::new(), leaf: id }
    }

    pub fn child(&self, id: PartnerId) -> Result<Self, Invalid> {
        if self.depth() >= MAX_DEPTH {
            return Err(Invalid::because(format!("Partners can be at most {MAX_DEPTH} levels deep.")));
        }
        Ok(Self { above: self.ids().cloned().collect(), leaf: id })
    }

    pub fn leaf(&self) -> &PartnerId {
        &self.leaf
    }

    pub fn parent(&self) -> Option<&PartnerId> {
        self.above.last()
    }

    /// The path of the partner above.
    pub fn parent_path(&self) -> Option<Self> {
        let (leaf, above) = self.above.split_last()?;
        Some(Self { above: above.to_vec(), leaf: leaf.clone() })
    }

    pub fn ids(&self) -> impl Iterator<Item = &PartnerId> {
        self.above.iter().chain([&self.leaf])
    }

    pub fn depth(&self) -> usize {
        self.above.len() + 1
    }

    /// Whether `other` is this partner or stands below it.
    pub fn covers(&self, other: &Self) -> bool {
        other.ids().nth(self.above.len()) == Some(&self.leaf)
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::because("A partner's path is a list of partner ids, each followed by a slash.");
        let mut ids = text
            .strip_suffix('/')
            .ok_or_else(wrong)?
            .split('/')
            .map(PartnerId::parse)
            .collect::<Result<Vec<_>, _>>()?;
        let leaf = ids.pop().ok_or_else(wrong)?;
        Ok(Self { above: ids, leaf })
    }
}

impl fmt::Display for PartnerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ids().try_for_each(|id| write!(f, "{id}/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;

    fn ids() -> impl Iterator<Item = PartnerId> {
        let mut entropy = Entropy::from_seed([9; 32]);
        std::iter::repeat_with(move || PartnerId::draw(&mut entropy, Timestamp::UNIX_EPOCH))
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn partner() -> Partner {
        Partner {
            path: PartnerPath::root(ids().next().unwrap()),
            name: Name::parse("Nordic").unwrap(),
            created_at: NOW,
            suspended_at: None,
            stop: None,
            guardrails: Guardrails::default(),
            version: 1,
        }
    }

    fn stopped_by(by: StoppedBy, at: Timestamp) -> EmergencyStop {
        EmergencyStop { at, by, reason: Reason::parse("Stolen portal").unwrap() }
    }

    #[test]
    fn undoing_an_emergency_stop_brings_back_exactly_what_was() {
        for before in [partner(), partner().suspend(NOW)] {
            let stopped = before.clone().stop(stopped_by(StoppedBy::Operator, NOW));
            assert!(stopped.is_suspended());
            assert_eq!(stopped.undo_stop(&StoppedBy::Operator, NOW), Ok(before));
        }
    }

    #[test]
    fn only_the_level_that_stopped_it_and_the_operator_undo_it_and_not_for_long() {
        let mut ids = ids();
        let top = PartnerPath::root(ids.next().unwrap());
        let below = top.child(ids.next().unwrap()).unwrap();
        let [top, below] = [top, below].map(StoppedBy::Partner);
        let stopped = partner().stop(stopped_by(below.clone(), NOW));
        assert_eq!(partner().undo_stop(&below, NOW), Err(NotUndone::NotStopped));
        assert_eq!(stopped.clone().undo_stop(&top, NOW), Err(NotUndone::NotYours));
        let end = NOW + UNDO_WITHIN;
        for by in [&below, &StoppedBy::Operator] {
            assert!(stopped.clone().undo_stop(by, end - TimeDelta::microseconds(1)).is_ok());
            assert_eq!(stopped.clone().undo_stop(by, end), Err(NotUndone::TooLate));
        }
    }

    #[test]
    fn a_stop_from_above_takes_the_place_of_one_from_below_and_not_the_other_way_round() {
        let mut ids = ids();
        let top = PartnerPath::root(ids.next().unwrap());
        let below = top.child(ids.next().unwrap()).unwrap();
        let levels = [StoppedBy::Operator, StoppedBy::Partner(top), StoppedBy::Partner(below)];
        for (rank, first) in levels.iter().enumerate() {
            for (other, second) in levels.iter().enumerate() {
                let stopped = partner()
                    .stop(stopped_by(first.clone(), NOW))
                    .stop(stopped_by(second.clone(), NOW + time::minutes(1)));
                let by = stopped.stop.unwrap().by;
                assert_eq!(&by, if other < rank { second } else { first });
            }
        }
    }

    #[test]
    fn a_path_covers_itself_and_what_is_below() {
        let mut ids = ids();
        let top = PartnerPath::root(ids.next().unwrap());
        let below = top.child(ids.next().unwrap()).unwrap();
        let sibling = top.child(ids.next().unwrap()).unwrap();
        assert!(top.covers(&top) && top.covers(&below) && below.covers(&below));
        assert!(!below.covers(&top) && !below.covers(&sibling) && !sibling.covers(&below));
        assert_eq!(PartnerPath::parse(&below.to_string()), Ok(below));
    }

    #[test]
    fn the_tree_has_four_levels() {
        let mut ids = ids();
        let mut path = PartnerPath::root(ids.next().unwrap());
        for _ in 1..MAX_DEPTH {
            path = path.child(ids.next().unwrap()).unwrap();
        }
        assert!(path.child(ids.next().unwrap()).is_err());
    }
}
