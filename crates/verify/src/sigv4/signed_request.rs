//! A whole request, reduced to who claims to have signed it and what exactly.

use std::borrow::Cow;

use super::query;
use super::{
    Authorization, CanonicalRequest, Credential, Form, Malformed, PayloadHash, Presented, Presigned, Query, Refusal,
    Request, Signature, SignedHeaders, StringToSign, Subject, Timestamp,
};

pub struct SignedRequest<'a> {
    pub access_key_id: Cow<'a, str>,
    /// What the signature says of the body, for whoever receives the body to check.
    pub payload_hash: PayloadHash,
    /// A session token marks temporary credentials, whose secret is not that of the access key.
    pub has_session_token: bool,
    pub presented: Presented<'a>,
}

impl<'a> SignedRequest<'a> {
    pub fn parse(request: &Request<'a>) -> Result<Self, Refusal> {
        let (_, raw_query) = request.path_and_query()?;
        let query = Query::parse(raw_query)?;
        let envelope = match (request.only("authorization")?, query.is_presigned()) {
            (Some(_), true) => return Err(Refusal::SignedTwice),
            (None, false) => return Err(Refusal::Unsigned),
            (Some(authorization), false) => Envelope::from_headers(authorization, request)?,
            (None, true) => Envelope::from_query(&query, request)?,
        };
        // Values of one header are joined by commas before they are signed, but two hosts may be two buckets.
        request.only("host")?;
        envelope.signed_headers.must_cover(request.headers)?;

        let canonical_request =
            CanonicalRequest::build(request, &query, &envelope.signed_headers, envelope.payload_hash)?;
        let (access_key_id, scope) = envelope.credential.into_parts();
        let subject = Subject::Request { canonical_request: canonical_request.digest() };
        Ok(Self {
            access_key_id,
            payload_hash: envelope.payload_hash,
            has_session_token: request.only("x-amz-security-token")?.is_some() || query.has_session_token(),
            presented: Presented {
                form: envelope.form,
                string_to_sign: StringToSign { timestamp: envelope.timestamp, scope, subject },
                signature: envelope.signature,
            },
        })
    }
}

/// What either place for a signature has to say.
struct Envelope<'a> {
    form: Form,
    credential: Credential<'a>,
    timestamp: Timestamp,
    signed_headers: SignedHeaders<'a>,
    signature: Signature,
    payload_hash: PayloadHash,
}

impl<'a> Envelope<'a> {
    fn from_headers(authorization: &'a str, request: &Request<'a>) -> Result<Self, Refusal> {
        let Authorization { credential, signed_headers, signature } =
            Authorization::parse(authorization).map_err(Refusal::MalformedHeader)?;
        // `Date` is not a substitute: it need not be signed.
        let timestamp = request.only("x-amz-date")?.ok_or(Refusal::MalformedHeader(Malformed::Timestamp))?;
        let payload_hash = request.only("x-amz-content-sha256")?.ok_or(Refusal::MissingPayloadHash)?;
        Ok(Self {
            form: Form::Header,
            credential,
            timestamp: Timestamp::parse(timestamp).map_err(Refusal::MalformedHeader)?,
            signed_headers,
            signature,
            payload_hash: PayloadHash::parse(payload_hash)?,
        })
    }

    fn from_query(query: &Query<'_>, request: &Request<'_>) -> Result<Self, Refusal> {
        let Presigned { credential, timestamp, expires, signed_headers, signature } = Presigned::parse(query)?;
        let in_header = request.only("x-amz-content-sha256")?;
        let payload_hash = match (query.get(query::CONTENT_SHA256), in_header) {
            (Some(_), Some(_)) => return Err(Refusal::Repeated),
            (Some(text), None) => PayloadHash::parse(&text)?,
            (None, Some(text)) => PayloadHash::parse(text)?,
            (None, None) => PayloadHash::Unsigned,
        };
        let form = Form::Presigned(expires);
        Ok(Self { form, credential, timestamp, signed_headers, signature, payload_hash })
    }
}
