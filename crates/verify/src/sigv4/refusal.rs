//! Why a request is refused, and how S3 says so.
//!
//! A refusal names the rule that was broken and nothing the requester sent, apart from our own expected region: it may
//! be logged and returned whole. It does not know the refusals that depend on the state of a key.

use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the request carries no signature")]
    Unsigned,
    #[error("the request is signed in its headers and in its query")]
    SignedTwice,
    #[error("a header or query parameter that may stand once is repeated")]
    Repeated,
    #[error("the method, target or a header of the request is not valid HTTP")]
    MalformedRequest,
    #[error("the signing headers have a malformed {0}")]
    MalformedHeader(Malformed),
    #[error("the signing query parameters have a malformed {0}")]
    MalformedQuery(Malformed),
    #[error("the string to sign has a malformed {0}")]
    MalformedStringToSign(Malformed),
    #[error("x-amz-content-sha256 is missing")]
    MissingPayloadHash,
    #[error("x-amz-content-sha256 is neither a SHA-256 nor a known mode")]
    MalformedPayloadHash,
    #[error("`host` or a header beginning with x-amz- is not signed")]
    HeaderNotSigned,
    #[error("a signed header is not in the request")]
    SignedHeaderMissing,
    #[error("the scope's date is not the day of the timestamp")]
    ScopeDate,
    #[error("the scope's service is not ours")]
    ScopeService,
    #[error("the scope's region is not ours")]
    ScopeRegion { expected: Option<String> },
    #[error("the timestamp is too far from our time")]
    Skewed,
    #[error("the presigned request is not valid yet")]
    NotYetValid,
    #[error("the presigned request has expired")]
    Expired,
    #[error("X-Amz-Expires is not within 1 to 604800 seconds")]
    ExpiresOutOfRange,
    #[error("the signature does not match")]
    SignatureDoesNotMatch,
}

/// What could not be read. Each parser reports its own part; where that part stood is added by [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Malformed {
    #[error("layout")]
    Layout,
    #[error("algorithm")]
    Algorithm,
    #[error("credential")]
    Credential,
    #[error("scope terminator")]
    Terminator,
    #[error("timestamp")]
    Timestamp,
    #[error("list of signed headers")]
    SignedHeaders,
    #[error("signature")]
    Signature,
    #[error("digest")]
    Digest,
}

impl Refusal {
    /// The `Code` of the S3 error document.
    pub fn s3_code(&self) -> &'static str {
        match self {
            Self::MalformedHeader(_)
            | Self::MalformedStringToSign(_)
            | Self::MalformedQuery(Malformed::Algorithm | Malformed::Terminator)
            | Self::ScopeDate
            | Self::ScopeService
            | Self::ScopeRegion { .. } => "AuthorizationHeaderMalformed",
            Self::MalformedQuery(_) | Self::ExpiresOutOfRange => "AuthorizationQueryParametersError",
            Self::SignedTwice | Self::Repeated | Self::MalformedPayloadHash => "InvalidArgument",
            Self::MalformedRequest | Self::MissingPayloadHash => "InvalidRequest",
            Self::Unsigned | Self::HeaderNotSigned | Self::SignedHeaderMissing | Self::NotYetValid | Self::Expired => {
                "AccessDenied"
            }
            Self::Skewed => "RequestTimeTooSkewed",
            Self::SignatureDoesNotMatch => "SignatureDoesNotMatch",
        }
    }

    /// The HTTP status S3 sends with [`s3_code`](Self::s3_code).
    pub fn status(&self) -> u16 {
        match self {
            Self::SignedTwice
            | Self::Repeated
            | Self::MalformedRequest
            | Self::MalformedHeader(_)
            | Self::MalformedQuery(_)
            | Self::MalformedStringToSign(_)
            | Self::MissingPayloadHash
            | Self::MalformedPayloadHash
            | Self::ScopeDate
            | Self::ScopeService
            | Self::ScopeRegion { .. }
            | Self::ExpiresOutOfRange => 400,
            Self::Unsigned
            | Self::HeaderNotSigned
            | Self::SignedHeaderMissing
            | Self::Skewed
            | Self::NotYetValid
            | Self::Expired
            | Self::SignatureDoesNotMatch => 403,
        }
    }

    /// One word for a log, coarser than the variant and stable across versions.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::SignedTwice | Self::Repeated => "ambiguous",
            Self::MalformedHeader(part) | Self::MalformedQuery(part) | Self::MalformedStringToSign(part) => {
                part.reason()
            }
            Self::MalformedRequest => "malformed",
            Self::MissingPayloadHash | Self::MalformedPayloadHash => "payload_hash",
            Self::HeaderNotSigned | Self::SignedHeaderMissing => "signed_headers",
            Self::ScopeDate | Self::ScopeService | Self::ScopeRegion { .. } => "scope",
            Self::Skewed | Self::NotYetValid => "skew",
            Self::Expired | Self::ExpiresOutOfRange => "request_expired",
            Self::SignatureDoesNotMatch => "signature",
        }
    }

    /// The region to sign for instead, which lets an SDK correct itself and try again.
    pub fn expected_region(&self) -> Option<&str> {
        if let Self::ScopeRegion { expected } = self { expected.as_deref() } else { None }
    }
}

impl Malformed {
    fn reason(self) -> &'static str {
        match self {
            Self::Algorithm | Self::Terminator => "scope",
            Self::Layout
            | Self::Credential
            | Self::Timestamp
            | Self::SignedHeaders
            | Self::Signature
            | Self::Digest => "malformed",
        }
    }
}
