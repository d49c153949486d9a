//! A request as it came over the wire, undecoded.

use super::percent::{self, Component};
use super::{Query, Refusal};

#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Path and query, exactly as sent.
    pub target: &'a [u8],
    /// In the order sent; `host` is among them.
    pub headers: &'a [Header<'a>],
}

#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    pub name: &'a str,
    pub value: &'a [u8],
}

impl<'a> Request<'a> {
    /// The path, and the query if there is a `?`.
    pub fn path_and_query(&self) -> Result<(&'a [u8], &'a [u8]), Refusal> {
        if !self.target.starts_with(b"/") {
            return Err(Refusal::MalformedRequest);
        }
        let mut halves = self.target.splitn(2, |byte| *byte == b'?');
        Ok((halves.next().unwrap_or_default(), halves.next().unwrap_or_default()))
    }

    /// The path as a server reads it.
    pub fn decoded_path(&self) -> Result<String, Refusal> {
        let (path, _) = self.path_and_query()?;
        Ok(percent::decode(&percent::canonical(path, Component::Path)?).into_owned())
    }

    /// The names and values of the query, likewise.
    pub fn decoded_query(&self) -> Result<Vec<(String, String)>, Refusal> {
        let (_, query) = self.path_and_query()?;
        Ok(Query::parse(query)?.decoded())
    }

    /// The value of a header that decides who is asking, where two values would let two readers choose differently.
    pub fn only(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut found = self.headers.iter().filter(|header| header.is(name));
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(header), None) => str::from_utf8(header.value)
                .map(|value| Some(value.trim_matches(' ')))
                .map_err(|_| Refusal::MalformedRequest),
            (Some(_), Some(_)) => Err(Refusal::Repeated),
        }
    }
}

impl Header<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn is_amz(&self) -> bool {
        self.name.as_bytes().get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"x-amz-"))
    }
}
