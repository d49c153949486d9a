//! Receipts: the number under which a change went into the feed, and who has confirmed it.

use domain::Timestamp;
use domain::change::Change;
use persistence::{Reading, changes};

use crate::error::Result;
use crate::once::Repeatable;

/// Every replica reads the database for each decision, so a change is in force everywhere with its commit and there is
/// nobody to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub sequence: i64,
    pub effective_at: Timestamp,
    pub confirmed_by: i64,
}

/// Something that was stopped or let go again, with its receipt.
#[derive(Debug)]
pub struct Stopped<T> {
    pub object: T,
    pub receipt: Receipt,
}

impl Receipt {
    pub(crate) fn of(sequence: i64, now: Timestamp) -> Self {
        Self { sequence, effective_at: now, confirmed_by: 1 }
    }

    /// Of the newest change of the same thing, which was in force when it was made.
    pub(crate) fn newest(db: &mut Reading<'_>, change: &Change, now: Timestamp) -> Result<Self> {
        let (sequence, at) = changes::newest(db, change)?.unwrap_or((0, now));
        Ok(Self::of(sequence, at))
    }
}

impl<T: Repeatable> Repeatable for Stopped<T> {
    fn id(&self) -> String {
        self.object.id()
    }

    fn version(&self) -> i64 {
        self.object.version()
    }
}
