//! Every way in which a use case says no. The HTTP layer has one row of its problem table for each.

use chrono::TimeDelta;
use domain::Invalid;
use domain::guardrails::Guardrail;
use domain::instance::OneIsAll;
use domain::key::{Feature, Refused};
use domain::key_model::Contradiction;
use domain::partner::NotUndone;
use domain::tenant::{BeingDeleted, NotDeleted};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no credentials")]
    Unauthenticated,
    #[error("unknown credentials")]
    UnknownCredentials,
    #[error("the credentials have expired")]
    Expired,
    #[error("suspended")]
    Suspended,
    #[error("the token may not be used from this address")]
    WrongAddress,
    #[error("wrong e-mail address or password")]
    WrongPassword,
    #[error("the password fits accounts in several tenants")]
    SeveralAccounts { tenants: Vec<String> },
    #[error("too many attempts")]
    TooManyAttempts { retry_after: TimeDelta },

    #[error("not found")]
    NotFound,
    #[error("forbidden")]
    Forbidden,
    #[error("the token would be wider or longer-lived than the one that makes it")]
    WiderThanItsMaker,
    #[error("a link that is unknown, used or too old")]
    DeadLink,

    #[error("invalid input")]
    Invalid(Vec<Violation>),
    #[error("the cursor is not one of this list")]
    BadCursor,
    #[error("the object is not in the version that the caller expects")]
    NotAsExpected,
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    #[error("the answer to this idempotency key was already delivered")]
    AlreadyDelivered,

    #[error("there is a region with this code")]
    RegionExists,
    #[error("the region is in use")]
    RegionInUse,
    #[error("there is a key model with this name")]
    KeyModelExists,
    #[error("the key model is in use")]
    KeyModelInUse,
    #[error("the key model is built in")]
    KeyModelBuiltIn,
    #[error("the partner still has tenants or partners below it")]
    PartnerNotEmpty,
    #[error("the tenant is being deleted")]
    TenantBeingDeleted,
    #[error("the tenant is not being deleted")]
    TenantNotDeleted,
    #[error("the tenant has somebody with this e-mail address")]
    EmailTaken,
    #[error("a tenant keeps at least one admin")]
    LastAdmin,
    #[error("nobody changes their own role or account")]
    Oneself,
    #[error("the user has joined already")]
    AlreadyJoined,
    #[error("the user is suspended")]
    UserSuspended,
    #[error("the database was restored, and nobody has decided about it")]
    Quarantined,
    #[error("the region's service is not available to the tenant")]
    RegionUnavailable,
    #[error("the key model allows one storage instance in a region")]
    OneInstance,
    #[error(transparent)]
    Key(Refused),
    #[error("somebody has or had this access key id")]
    AccessKeyIdTaken,
    #[error("the pair has had a claim link already")]
    ClaimExists,
    #[error("the secret can no longer be put into a claim link, or not by this caller")]
    ClaimTooLate,
    #[error("the tenant does not let gateways have secrets")]
    SecretsForbidden,
    #[error("the feed no longer has what comes after this number")]
    FeedGone,
    #[error("a guardrail forbids it")]
    Guardrail { guardrail: Guardrail, detail: String },
    #[error("a guardrail would be looser than one above")]
    LooserGuardrail(Vec<Violation>),
    #[error("the partner is stopped in an emergency")]
    EmergencyStopped,
    #[error("the stop cannot be undone")]
    StopNotUndone(NotUndone),
    #[error("there is an operator already")]
    AlreadyInitialised,

    #[error("the system has no randomness")]
    NoEntropy,
    #[error("a password could not be hashed")]
    Hashing,
    #[error(transparent)]
    Database(persistence::Error),
}

/// One thing that is wrong with what a caller sent, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// A JSON pointer into the body.
    pub pointer: String,
    pub detail: String,
}

impl Error {
    pub fn at(pointer: &str, why: &Invalid) -> Self {
        Self::Invalid(vec![Violation { pointer: pointer.to_owned(), detail: why.sentence().to_owned() }])
    }
}

impl From<persistence::Error> for Error {
    fn from(error: persistence::Error) -> Self {
        Self::Database(error)
    }
}

impl persistence::IsDatabaseError for Error {
    fn database_error(&self) -> Option<&persistence::Error> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

impl From<BeingDeleted> for Error {
    fn from(BeingDeleted: BeingDeleted) -> Self {
        Self::TenantBeingDeleted
    }
}

impl From<NotDeleted> for Error {
    fn from(NotDeleted: NotDeleted) -> Self {
        Self::TenantNotDeleted
    }
}

impl From<NotUndone> for Error {
    fn from(why: NotUndone) -> Self {
        Self::StopNotUndone(why)
    }
}

impl From<OneIsAll> for Error {
    fn from(OneIsAll: OneIsAll) -> Self {
        Self::OneInstance
    }
}

/// What is wrong with a field is said of the field; the rest is a state that does not allow it.
impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let pointer = match refused {
            Refused::LabelRequired => "/label",
            Refused::DescriptionRequired => "/description",
            Refused::ExpiryNotAhead | Refused::ExpiryTooLate { .. } => "/expires_at",
            Refused::GraceTooLong { .. } => "/grace_seconds",
            Refused::ModelForbids(Feature::BucketScopes) => "/buckets",
            Refused::ModelForbids(Feature::Reset | Feature::Rotate | Feature::Revoke | Feature::Delete)
            | Refused::TooManyKeys { .. }
            | Refused::Expired
            | Refused::Revoked
            | Refused::AlreadyDisabled
            | Refused::NotDisabled
            | Refused::NothingRetires
            | Refused::RevokeFirst => return Self::Key(refused),
        };
        Self::at(pointer, &Invalid::because(refused.to_string()))
    }
}

impl From<Contradiction> for Error {
    fn from(contradiction: Contradiction) -> Self {
        Self::at(&format!("/{}", contradiction.switch), &contradiction.why)
    }
}

/// What a unique or foreign key said no to means something else at every place: name it there.
pub(crate) trait Named<T> {
    fn taken_means(self, error: Error) -> Result<T>;
    fn referenced_means(self, error: Error) -> Result<T>;
}

impl<T> Named<T> for persistence::Result<T> {
    fn taken_means(self, error: Error) -> Result<T> {
        self.map_err(|found| if matches!(found, persistence::Error::Taken) { error } else { found.into() })
    }

    fn referenced_means(self, error: Error) -> Result<T> {
        self.map_err(|found| if matches!(found, persistence::Error::Referenced) { error } else { found.into() })
    }
}
