//! AWS Signature Version 4 as S3 speaks it, seen from the side that verifies.
//!
//! The way through: a whole request is read by [`SignedRequest`], what a gateway reduced it to by [`StringToSign`] or
//! [`CanonicalText`]. Each ends in a [`Presented`] signature, which is first admitted by the rules of scope and time and
//! then verified:
//!
//! ```
//! # use chrono::{DateTime, Utc};
//! # use keyreeve_verify::sigv4::{Audience, Form, Presented, Refusal, S3, Signature, SigningKey, StringToSign};
//! fn verify(text: &str, signature: &str, secret: &[u8], now: DateTime<Utc>) -> Result<(), Refusal> {
//!     let presented = Presented {
//!         form: Form::Header,
//!         string_to_sign: StringToSign::parse(text).map_err(Refusal::MalformedStringToSign)?,
//!         signature: Signature::parse(signature).map_err(Refusal::MalformedHeader)?,
//!     };
//!     presented.admit(&Audience { service: S3, regions: &["waw3-1"] }, now)?;
//!     presented.verify(&SigningKey::derive(secret, &presented.string_to_sign.scope))
//! }
//! ```
//!
//! One algorithm is known, `AWS4-HMAC-SHA256`; anything else is refused and never falls back to an older one.
//! Deliberately unknown here: whether a key exists, is alive or may do what it asks, and the body of the request, which
//! whoever receives it has to hold against [`PayloadHash`].

mod authorization;
mod canonical_request;
mod canonical_text;
mod digest;
mod hex;
mod payload_hash;
mod percent;
mod presented;
mod presigned;
mod query;
mod refusal;
mod request;
mod scope;
mod signature;
mod signed_headers;
mod signed_request;
mod signing_key;
mod string_to_sign;
mod timestamp;
mod validity;

pub use authorization::Authorization;
pub use canonical_request::CanonicalRequest;
pub use canonical_text::CanonicalText;
pub use digest::Sha256Digest;
pub use payload_hash::PayloadHash;
pub use presented::Presented;
pub use presigned::Presigned;
pub use query::Query;
pub use refusal::{Malformed, Refusal};
pub use request::{Header, Request};
pub use scope::{Audience, Credential, S3, Scope};
pub use signature::Signature;
pub use signed_headers::SignedHeaders;
pub use signed_request::SignedRequest;
pub use signing_key::SigningKey;
pub use string_to_sign::{StringToSign, Subject};
pub use timestamp::{ScopeDate, Timestamp};
pub use validity::{Expires, Form};

/// The one algorithm that is verified.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
