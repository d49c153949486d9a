//! The decision: a presented signature, what is known of the key it names, and the time.
//!
//! Whether the key counts, and what it may do, is looked at after the signature has been computed, and a key that nobody
//! knows is put through the same computation: only who holds the secret learns what has become of it.

use chrono::{DateTime, Utc};
use domain::key::Grants;
use domain::key::grants;
use domain::liveness::{self, Dead, Standing};

use crate::described::Described;
use crate::sigv4::{Audience, Presented, Refusal, SigningKey};

/// What is known of the key that a request names.
pub struct Candidate<'a> {
    pub region: &'a str,
    pub standing: &'a Standing,
    pub grants: &'a Grants,
    /// For the scope at hand; none when the secret is gone.
    pub signing_key: Option<&'a SigningKey>,
}

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// It breaks a rule of signing, whoever signed it.
    Refused(Refusal),
    /// The key does not count.
    Dead(Dead),
    /// The key counts, and not for this.
    OutOfScope(grants::Denied),
    /// It shows a session token, and there are no temporary keys here.
    Temporary,
}

/// `stand_in` signs for keys that nobody knows.
pub fn decide<R: AsRef<str>>(
    presented: &Presented<'_>,
    candidate: Option<&Candidate<'_>>,
    stand_in: &SigningKey,
    audience: &Audience<'_, R>,
    described: &Described<'_>,
    now: DateTime<Utc>,
) -> Result<(), Denial> {
    presented.admit(audience, now)?;
    let candidate = candidate.filter(|candidate| candidate.region == presented.string_to_sign.scope.region());
    let key = candidate.and_then(|candidate| candidate.signing_key);
    let is_signed = presented.verify(key.unwrap_or(stand_in));
    let candidate = candidate.ok_or(Dead::Unknown)?;
    if key.is_some() {
        is_signed?;
    }
    liveness::pair(Some(candidate.standing), now)?;
    // Whatever counts has its secret.
    key.ok_or(Dead::Unknown)?;
    Ok(described.check(candidate.grants)?)
}

impl Denial {
    /// The `Code` of the S3 error document.
    pub fn s3_code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.s3_code(),
            Self::Dead(_) => "InvalidAccessKeyId",
            Self::OutOfScope(_) => "AccessDenied",
            Self::Temporary => "InvalidToken",
        }
    }

    /// The HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Refused(refusal) => refusal.status(),
            Self::Dead(_) | Self::OutOfScope(_) => 403,
            Self::Temporary => 400,
        }
    }

    /// One word for the gateway's log.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.reason(),
            // A tenant on its way out is not the gateway's business.
            Self::Dead(Dead::Deleted | Dead::Ended) => Dead::Suspended.as_str(),
            Self::Dead(dead) => dead.as_str(),
            Self::OutOfScope(denied) => denied.as_str(),
            Self::Temporary => "session_token",
        }
    }

    pub fn expected_region(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => refusal.expected_region(),
            Self::Dead(_) | Self::OutOfScope(_) | Self::Temporary => None,
        }
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Dead> for Denial {
    fn from(dead: Dead) -> Self {
        Self::Dead(dead)
    }
}

impl From<grants::Denied> for Denial {
    fn from(denied: grants::Denied) -> Self {
        Self::OutOfScope(denied)
    }
}
