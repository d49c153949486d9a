//! What a signature is good for: `20261120/waw3-1/s3/aws4_request`, with an access key id in front a credential.

use std::borrow::Cow;
use std::fmt;

use super::{Malformed, Refusal, ScopeDate, Timestamp};

/// The service every S3 request is signed for.
pub const S3: &str = "s3";

pub(super) const TERMINATOR: &str = "aws4_request";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope<'a> {
    date: ScopeDate,
    region: Cow<'a, str>,
    service: Cow<'a, str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential<'a> {
    access_key_id: Cow<'a, str>,
    scope: Scope<'a>,
}

/// What a scope has to name to be meant for us.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a, R> {
    pub service: &'a str,
    pub regions: &'a [R],
}

impl<'a> Scope<'a> {
    pub fn new(date: ScopeDate, region: &'a str, service: &'a str) -> Result<Self, Malformed> {
        Ok(Self { date, region: label(region)?, service: label(service)? })
    }

    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let mut parts = text.split('/');
        let (Some(date), Some(region), Some(service), Some(terminator), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Malformed::Credential);
        };
        if terminator != TERMINATOR {
            return Err(Malformed::Terminator);
        }
        Self::new(ScopeDate::parse(date)?, region, service)
    }

    pub fn date(&self) -> ScopeDate {
        self.date
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    pub fn service(&self) -> &str {
        &self.service
    }

    /// Holds the scope against the time it was signed at and against what is ours.
    pub fn check<R: AsRef<str>>(&self, signed_at: Timestamp, audience: &Audience<'_, R>) -> Result<(), Refusal> {
        // Without this a signature could be given any time of day within the day of its key.
        if self.date != signed_at.date() {
            return Err(Refusal::ScopeDate);
        }
        if self.service != audience.service {
            return Err(Refusal::ScopeService);
        }
        if !audience.regions.iter().any(|region| region.as_ref() == self.region) {
            let expected = audience.regions.first().map(|region| region.as_ref().to_owned());
            return Err(Refusal::ScopeRegion { expected });
        }
        Ok(())
    }

    pub fn into_owned(self) -> Scope<'static> {
        Scope {
            date: self.date,
            region: Cow::Owned(self.region.into_owned()),
            service: Cow::Owned(self.service.into_owned()),
        }
    }
}

impl<'a> Credential<'a> {
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let (access_key_id, scope) = text.split_once('/').ok_or(Malformed::Credential)?;
        Ok(Self { access_key_id: label(access_key_id)?, scope: Scope::parse(scope)? })
    }

    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    pub fn scope(&self) -> &Scope<'a> {
        &self.scope
    }

    pub(super) fn into_parts(self) -> (Cow<'a, str>, Scope<'a>) {
        (self.access_key_id, self.scope)
    }

    pub fn into_owned(self) -> Credential<'static> {
        Credential { access_key_id: Cow::Owned(self.access_key_id.into_owned()), scope: self.scope.into_owned() }
    }
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}

impl fmt::Display for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.access_key_id, self.scope)
    }
}

/// An access key id, region or service. None of these can hold a separator of the formats they stand in.
fn label(text: &str) -> Result<Cow<'_, str>, Malformed> {
    let is_label_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !text.is_empty() && text.bytes().all(is_label_byte) {
        Ok(Cow::Borrowed(text))
    } else {
        Err(Malformed::Credential)
    }
}
