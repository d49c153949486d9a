//! What a gateway is told of a request.

use std::sync::Arc;

use verify::sigv4::Refusal;
use verify::{Denial, RequestContext};

use crate::Grants;

/// Who a request is from.
pub type Principal = wire::Principal<'static>;

#[derive(Debug, Clone)]
pub enum Verdict {
    Allow(Allowed),
    Deny(Denied),
}

/// The signature is good, the key counts, and what was said of the request is within what it may do.
#[derive(Debug, Clone)]
pub struct Allowed {
    pub principal: Arc<Principal>,
    /// For what could not be said of the request before it was read further.
    pub grants: Arc<Grants>,
}

/// What to answer the client with, and a word for the gateway's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The `Code` of the S3 error document.
    pub code: String,
    pub status: u16,
    /// Not for the client.
    pub reason: String,
    /// With `AuthorizationHeaderMalformed`: the region to sign for instead.
    pub expected_region: Option<String>,
}

impl Verdict {
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow(_))
    }
}

impl Allowed {
    /// Holds more of the same request against what the key may do: the source of a copy, each key of a deletion of many.
    pub fn check(&self, context: &RequestContext<'_>) -> Result<(), Denied> {
        context.described().check(&self.grants).map_err(|denied| Denial::from(denied).into())
    }
}

impl From<Denial> for Denied {
    fn from(denial: Denial) -> Self {
        Self {
            code: denial.s3_code().to_owned(),
            status: denial.status(),
            reason: denial.reason().to_owned(),
            expected_region: denial.expected_region().map(str::to_owned),
        }
    }
}

/// A request that could not be read is refused without asking anybody.
impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Denial::from(refusal).into()
    }
}

impl From<Denial> for Verdict {
    fn from(denial: Denial) -> Self {
        Self::Deny(denial.into())
    }
}
