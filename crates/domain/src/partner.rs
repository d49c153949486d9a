//! Partners: distributors, and the resellers below them, up to four deep.

use std::fmt;

use crate::id::PartnerId;
use crate::text::Name;
use crate::{Invalid, Timestamp};

pub const MAX_DEPTH: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub path: PartnerPath,
    pub name: Name,
    pub created_at: Timestamp,
    pub suspended_at: Option<Timestamp>,
    pub version: i64,
}

impl Partner {
    pub fn id(&self) -> &PartnerId {
        self.path.leaf()
    }

    pub fn is_suspended(&self) -> bool {
        self.suspended_at.is_some()
    }

    pub fn suspend(self, now: Timestamp) -> Self {
        Self { suspended_at: self.suspended_at.or(Some(now)), ..self }
    }

    pub fn resume(self) -> Self {
        Self { suspended_at: None, ..self }
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
