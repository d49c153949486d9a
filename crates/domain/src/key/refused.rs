//! Why something cannot be done to a key. One variant is one kind of answer to the caller.

use chrono::TimeDelta;

use crate::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("This key model does not offer this: {}.", .0.as_str())]
    ModelForbids(Feature),
    #[error("There can be at most {most} such keys here.")]
    TooManyKeys { most: u32 },
    #[error("This key model requires a label.")]
    LabelRequired,
    #[error("This key model requires a description.")]
    DescriptionRequired,
    #[error("A key's expiry must lie in the future.")]
    ExpiryNotAhead,
    #[error("This key model requires an expiry no later than {latest}.")]
    ExpiryTooLate { latest: Timestamp },
    #[error("The grace period must be at most {} seconds.", .most.num_seconds())]
    GraceTooLong { most: TimeDelta },
    #[error("The key has expired, which is final.")]
    Expired,
    #[error("The key is revoked, which is final.")]
    Revoked,
    #[error("The key is disabled already.")]
    AlreadyDisabled,
    #[error("The key is not disabled.")]
    NotDisabled,
    #[error("The key has no pair that is retiring.")]
    NothingRetires,
    #[error("This key model requires a key to be revoked before it is deleted.")]
    RevokeFirst,
}

/// What a key model may leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    BucketScopes,
    Reset,
    Rotate,
    Revoke,
    Delete,
}

impl Feature {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BucketScopes => "bucket_scopes",
            Self::Reset => "reset",
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
            Self::Delete => "delete",
        }
    }
}
