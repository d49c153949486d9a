//! A request that verifies, and everything that may be done to it: each change has to be refused, and for the reason
//! that is true.

use chrono::{TimeDelta, Utc};
use keyreeve_verify::sigv4::Malformed::{Algorithm, Credential, Signature, SignedHeaders, Terminator, Timestamp};
use keyreeve_verify::sigv4::Refusal::{
    self, Expired, ExpiresOutOfRange, HeaderNotSigned, MalformedHeader, MalformedPayloadHash, MalformedQuery,
    MalformedRequest, MissingPayloadHash, NotYetValid, Repeated, ScopeDate, ScopeService, SignedHeaderMissing,
    SignedTwice, Skewed, Unsigned,
};
use keyreeve_verify::sigv4::Sha256Digest;

use crate::support::{ACCESS_KEY_ID, OwnedRequest, Place, REGION, at};
use crate::vectors::with_one_digit_changed;

type Forgery = (&'static str, fn(&mut OwnedRequest), Refusal);

const MISMATCH: Refusal = Refusal::SignatureDoesNotMatch;

#[test]
fn what_is_forged_below_verifies_unforged() {
    assert_eq!(in_headers().verify(signed_at()), Ok(()));
    assert_eq!(in_query().verify(signed_at()), Ok(()));
}

#[test]
fn no_change_to_a_request_signed_in_its_headers_goes_unnoticed() {
    let forgeries: &[Forgery] = &[
        ("another method", |r| r.method = "DELETE".into(), MISMATCH),
        ("another object", |r| r.replace_in_target("a%20b", "a%20c"), MISMATCH),
        ("another bucket", |r| r.replace_in_header("host", "media", "other"), MISMATCH),
        ("a port added", |r| r.replace_in_header("host", "example.com", "example.com:8443"), MISMATCH),
        ("a slash doubled", |r| r.replace_in_target("/a", "//a"), MISMATCH),
        ("a way back up", |r| r.replace_in_target("/a%20b", "/x/../a%20b"), MISMATCH),
        ("a slash for an encoded slash", |r| r.replace_in_target("%2F", "/"), MISMATCH),
        ("a path encoded twice", |r| r.replace_in_target("%20", "%2520"), MISMATCH),
        ("a parameter changed", |r| r.replace_in_target("tag=1", "tag=2"), MISMATCH),
        ("a parameter repeated", |r| r.replace_in_target("tag=1", "tag=1&tag=1"), MISMATCH),
        ("a parameter dropped", |r| r.replace_in_target("&tag=1", ""), MISMATCH),
        ("a parameter added", |r| r.replace_in_target("tag=1", "tag=1&versionId=2"), MISMATCH),
        ("the query dropped", |r| r.replace_in_target("?acl&tag=1", ""), MISMATCH),
        ("a value changed", |r| r.replace_in_header("x-amz-meta-a", "first", "other"), MISMATCH),
        ("a value's inner space dropped", |r| r.replace_in_header("x-amz-meta-a", "first  one", "firstone"), MISMATCH),
        ("a value added to a signed header", |r| r.headers.push(("x-amz-meta-a".into(), b"2".to_vec())), MISMATCH),
        ("a signed header dropped", |r| r.without("x-amz-meta-a"), SignedHeaderMissing),
        ("a header added", |r| r.headers.push(("X-Amz-Acl".into(), b"public-read".to_vec())), HeaderNotSigned),
        ("a token added", |r| r.headers.push(("x-amz-security-token".into(), vec![])), HeaderNotSigned),
        ("a payload mode changed", |r| set(r, "x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), MISMATCH),
        ("a payload hash changed", |r| set(r, "x-amz-content-sha256", &Sha256Digest::OF_NOTHING.to_string()), MISMATCH),
        ("an unknown payload mode", |r| set(r, "x-amz-content-sha256", "NONE"), MalformedPayloadHash),
        ("no payload hash", |r| r.without("x-amz-content-sha256"), MissingPayloadHash),
        ("two payload hashes", |r| repeat(r, "x-amz-content-sha256"), Repeated),
        ("the time of day changed", |r| r.replace_in_header("x-amz-date", "T150405Z", "T150406Z"), MISMATCH),
        ("the day changed", |r| r.replace_in_header("x-amz-date", "20261120", "20261121"), ScopeDate),
        ("two times", |r| repeat(r, "x-amz-date"), Repeated),
        ("no time", |r| r.without("x-amz-date"), MalformedHeader(Timestamp)),
        (
            "a time in another spelling",
            |r| set(r, "x-amz-date", "Fri, 20 Nov 2026 15:04:05 GMT"),
            MalformedHeader(Timestamp),
        ),
        ("two hosts", |r| repeat(r, "host"), Repeated),
        ("no host", |r| r.without("host"), SignedHeaderMissing),
        ("host not signed", |r| in_authorization(r, "host;", ""), HeaderNotSigned),
        ("the time not signed", |r| in_authorization(r, ";x-amz-date", ""), HeaderNotSigned),
        ("a header no longer signed", |r| in_authorization(r, ";x-amz-meta-a", ""), HeaderNotSigned),
        ("a signed header that is not there", |r| in_authorization(r, "host;", "accept;host;"), SignedHeaderMissing),
        (
            "signed headers out of order",
            |r| in_authorization(r, "=host;x-amz-content-sha256;", "=x-amz-content-sha256;host;"),
            MalformedHeader(SignedHeaders),
        ),
        ("scope: another day", |r| in_authorization(r, "/20261120/", "/20261119/"), ScopeDate),
        ("scope: another region of ours", |r| in_authorization(r, REGION, "fra1-2"), MISMATCH),
        ("scope: another's region", |r| in_authorization(r, REGION, "us-east-1"), elsewhere()),
        ("scope: another service", |r| in_authorization(r, "/s3/", "/sts/"), ScopeService),
        ("scope: region and service swapped", |r| in_authorization(r, "waw3-1/s3", "s3/waw3-1"), ScopeService),
        (
            "scope: day and region swapped",
            |r| in_authorization(r, "20261120/waw3-1", "waw3-1/20261120"),
            MalformedHeader(Credential),
        ),
        (
            "scope: another terminator",
            |r| in_authorization(r, "aws4_request", "aws5_request"),
            MalformedHeader(Terminator),
        ),
        ("another algorithm", |r| in_authorization(r, "SHA256", "SHA1"), MalformedHeader(Algorithm)),
        ("the algorithm of a chunk", |r| in_authorization(r, "SHA256", "SHA256-PAYLOAD"), MalformedHeader(Algorithm)),
        (
            "version 2",
            |r| set(r, "authorization", "AWS NQAKEXAMPLE000000000:frJIUN8DYpKDtOLCwo//yllqDzg="),
            MalformedHeader(Algorithm),
        ),
        ("a bearer token", |r| set(r, "authorization", "Bearer token"), MalformedHeader(Algorithm)),
        ("two authorizations", |r| repeat(r, "authorization"), Repeated),
        ("no authorization", |r| r.without("authorization"), Unsigned),
        ("signed in the query as well", |r| r.replace_in_target("tag=1", "tag=1&X-Amz-Signature=0"), SignedTwice),
        (
            "a credential in the query as well",
            |r| r.replace_in_target("tag=1", "tag=1&x-amz-credential=0"),
            SignedTwice,
        ),
        ("the same, encoded", |r| r.replace_in_target("tag=1", "tag=1&X-Amz%2DCredential=0"), SignedTwice),
        ("lines in the method", |r| r.method = "PUT\n/other".into(), MalformedRequest),
        (
            "lines in a value",
            |r| r.replace_in_header("x-amz-meta-a", "first", "first\nx-amz-acl:public-read"),
            MalformedRequest,
        ),
        ("a broken escape", |r| r.replace_in_target("%20", "%2g"), MalformedRequest),
        ("an absolute target", |r| r.replace_in_target("/a", "http://s3.example.com/a"), MalformedRequest),
    ];
    each_is_refused(forgeries, in_headers);
}

#[test]
fn no_change_to_a_presigned_request_goes_unnoticed() {
    let forgeries: &[Forgery] = &[
        ("another method", |r| r.method = "DELETE".into(), MISMATCH),
        ("another object", |r| r.replace_in_target("a%20b", "a%20c"), MISMATCH),
        ("another host", |r| r.replace_in_header("host", "media", "other"), MISMATCH),
        ("a parameter changed", |r| r.replace_in_target("tag=1", "tag=2"), MISMATCH),
        ("a parameter added", |r| r.target.extend(b"&versionId=2"), MISMATCH),
        ("a longer life", |r| r.replace_in_target("Expires=3600", "Expires=7200"), MISMATCH),
        ("too long a life", |r| r.replace_in_target("Expires=3600", "Expires=604801"), ExpiresOutOfRange),
        ("no end", |r| r.replace_in_target("&X-Amz-Expires=3600", ""), ExpiresOutOfRange),
        ("two ends", |r| r.target.extend(b"&X-Amz-Expires=3600"), Repeated),
        ("two ends, spelled apart", |r| r.target.extend(b"&x-amz-expires=604800"), Repeated),
        ("two signatures", |r| r.target.extend(b"&X-Amz-Signature=0"), Repeated),
        ("two credentials", |r| r.target.extend(b"&X-Amz%2dCredential=0"), Repeated),
        ("a parameter of S3 twice", |r| r.target.extend(b"&x-amz-acl=private&x-amz-acl=public-read"), Repeated),
        ("the time of day changed", |r| r.replace_in_target("T150405Z", "T150406Z"), MISMATCH),
        ("the day changed", |r| r.replace_in_target("Date=20261120", "Date=20261119"), ScopeDate),
        ("no time", |r| r.replace_in_target("&X-Amz-Date=20261120T150405Z", ""), MalformedQuery(Timestamp)),
        ("a header added", |r| r.headers.push(("x-amz-acl".into(), b"public-read".to_vec())), HeaderNotSigned),
        ("host not signed", |r| r.replace_in_target("=host%3B", "="), HeaderNotSigned),
        (
            "no signed headers",
            |r| r.replace_in_target("&X-Amz-SignedHeaders=", "&ignored="),
            MalformedQuery(SignedHeaders),
        ),
        ("a payload hash promised", |r| r.target.extend(b"&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"), MISMATCH),
        ("a session token", |r| r.target.extend(b"&X-Amz-Security-Token=token"), MISMATCH),
        ("scope: another day", |r| r.replace_in_target("%2F20261120%2F", "%2F20261119%2F"), ScopeDate),
        ("scope: another's region", |r| r.replace_in_target(REGION, "us-east-1"), elsewhere()),
        ("scope: another service", |r| r.replace_in_target("%2Fs3%2F", "%2Fsts%2F"), ScopeService),
        (
            "scope: another terminator",
            |r| r.replace_in_target("aws4_request", "aws5_request"),
            MalformedQuery(Terminator),
        ),
        ("scope not in UTF-8", |r| r.replace_in_target(REGION, "%FF"), MalformedQuery(Credential)),
        ("another algorithm", |r| r.replace_in_target("SHA256", "SHA1"), MalformedQuery(Algorithm)),
        ("no algorithm", |r| r.replace_in_target("X-Amz-Algorithm", "ignored"), MalformedQuery(Algorithm)),
        ("no signature", |r| r.replace_in_target("X-Amz-Signature", "ignored"), MalformedQuery(Signature)),
        (
            "small letters in a name",
            |r| r.replace_in_target("X-Amz-Signature", "x-amz-signature"),
            MalformedQuery(Signature),
        ),
        (
            "signed in a header as well",
            |r| r.headers.push(("Authorization".into(), b"AWS4-HMAC-SHA256 ".to_vec())),
            SignedTwice,
        ),
    ];
    each_is_refused(forgeries, in_query);
}

#[test]
fn only_the_one_signature_is_accepted() {
    for request in [in_headers(), in_query()] {
        let right = signature_of(&request);
        let answer_to = |signature: &str| with_signature(request.clone(), signature).verify(signed_at());
        assert_eq!(answer_to(&right), Ok(()));
        assert_eq!(answer_to(&"0".repeat(64)), Err(MISMATCH));
        for forged in with_one_digit_changed(&right) {
            assert_eq!(answer_to(&forged), Err(MISMATCH));
        }
        for length in 0..right.len() {
            assert_eq!(answer_to(&right[..length]).unwrap_err().reason(), "malformed");
        }
        for forged in [format!("{right}0"), format!("0{right}"), right.to_uppercase(), format!("{right}{right}")] {
            assert_eq!(answer_to(&forged).unwrap_err().reason(), "malformed");
        }
    }
}

#[test]
fn a_signature_does_not_outlive_its_time() {
    let after = |request: &OwnedRequest, seconds| request.verify(signed_at() + TimeDelta::seconds(seconds));
    let request = in_headers();
    for (seconds, answer) in [(-901, Err(Skewed)), (-900, Ok(())), (900, Ok(())), (901, Err(Skewed))] {
        assert_eq!(after(&request, seconds), answer, "{seconds} s");
    }
    let request = in_query();
    for (seconds, answer) in [(-901, Err(NotYetValid)), (3_600, Ok(())), (3_601, Err(Expired))] {
        assert_eq!(after(&request, seconds), answer, "{seconds} s");
    }
}

#[test]
fn every_payload_mode_is_verified() {
    let modes = [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ];
    for mode in modes {
        let mut request = in_headers();
        set(&mut request, "x-amz-content-sha256", mode);
        let expected = if mode == "UNSIGNED-PAYLOAD" { Ok(()) } else { Err(MISMATCH) };
        assert_eq!(request.verify(signed_at()), expected, "{mode}");
    }
}

#[test]
fn no_refusal_shows_a_signature_or_a_secret() {
    let mut request = in_headers();
    let signature = signature_of(&request);
    request.method = "DELETE".into();
    let refusal = request.verify(signed_at()).unwrap_err();
    let shown = format!("{refusal} {refusal:?}");
    assert!(!shown.contains(&signature) && !shown.contains(ACCESS_KEY_ID), "{shown}");
}

fn each_is_refused(forgeries: &[Forgery], genuine: fn() -> OwnedRequest) {
    for (what, forge, refusal) in forgeries {
        let mut request = genuine();
        forge(&mut request);
        assert_eq!(request.verify(signed_at()).as_ref(), Err(refusal), "{what}");
    }
}

fn in_headers() -> OwnedRequest {
    unsigned().signed(Place::Headers, signed_at())
}

fn in_query() -> OwnedRequest {
    unsigned().signed(Place::Query { expires: 3_600 }, signed_at())
}

fn unsigned() -> OwnedRequest {
    OwnedRequest::new("PUT", "/a%20b/c%2Fd/%C5%BC?acl&tag=1", "media.s3.example.com").with("x-amz-meta-a", "first  one")
}

fn signed_at() -> chrono::DateTime<Utc> {
    at(15, 4, 5)
}

fn elsewhere() -> Refusal {
    Refusal::ScopeRegion { expected: Some(REGION.into()) }
}

fn signature_of(request: &OwnedRequest) -> String {
    let mut request = request.clone();
    let text = text_that_ends_in_a_signature(&mut request);
    String::from_utf8(text.split_off(text.len() - 64)).unwrap()
}

fn with_signature(mut request: OwnedRequest, signature: &str) -> OwnedRequest {
    let text = text_that_ends_in_a_signature(&mut request);
    text.truncate(text.len() - 64);
    text.extend(signature.bytes());
    request
}

fn text_that_ends_in_a_signature(request: &mut OwnedRequest) -> &mut Vec<u8> {
    let in_headers = request.headers.iter().any(|(name, _)| name == "authorization");
    if in_headers { request.header("authorization") } else { &mut request.target }
}

fn in_authorization(request: &mut OwnedRequest, from: &str, to: &str) {
    request.replace_in_header("authorization", from, to);
}

fn set(request: &mut OwnedRequest, name: &str, value: &str) {
    *request.header(name) = value.into();
}

fn repeat(request: &mut OwnedRequest, name: &str) {
    let value = request.header(name).clone();
    request.headers.push((name.into(), value));
}
