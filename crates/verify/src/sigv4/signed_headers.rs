//! `host;x-amz-content-sha256;x-amz-date`: the headers a signature covers.

use std::borrow::Cow;
use std::fmt;

use super::{Header, Malformed, Refusal};

/// Lowercase names in strictly ascending order, so that none stands twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders<'a>(Cow<'a, str>);

impl<'a> SignedHeaders<'a> {
    pub fn parse(text: impl Into<Cow<'a, str>>) -> Result<Self, Malformed> {
        let headers = Self(text.into());
        if headers.names().all(is_lowercase_name) && headers.names().is_sorted_by(|left, right| left < right) {
            Ok(headers)
        } else {
            Err(Malformed::SignedHeaders)
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(';')
    }

    /// Refuses if a header that S3 acts upon could have been added or changed after signing.
    pub fn must_cover(&self, headers: &[Header<'_>]) -> Result<(), Refusal> {
        self.must_list("host")?;
        headers.iter().filter(|header| header.is_amz()).try_for_each(|header| self.must_list(header.name))
    }

    pub(super) fn must_list(&self, header: &str) -> Result<(), Refusal> {
        let listed = self.names().any(|name| name.eq_ignore_ascii_case(header));
        if listed { Ok(()) } else { Err(Refusal::HeaderNotSigned) }
    }
}

impl fmt::Display for SignedHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_lowercase_name(name: &str) -> bool {
    let is_name_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_name_byte)
}
