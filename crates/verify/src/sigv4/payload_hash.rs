//! `x-amz-content-sha256`: what the signature says about the body.
//!
//! Exhaustive on purpose. A mode that is not listed is refused, and whoever matches on it has to say what each mode
//! means for the body: real gateways have let requests through because one mode fell into a default arm.

use std::fmt;

use super::{Refusal, Sha256Digest};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadHash {
    /// The body hashes to this.
    Sha256(Sha256Digest),
    /// The signature says nothing about the body.
    Unsigned,
    /// Each chunk carries a signature of its own.
    SignedChunks,
    /// As `SignedChunks`, and the trailing headers are signed as well.
    SignedChunksWithTrailer,
    /// Chunks and trailing headers, neither signed.
    UnsignedChunksWithTrailer,
}

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const SIGNED_CHUNKS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_CHUNKS_WITH_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_CHUNKS_WITH_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

impl PayloadHash {
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            UNSIGNED => Ok(Self::Unsigned),
            SIGNED_CHUNKS => Ok(Self::SignedChunks),
            SIGNED_CHUNKS_WITH_TRAILER => Ok(Self::SignedChunksWithTrailer),
            UNSIGNED_CHUNKS_WITH_TRAILER => Ok(Self::UnsignedChunksWithTrailer),
            digest => Sha256Digest::parse(digest).map(Self::Sha256).map_err(|_| Refusal::MalformedPayloadHash),
        }
    }
}

impl fmt::Display for PayloadHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digest) => digest.fmt(f),
            Self::Unsigned => f.write_str(UNSIGNED),
            Self::SignedChunks => f.write_str(SIGNED_CHUNKS),
            Self::SignedChunksWithTrailer => f.write_str(SIGNED_CHUNKS_WITH_TRAILER),
            Self::UnsignedChunksWithTrailer => f.write_str(UNSIGNED_CHUNKS_WITH_TRAILER),
        }
    }
}
