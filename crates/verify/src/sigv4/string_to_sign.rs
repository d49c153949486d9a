//! The text that is signed: an algorithm, a time, a scope and the hashes of what they vouch for.
//!
//! The grammar is strict enough for parsing and printing to be each other's inverse. What is verified is therefore
//! printed anew from what was parsed, and no byte that was not understood is ever signed.

use std::fmt;

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
        let mut line = || lines.next().ok_or(Malformed::Layout);

        let algorithm = line()?;
        let timestamp = Timestamp::parse(line()?)?;
        let scope = Scope::parse(line()?)?;
        let subject = match algorithm {
            ALGORITHM => Subject::Request { canonical_request: Sha256Digest::parse(line()?)? },
            CHUNK_ALGORITHM => {
                let previous = Signature::parse(line()?)?;
                if Sha256Digest::parse(line()?)? != Sha256Digest::OF_NOTHING {
                    return Err(Malformed::Digest);
                }
                Subject::Chunk { previous, content: Sha256Digest::parse(line()?)? }
            }
            TRAILER_ALGORITHM => {
                let previous = Signature::parse(line()?)?;
                Subject::Trailer { previous, headers: Sha256Digest::parse(line()?)? }
            }
            _ => return Err(Malformed::Algorithm),
        };
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
