//! The rules that need no key: time, scope, what may stand once, and how each refusal reads to an S3 client.

use chrono::{DateTime, TimeDelta, Utc};
use keyreeve_verify::sigv4::{
    Audience, Credential, Expires, Form, Malformed, PayloadHash, Presented, Refusal, S3, Scope, ScopeDate,
    Sha256Digest, Signature, SigningKey, StringToSign, Subject, Timestamp,
};

use crate::support::{OURS, REGION, SECRET, at};

const SIGNED_AT: &str = "20261120T150405Z";

#[test]
fn a_header_signature_is_good_for_fifteen_minutes_either_way() {
    assert_eq!(good(Form::Header, -900..=900), [true; 5]);
    for seconds in [-901, 901, -86_400, 86_400] {
        assert_eq!(check(Form::Header, seconds), Err(Refusal::Skewed), "{seconds} s");
    }
    let just_over = signed_at() + TimeDelta::seconds(900) + TimeDelta::nanoseconds(1);
    assert_eq!(Form::Header.check(timestamp(), just_over), Err(Refusal::Skewed));
}

#[test]
fn a_presigned_request_is_good_until_it_expires() {
    for lifetime in [1, 60, 3_600, 604_800] {
        let form = Form::Presigned(Expires::from_seconds(lifetime).unwrap());
        assert_eq!(good(form, -900..=lifetime), [true; 5]);
        assert_eq!(check(form, lifetime + 1), Err(Refusal::Expired));
        assert_eq!(check(form, -901), Err(Refusal::NotYetValid));
    }
}

#[test]
fn a_chunk_is_good_for_as_long_as_an_upload_may_take() {
    assert_eq!(good(Form::Chunk, -900..=604_800), [true; 5]);
    assert_eq!(check(Form::Chunk, 604_801), Err(Refusal::Skewed));
    assert_eq!(check(Form::Chunk, -901), Err(Refusal::Skewed));
}

#[test]
fn no_time_is_too_far_away_to_be_refused() {
    for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(Form::Header.check(timestamp(), now).is_err());
    }
}

#[test]
fn a_lifetime_is_one_second_to_a_week_in_plain_digits() {
    for text in ["1", "10", "604800"] {
        assert_eq!(Expires::parse(text).unwrap().to_string(), text);
    }
    for text in ["", "0", "604801", "-1", "+1", "01", "1.0", "1e3", " 1", "1 ", "١", "99999999999999999999"] {
        assert_eq!(Expires::parse(text), Err(Refusal::ExpiresOutOfRange), "{text:?}");
    }
    for seconds in [0, -1, 604_801, i64::MIN, i64::MAX] {
        assert_eq!(Expires::from_seconds(seconds), Err(Refusal::ExpiresOutOfRange));
    }
}

#[test]
fn a_scope_has_to_name_our_service_one_of_our_regions_and_the_day_of_the_timestamp() {
    let check = |scope| Scope::parse(scope).unwrap().check(timestamp(), &OURS);
    assert_eq!(check("20261120/waw3-1/s3/aws4_request"), Ok(()));
    assert_eq!(check("20261120/fra1-2/s3/aws4_request"), Ok(()));
    assert_eq!(check("20261119/waw3-1/s3/aws4_request"), Err(Refusal::ScopeDate));
    assert_eq!(check("20261121/waw3-1/s3/aws4_request"), Err(Refusal::ScopeDate));
    assert_eq!(check("20261120/waw3-1/iam/aws4_request"), Err(Refusal::ScopeService));
    assert_eq!(check("20261120/waw3-1/S3/aws4_request"), Err(Refusal::ScopeService));
    let expected = Some(REGION.to_owned());
    for elsewhere in ["us-east-1", "waw3", "waw3-11", "WAW3-1"] {
        let scope = format!("20261120/{elsewhere}/s3/aws4_request");
        let refusal = Scope::parse(&scope).unwrap().check(timestamp(), &OURS);
        assert_eq!(refusal, Err(Refusal::ScopeRegion { expected: expected.clone() }));
    }
    let nowhere = Audience::<&str> { service: S3, regions: &[] };
    let refusal = Scope::parse("20261120/waw3-1/s3/aws4_request").unwrap().check(timestamp(), &nowhere);
    assert_eq!(refusal, Err(Refusal::ScopeRegion { expected: None }));
}

#[test]
fn the_day_of_a_scope_changes_at_midnight_utc() {
    let before = Timestamp::parse("20261120T235959Z").unwrap();
    let after = Timestamp::parse("20261121T000000Z").unwrap();
    let scope = Scope::parse("20261120/waw3-1/s3/aws4_request").unwrap();
    assert_eq!(scope.check(before, &OURS), Ok(()));
    assert_eq!(scope.check(after, &OURS), Err(Refusal::ScopeDate));
    assert_eq!(Form::Header.check(before, after.instant()), Ok(()));
}

#[test]
fn a_chunk_is_no_request_and_a_request_no_chunk() {
    let presigned = Form::Presigned(Expires::from_seconds(60).unwrap());
    for form in [Form::Header, presigned, Form::Chunk] {
        for subject in [request(), chunk(), trailer()] {
            let fits = (form == Form::Chunk) != matches!(subject, Subject::Request { .. });
            let admitted = presented(form, subject).admit(&OURS, signed_at());
            let refusal = Err(Refusal::MalformedStringToSign(Malformed::Algorithm));
            assert_eq!(admitted, if fits { Ok(()) } else { refusal });
        }
    }
}

#[test]
fn a_chunk_is_chained_to_the_signature_before_it() {
    let key = SigningKey::derive(SECRET.as_bytes(), &scope());
    for subject in [chunk(), trailer()] {
        let string_to_sign = StringToSign { timestamp: timestamp(), scope: scope(), subject };
        let signature = key.sign(&string_to_sign);
        assert_eq!(key.verify(&string_to_sign, &signature), Ok(()));

        let mut text = String::new();
        string_to_sign.write_to(&mut text).unwrap();
        let after_another = text.replace(&"ab".repeat(32), &"ac".repeat(32));
        let forged = StringToSign::parse(&after_another).unwrap();
        assert_eq!(key.verify(&forged, &signature), Err(Refusal::SignatureDoesNotMatch));
    }
}

/// From AWS's page on signing in several chunks, which gives the whole computation as an example.
#[test]
fn the_published_example_of_a_chunk_verifies() {
    let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    let content = "bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a";
    let nothing = Sha256Digest::OF_NOTHING;
    let text = format!(
        "AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n{seed}\n{nothing}\n{content}"
    );
    let string_to_sign = StringToSign::parse(&text).unwrap();
    let key = SigningKey::derive(b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &string_to_sign.scope);
    let signature = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648";
    assert_eq!(key.sign(&string_to_sign).to_hex(), signature);
}

#[test]
fn a_key_derived_elsewhere_verifies_the_same() {
    let presented = presented(Form::Header, request());
    let derived = SigningKey::derive(SECRET.as_bytes(), &scope());
    let received = SigningKey::from_bytes((*derived.expose()).into());
    assert_eq!(received.sign(&presented.string_to_sign).to_hex(), derived.sign(&presented.string_to_sign).to_hex());
}

#[test]
fn a_key_signs_for_one_day_region_service_and_secret() {
    let presented = presented(Form::Header, request());
    let right = SigningKey::derive(SECRET.as_bytes(), &scope());
    let signature = right.sign(&presented.string_to_sign);
    let others = [
        (SECRET, "20261119/waw3-1/s3/aws4_request"),
        (SECRET, "20261120/fra1-2/s3/aws4_request"),
        (SECRET, "20261120/waw3-1/sts/aws4_request"),
        ("", "20261120/waw3-1/s3/aws4_request"),
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKE", "20261120/waw3-1/s3/aws4_request"),
    ];
    for (secret, scope) in others {
        let wrong = SigningKey::derive(secret.as_bytes(), &Scope::parse(scope).unwrap());
        let refusal = wrong.verify(&presented.string_to_sign, &signature);
        assert_eq!(refusal, Err(Refusal::SignatureDoesNotMatch), "{scope}");
    }
}

#[test]
fn every_payload_mode_is_named_and_no_other_accepted() {
    use PayloadHash::{SignedChunks, SignedChunksWithTrailer, Unsigned, UnsignedChunksWithTrailer};
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let modes = [
        (nothing, PayloadHash::Sha256(Sha256Digest::of(b""))),
        ("UNSIGNED-PAYLOAD", Unsigned),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SignedChunks),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", SignedChunksWithTrailer),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", UnsignedChunksWithTrailer),
    ];
    for (text, mode) in modes {
        assert_eq!(PayloadHash::parse(text), Ok(mode));
        assert_eq!(mode.to_string(), text);
    }
    let unknown = [
        "",
        "unsigned-payload",
        "UNSIGNED-PAYLOAD ",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-EVENTS",
        &nothing.to_uppercase(),
        &nothing[1..],
    ];
    for text in unknown {
        assert_eq!(PayloadHash::parse(text), Err(Refusal::MalformedPayloadHash), "{text}");
    }
}

#[test]
fn each_refusal_reads_to_a_client_as_it_would_from_s3() {
    let elsewhere = Refusal::ScopeRegion { expected: Some(REGION.into()) };
    let table = [
        (Refusal::Unsigned, "AccessDenied", 403, "unsigned"),
        (Refusal::SignedTwice, "InvalidArgument", 400, "ambiguous"),
        (Refusal::Repeated, "InvalidArgument", 400, "ambiguous"),
        (Refusal::MalformedRequest, "InvalidRequest", 400, "malformed"),
        (Refusal::MalformedHeader(Malformed::Signature), "AuthorizationHeaderMalformed", 400, "malformed"),
        (Refusal::MalformedHeader(Malformed::Algorithm), "AuthorizationHeaderMalformed", 400, "scope"),
        (Refusal::MalformedQuery(Malformed::Signature), "AuthorizationQueryParametersError", 400, "malformed"),
        (Refusal::MalformedQuery(Malformed::Terminator), "AuthorizationHeaderMalformed", 400, "scope"),
        (Refusal::MalformedStringToSign(Malformed::Layout), "AuthorizationHeaderMalformed", 400, "malformed"),
        (Refusal::MissingPayloadHash, "InvalidRequest", 400, "payload_hash"),
        (Refusal::MalformedPayloadHash, "InvalidArgument", 400, "payload_hash"),
        (Refusal::HeaderNotSigned, "AccessDenied", 403, "signed_headers"),
        (Refusal::SignedHeaderMissing, "AccessDenied", 403, "signed_headers"),
        (Refusal::ScopeDate, "AuthorizationHeaderMalformed", 400, "scope"),
        (Refusal::ScopeService, "AuthorizationHeaderMalformed", 400, "scope"),
        (elsewhere.clone(), "AuthorizationHeaderMalformed", 400, "scope"),
        (Refusal::Skewed, "RequestTimeTooSkewed", 403, "skew"),
        (Refusal::NotYetValid, "AccessDenied", 403, "skew"),
        (Refusal::Expired, "AccessDenied", 403, "request_expired"),
        (Refusal::ExpiresOutOfRange, "AuthorizationQueryParametersError", 400, "request_expired"),
        (Refusal::SignatureDoesNotMatch, "SignatureDoesNotMatch", 403, "signature"),
    ];
    for (refusal, code, status, reason) in table {
        assert_eq!((refusal.s3_code(), refusal.status(), refusal.reason()), (code, status, reason), "{refusal}");
        let expected_region = if refusal == elsewhere { Some(REGION) } else { None };
        assert_eq!(refusal.expected_region(), expected_region);
    }
}

#[test]
fn a_credential_is_printed_as_it_was_read() {
    let text = "NQAKEXAMPLE000000000/20261120/waw3-1/s3/aws4_request";
    let credential = Credential::parse(text).unwrap();
    assert_eq!(credential.access_key_id(), "NQAKEXAMPLE000000000");
    assert_eq!((credential.scope().region(), credential.scope().service()), ("waw3-1", "s3"));
    assert_eq!(credential.to_string(), text);
}

#[test]
fn a_date_is_the_same_written_and_counted() {
    let date = signed_at().date_naive();
    assert_eq!(ScopeDate::parse("20261120"), Ok(ScopeDate::new(date)));
    assert_eq!(timestamp().date().date(), date);
    assert_eq!(ScopeDate::new(date).to_string(), "20261120");
}

fn good(form: Form, seconds: std::ops::RangeInclusive<i64>) -> [bool; 5] {
    let (first, last) = seconds.into_inner();
    [first, first / 2, 0, last / 2, last].map(|seconds| check(form, seconds).is_ok())
}

/// As asked so many seconds after signing.
fn check(form: Form, seconds: i64) -> Result<(), Refusal> {
    form.check(timestamp(), signed_at() + TimeDelta::seconds(seconds))
}

fn signed_at() -> DateTime<Utc> {
    at(15, 4, 5)
}

fn timestamp() -> Timestamp {
    Timestamp::parse(SIGNED_AT).unwrap()
}

fn scope() -> Scope<'static> {
    Scope::parse("20261120/waw3-1/s3/aws4_request").unwrap()
}

fn presented(form: Form, subject: Subject) -> Presented<'static> {
    let string_to_sign = StringToSign { timestamp: timestamp(), scope: scope(), subject };
    Presented { form, string_to_sign, signature: signature() }
}

fn request() -> Subject {
    Subject::Request { canonical_request: Sha256Digest::of(b"request") }
}

fn chunk() -> Subject {
    Subject::Chunk { previous: signature(), content: Sha256Digest::of(b"chunk") }
}

fn trailer() -> Subject {
    Subject::Trailer { previous: signature(), headers: Sha256Digest::of(b"x-amz-checksum-crc32:AAAAAA==\n") }
}

fn signature() -> Signature {
    Signature::parse(&"ab".repeat(32)).unwrap()
}
