//! The query of a request in canonical form.

use std::borrow::Cow;

use super::Refusal;
use super::percent::{self, Component};

/// Parameters in canonical encoding, sorted by name and then value as the encoded bytes sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query<'a>(Vec<Parameter<'a>>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

pub(super) const ALGORITHM: &str = "X-Amz-Algorithm";
pub(super) const CREDENTIAL: &str = "X-Amz-Credential";
pub(super) const DATE: &str = "X-Amz-Date";
pub(super) const EXPIRES: &str = "X-Amz-Expires";
pub(super) const SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";
pub(super) const SIGNATURE: &str = "X-Amz-Signature";
const SECURITY_TOKEN: &str = "X-Amz-Security-Token";
pub(super) const CONTENT_SHA256: &str = "X-Amz-Content-Sha256";

/// One of these alone makes a request a presigned one.
const OF_A_SIGNATURE: [&str; 6] = [ALGORITHM, CREDENTIAL, DATE, EXPIRES, SIGNED_HEADERS, SIGNATURE];

impl<'a> Query<'a> {
    pub fn parse(raw: &'a [u8]) -> Result<Self, Refusal> {
        let mut parameters = raw
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(Parameter::parse)
            .collect::<Result<Vec<_>, _>>()?;
        parameters.sort_unstable();
        let query = Self(parameters);
        query.amz_parameters_stand_once()?;
        Ok(query)
    }

    /// Whether any parameter, however it is capitalised, claims to sign the request.
    pub fn is_presigned(&self) -> bool {
        OF_A_SIGNATURE.iter().any(|name| self.spellings_of(name) > 0)
    }

    pub(super) fn has_session_token(&self) -> bool {
        self.spellings_of(SECURITY_TOKEN) > 0
    }

    /// Appends the canonical query. A signature cannot cover itself and is left out.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let signed = self.0.iter().filter(|parameter| parameter.name != SIGNATURE);
        for (position, parameter) in signed.enumerate() {
            if position > 0 {
                out.push(b'&');
            }
            out.extend_from_slice(parameter.name.as_bytes());
            out.push(b'=');
            out.extend_from_slice(parameter.value.as_bytes());
        }
    }

    /// The decoded value of a parameter, spelled exactly so.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.iter().find(|parameter| parameter.name == name).map(|parameter| percent::decode(&parameter.value))
    }

    pub(super) fn decoded(&self) -> Vec<(String, String)> {
        let decoded = |text: &str| percent::decode(text).into_owned();
        self.0.iter().map(|parameter| (decoded(&parameter.name), decoded(&parameter.value))).collect()
    }

    /// Two values for one name would let the verifier and whoever acts on the request choose differently, and so would
    /// two spellings of a name the verifier reads.
    fn amz_parameters_stand_once(&self) -> Result<(), Refusal> {
        let repeated = self.0.windows(2).any(|neighbours| match neighbours {
            [left, right] => left.is_amz() && left.name == right.name,
            _ => false,
        });
        let mut read_here = OF_A_SIGNATURE.iter().chain(&[SECURITY_TOKEN, CONTENT_SHA256]);
        if repeated || read_here.any(|name| self.spellings_of(name) > 1) { Err(Refusal::Repeated) } else { Ok(()) }
    }

    fn spellings_of(&self, name: &str) -> usize {
        self.0.iter().filter(|parameter| parameter.name.eq_ignore_ascii_case(name)).count()
    }
}

impl<'a> Parameter<'a> {
    fn parse(pair: &'a [u8]) -> Result<Self, Refusal> {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || percent::canonical(halves.next().unwrap_or_default(), Component::Query);
        Ok(Self { name: half()?, value: half()? })
    }

    fn is_amz(&self) -> bool {
        self.name.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("x-amz-"))
    }
}
