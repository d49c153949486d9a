//! `?X-Amz-Algorithm=...&X-Amz-Credential=...&X-Amz-Date=...&X-Amz-Expires=...&X-Amz-SignedHeaders=...&X-Amz-Signature=...`

use super::query::{ALGORITHM, CREDENTIAL, DATE, EXPIRES, SIGNATURE, SIGNED_HEADERS};
use super::{Credential, Expires, Malformed, Query, Refusal, Signature, SignedHeaders, Timestamp};

/// Owns its parts: in a query they are percent-encoded and cannot be borrowed.
pub struct Presigned {
    pub credential: Credential<'static>,
    pub timestamp: Timestamp,
    pub expires: Expires,
    pub signed_headers: SignedHeaders<'static>,
    pub signature: Signature,
}

impl Presigned {
    pub fn parse(query: &Query<'_>) -> Result<Self, Refusal> {
        let get = |name, part| query.get(name).ok_or(Refusal::MalformedQuery(part));
        if get(ALGORITHM, Malformed::Algorithm)? != super::ALGORITHM {
            return Err(Refusal::MalformedQuery(Malformed::Algorithm));
        }
        let credential = get(CREDENTIAL, Malformed::Credential)?;
        let signed_headers = get(SIGNED_HEADERS, Malformed::SignedHeaders)?.into_owned();
        Ok(Self {
            credential: Credential::parse(&credential).map_err(Refusal::MalformedQuery)?.into_owned(),
            timestamp: Timestamp::parse(&get(DATE, Malformed::Timestamp)?).map_err(Refusal::MalformedQuery)?,
            expires: expires_of(query)?,
            signed_headers: SignedHeaders::parse(signed_headers).map_err(Refusal::MalformedQuery)?,
            signature: Signature::parse(&get(SIGNATURE, Malformed::Signature)?).map_err(Refusal::MalformedQuery)?,
        })
    }
}

pub(super) fn expires_of(query: &Query<'_>) -> Result<Expires, Refusal> {
    Expires::parse(&query.get(EXPIRES).ok_or(Refusal::ExpiresOutOfRange)?)
}
