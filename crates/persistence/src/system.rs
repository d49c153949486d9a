//! The other door: work that nobody asked for and no permit covers.
//!
//! Holding a [`System`] is not a permission that a caller could earn. The binary's own commands and jobs make one,
//! with the name under which it appears in the audit.

use domain::actor::Actor;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct System {
    part: &'static str,
}

impl System {
    pub const fn as_part(part: &'static str) -> Self {
        Self { part }
    }

    pub fn actor(self) -> Actor {
        Actor::system(self.part)
    }
}
