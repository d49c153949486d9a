//! The text that is signed: an algorithm, a time, a scope and the hashes of what they vouch for.
//!
//! The grammar is strict enough for parsing and printing to be each other's inverse. What is verified is therefore
//! printed anew from what was parsed, and no byte that was not understood is ever signed.

use std::fmt;
use std::str::Split;

use super::{ALGORITHM, Malformed, Scope, Sha256Digest, Signature, Timestamp};

pub struct StringToSign<'a> {
    pub timestamp: Timestamp,
    pub scope: Scope<'a>,
    pub subject: Subject,
}

/// What is being signed.
pub enum Subject {
    /// A request, by the hash of its canonical form.
    Request { canonical_request: Sha256Digest },
    /// A piece of a streamed body, chained to the signature before it.
    Chunk { previous: Signature, content: Sha256Digest },
    /// The headers after a streamed body, chained to the signature of the last chunk.
    Trailer { previous: Signature, headers: Sha256Digest },
}

const CHUNK_ALGORITHM: &str = "AWS4-HMAC-SHA256-PAYLOAD";
const TRAILER_ALGORITHM: &str = "AWS4-HMAC-SHA256-TRAILER";

impl<'a> StringToSign<'a> {
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let mut lines = text.split('\n');
        let parse_subject = match next(&mut lines)? {
            ALGORITHM => Subject::parse_request,
            CHUNK_ALGORITHM => Subject::parse_chunk,
            TRAILER_ALGORITHM => Subject::parse_trailer,
            _ => return Err(Malformed::Algorithm),
        };
        let timestamp = Timestamp::parse(next(&mut lines)?)?;
        let scope = Scope::parse(next(&mut lines)?)?;
        let subject = parse_subject(&mut lines)?;
        if lines.next().is_some() { Err(Malformed::Layout) } else { Ok(Self { timestamp, scope, subject }) }
    }

    /// Not `Display`: the signature a chunk is chained to belongs in no log.
    pub fn write_to(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let Self { timestamp, scope, subject } = self;
        match subject {
            Subject::Request { canonical_request } => {
                write!(out, "{ALGORITHM}\n{timestamp}\n{scope}\n{canonical_request}")
            }
            Subject::Chunk { previous, content } => {
                write!(out, "{CHUNK_ALGORITHM}\n{timestamp}\n{scope}\n")?;
                previous.write_hex(out)?;
                write!(out, "\n{}\n{content}", Sha256Digest::OF_NOTHING)
            }
            Subject::Trailer { previous, headers } => {
                write!(out, "{TRAILER_ALGORITHM}\n{timestamp}\n{scope}\n")?;
                previous.write_hex(out)?;
                write!(out, "\n{headers}")
            }
        }
    }
}

impl Subject {
    fn parse_request(lines: &mut Lines<'_>) -> Result<Self, Malformed> {
        Ok(Self::Request { canonical_request: Sha256Digest::parse(next(lines)?)? })
    }

    fn parse_chunk(lines: &mut Lines<'_>) -> Result<Self, Malformed> {
        let previous = Signature::parse(next(lines)?)?;
        // Where a request would have headers to hash, a chunk has none.
        if Sha256Digest::parse(next(lines)?)? != Sha256Digest::OF_NOTHING {
            return Err(Malformed::Digest);
        }
        Ok(Self::Chunk { previous, content: Sha256Digest::parse(next(lines)?)? })
    }

    fn parse_trailer(lines: &mut Lines<'_>) -> Result<Self, Malformed> {
        let previous = Signature::parse(next(lines)?)?;
        Ok(Self::Trailer { previous, headers: Sha256Digest::parse(next(lines)?)? })
    }
}

type Lines<'a> = Split<'a, char>;

fn next<'a>(lines: &mut Lines<'a>) -> Result<&'a str, Malformed> {
    lines.next().ok_or(Malformed::Layout)
}
