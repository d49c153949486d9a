//! What can go wrong with a database, as far as a caller can do something about it.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as Diesel};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The row was changed by somebody else since it was read. The transaction is tried again.
    #[error("a row was changed by another transaction")]
    Stale,
    /// Something with this name or hash is there already.
    #[error("a unique value is taken")]
    Taken,
    /// Something else still points at it, or it points at something that is not there.
    #[error("a reference between rows would break")]
    Referenced,
    /// No connection, or no lock, within the time that a request may wait.
    #[error("the database is busy")]
    Busy,
    /// Two transactions were in each other's way. The transaction is tried again.
    #[error("the database asked for a retry")]
    Retry,
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    #[error("the database cannot be written: {0}")]
    Unwritable(String),
    /// A row that does not parse. It is refused rather than guessed at.
    #[error("a row of {table} does not hold together: {why}")]
    Corrupt { table: &'static str, why: String },
    /// A sealed value that this replica's keys do not open, or that was moved from another place.
    #[error("a sealed value does not open: {0}")]
    Unsealable(&'static str),
    /// Nothing may be changed at the moment, while everything is moved.
    #[error("the database is frozen")]
    Frozen,
    /// Others seal by a master key that this process has not been given.
    #[error("the master key {0} is not in this process's master key file")]
    MasterKeyMissing(String),
    /// A transaction changed something and said nothing of it to the audit.
    #[error("the transaction \"{0}\" left no trace in the audit")]
    Unaudited(&'static str),
    #[error("the schema is not one this binary knows: {0}")]
    Schema(String),
    #[error("the database refused a statement: {0}")]
    Statement(String),
}

impl Error {
    pub(crate) fn corrupt(table: &'static str, why: impl ToString) -> Self {
        Self::Corrupt { table, why: why.to_string() }
    }

    /// Whether the same transaction may well succeed if it is simply run again.
    pub fn is_worth_a_retry(&self) -> bool {
        matches!(self, Self::Stale | Self::Retry)
    }
}

/// Errors of use cases, which may carry one of ours.
pub trait IsDatabaseError: From<Error> {
    fn database_error(&self) -> Option<&Error>;
}

impl IsDatabaseError for Error {
    fn database_error(&self) -> Option<&Error> {
        Some(self)
    }
}

impl From<Diesel> for Error {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "diesel may add kinds of errors; none of them is worth a name here"
    )]
    fn from(error: Diesel) -> Self {
        match error {
            Diesel::DatabaseError(kind, information) => of_database(&kind, information.as_ref()),
            Diesel::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            Diesel::BrokenTransactionManager => {
                Self::Unreachable("the connection broke inside a transaction".to_owned())
            }
            other => Self::Statement(other.to_string()),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what has no kind of its own is told by its message")]
fn of_database(kind: &DatabaseErrorKind, information: &dyn DatabaseErrorInformation) -> Error {
    let message = information.message();
    match kind {
        DatabaseErrorKind::UniqueViolation => Error::Taken,
        DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => Error::Referenced,
        DatabaseErrorKind::SerializationFailure => Error::Retry,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
            Error::Unreachable(message.to_owned())
        }
        DatabaseErrorKind::ReadOnlyTransaction => Error::Unwritable(message.to_owned()),
        _ => of_message(message),
    }
}

/// The databases' own words, where diesel has no kind for what they mean.
fn of_message(message: &str) -> Error {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["deadlock detected"]) {
        Error::Retry
    } else if says(&["database is locked", "database table is locked", "canceling statement due to"]) {
        Error::Busy
    } else if says(&["disk is full", "readonly database", "read-only", "disk I/O error", "No space left"]) {
        Error::Unwritable(message.to_owned())
    } else if says(&[
        "server closed the connection",
        "terminating connection",
        "could not connect",
        "the database system is",
        "connection to server",
        "unable to open database file",
    ]) {
        Error::Unreachable(message.to_owned())
    } else {
        Error::Statement(message.to_owned())
    }
}
