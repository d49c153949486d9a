//! The text whose hash is signed: method, path, query, headers, list of headers, payload hash.
//!
//! S3 encodes the path once and never normalises it: `//`, `.` and `..` are parts of an object's name.

use std::io::Write;

use super::percent::{self, Component};
use super::{Header, PayloadHash, Query, Refusal, Request, Sha256Digest, SignedHeaders};

pub struct CanonicalRequest(Vec<u8>);

impl CanonicalRequest {
    /// `query` is the request's own, parsed.
    pub fn build(
        request: &Request<'_>,
        query: &Query<'_>,
        signed_headers: &SignedHeaders<'_>,
        payload_hash: PayloadHash,
    ) -> Result<Self, Refusal> {
        let method_is_a_word = !request.method.is_empty() && request.method.bytes().all(|b| b.is_ascii_uppercase());
        if !method_is_a_word {
            return Err(Refusal::MalformedRequest);
        }
        let (path, raw_query) = request.path_and_query()?;
        let path = percent::canonical(path, Component::Path)?;

        let mut text = Vec::with_capacity(TYPICAL_HEADERS + 2 * (path.len() + raw_query.len()));
        text.extend_from_slice(request.method.as_bytes());
        text.push(b'\n');
        text.extend_from_slice(path.as_bytes());
        text.push(b'\n');
        query.write_to(&mut text);
        text.push(b'\n');
        for name in signed_headers.names() {
            write_header(name, request.headers, &mut text)?;
        }
        // Writing to a Vec cannot fail.
        let _ = write!(text, "\n{signed_headers}\n{payload_hash}");
        Ok(Self(text))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.0)
    }
}

const TYPICAL_HEADERS: usize = 512;

/// All values of the header on one line, joined by commas in the order they were sent.
fn write_header(name: &str, headers: &[Header<'_>], text: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut values = headers.iter().filter(|header| header.is(name)).map(|header| header.value);
    text.extend_from_slice(name.as_bytes());
    text.push(b':');
    write_folded(values.next().ok_or(Refusal::SignedHeaderMissing)?, text)?;
    for value in values {
        text.push(b',');
        write_folded(value, text)?;
    }
    text.push(b'\n');
    Ok(())
}

/// Without the spaces around it, and with one space for each run of spaces inside.
fn write_folded(value: &[u8], text: &mut Vec<u8>) -> Result<(), Refusal> {
    // A line break would let a value pose as further lines of the canonical request.
    if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | b'\0')) {
        return Err(Refusal::MalformedRequest);
    }
    let words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    for (position, word) in words.enumerate() {
        if position > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(word);
    }
    Ok(())
}
