//! What was changed after the state to which a database was restored, and counts for nothing until somebody has looked at it.

use crate::change::Change;
use crate::{Invalid, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// What it is about; what was done to it nobody knows any more.
    pub change: Change,
    /// In the feed that was lost.
    pub sequence: i64,
    pub changed_at: Timestamp,
    /// None until an operator has decided.
    pub decision: Option<Decision>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It counts as the restored state says.
    Released,
    /// It stays dead.
    Confirmed,
}

impl Decision {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Confirmed => "confirmed",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "released" => Ok(Self::Released),
            "confirmed" => Ok(Self::Confirmed),
            _ => Err(Invalid::because("Must be `released` or `confirmed`.")),
        }
    }
}
