//! After a restore: what of the restored state still counts is decided by an operator, and not by the backup.
//!
//! ```text
//! restored.rs    a restore was announced, or is found out by the journal: a new epoch of the feed begins
//! journal.rs     the journal of this node: written before anybody is told that something has been done
//! decide.rs      an operator lifts the quarantine, and decides about what is held back
//! ```

mod decide;
mod journal;
mod restored;

pub use decide::{Quarantine, Which, decide, held_back, lift, read};
pub(crate) use journal::write_down_own;
pub use restored::Restored;
