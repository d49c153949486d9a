//! A canonical request that a gateway built, which we see instead of the request itself.
//!
//! Headers that were sent but not signed are not in it: that no `x-amz-*` header was left out, only the gateway can
//! tell.

use super::presigned::expires_of;
use super::{Form, PayloadHash, Query, Refusal, Sha256Digest, SignedHeaders};

pub struct CanonicalText {
    pub digest: Sha256Digest,
    pub form: Form,
    pub payload_hash: PayloadHash,
}

impl CanonicalText {
    /// Reads the list of signed headers from the end and holds it against the headers that are there.
    pub fn parse(text: &[u8]) -> Result<Self, Refusal> {
        let mut lines = text.split(|byte| *byte == b'\n');
        let (Some(_method), Some(_path), Some(query)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(Refusal::MalformedRequest);
        };
        let (Some(payload_hash), Some(signed_headers), Some(b"")) =
            (lines.next_back(), lines.next_back(), lines.next_back())
        else {
            return Err(Refusal::MalformedRequest);
        };
        let signed_headers = SignedHeaders::parse(utf8(signed_headers)?).map_err(Refusal::MalformedHeader)?;
        let names = lines.map(|line| line.split(|byte| *byte == b':').next().unwrap_or_default());
        if !names.eq(signed_headers.names().map(str::as_bytes)) {
            return Err(Refusal::SignedHeaderMissing);
        }

        let query = Query::parse(query)?;
        signed_headers.must_list("host")?;
        let form = if query.is_presigned() {
            Form::Presigned(expires_of(&query)?)
        } else {
            signed_headers.must_list("x-amz-date")?;
            Form::Header
        };
        Ok(Self { digest: Sha256Digest::of(text), form, payload_hash: PayloadHash::parse(utf8(payload_hash)?)? })
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Refusal> {
    str::from_utf8(bytes).map_err(|_| Refusal::MalformedRequest)
}
