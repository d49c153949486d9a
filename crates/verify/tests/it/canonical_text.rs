//! Canonical requests as gateways send them.

use keyreeve_verify::sigv4::{CanonicalText, Expires, Form, Malformed, PayloadHash, Refusal, Sha256Digest};

const IN_HEADERS: &str = "GET\n/a%20b\nacl=\nhost:s3.example.com\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\
    x-amz-date:20261120T150405Z\n\nhost;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD";
const IN_QUERY: &str = "GET\n/\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261120T150405Z&X-Amz-Expires=60&\
    X-Amz-SignedHeaders=host\nhost:s3.example.com\n\nhost\nUNSIGNED-PAYLOAD";

#[test]
fn the_form_the_payload_and_the_hash_are_read_from_the_text() {
    let presigned = Form::Presigned(Expires::from_seconds(60).unwrap());
    for (text, form) in [(IN_HEADERS, Form::Header), (IN_QUERY, presigned)] {
        let read = CanonicalText::parse(text.as_bytes()).ok().unwrap();
        assert_eq!(read.form, form);
        assert_eq!(read.payload_hash, PayloadHash::Unsigned);
        assert_eq!(read.digest, Sha256Digest::of(text.as_bytes()));
    }
}

#[test]
fn host_and_time_have_to_be_signed_and_the_list_has_to_be_true() {
    let refusals = [
        (IN_HEADERS, "host:s3.example.com\n", "", Refusal::SignedHeaderMissing),
        (IN_HEADERS, "\n\nhost;", "\n\n", Refusal::SignedHeaderMissing),
        (IN_HEADERS, "x-amz-date:", "x-amz-acl:private\nx-amz-date:", Refusal::SignedHeaderMissing),
        (IN_HEADERS, "\n\nhost;", "\n\nhost;host;", Refusal::MalformedHeader(Malformed::SignedHeaders)),
        (IN_HEADERS, "\n\nhost", "\nhost", Refusal::MalformedRequest),
        (IN_HEADERS, "\nUNSIGNED-PAYLOAD", "", Refusal::MalformedRequest),
        (IN_HEADERS, "date\nUNSIGNED-PAYLOAD", "date\n", Refusal::MalformedPayloadHash),
        (IN_QUERY, "Expires=60", "Expires=0", Refusal::ExpiresOutOfRange),
        (IN_QUERY, "&X-Amz-Expires=60", "", Refusal::ExpiresOutOfRange),
        (IN_QUERY, "Expires=60", "Expires=60&X-Amz-Expires=61", Refusal::Repeated),
    ];
    for (genuine, from, to, refusal) in refusals {
        let forged = genuine.replacen(from, to, 1);
        assert_ne!(forged, genuine);
        assert_eq!(CanonicalText::parse(forged.as_bytes()).err(), Some(refusal), "{from:?} made {to:?}");
    }
    for (genuine, header) in [(IN_HEADERS, "host"), (IN_HEADERS, "x-amz-date"), (IN_QUERY, "host")] {
        let forged = genuine.replace(header, &format!("{header}-no-more"));
        assert_eq!(CanonicalText::parse(forged.as_bytes()).err(), Some(Refusal::HeaderNotSigned), "without {header}");
    }
}
