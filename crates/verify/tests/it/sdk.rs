//! Odd requests, signed by the signer of the AWS SDK for Rust.

use keyreeve_verify::sigv4::{Expires, Form, PayloadHash, SignedRequest};
use proptest::prelude::*;

use crate::support::{ACCESS_KEY_ID, OwnedRequest, Place, REGION, at, encoded};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_the_sdk_signs_verifies(request in odd_request(), place in place()) {
        let signed = request.signed(place, at(15, 4, 5));
        prop_assert_eq!(signed.verify(at(15, 4, 5)), Ok(()));
    }

    #[test]
    fn another_spelling_of_the_same_target_verifies(request in odd_request(), place in place()) {
        let mut signed = request.signed(place, at(15, 4, 5));
        signed.target = respelled(&signed.target);
        prop_assert_eq!(signed.verify(at(15, 4, 5)), Ok(()));
    }

    #[test]
    fn another_target_does_not(request in odd_request(), place in place(), extra in "[a-z]{1,3}") {
        let mut signed = request.signed(place, at(15, 4, 5));
        signed.target = [b"/", extra.as_bytes(), &signed.target].concat();
        prop_assert!(signed.verify(at(15, 4, 5)).is_err());
    }
}

#[test]
fn a_request_says_who_signed_it_and_what() {
    let in_headers = Form::Header;
    let in_query = Form::Presigned(Expires::from_seconds(60).unwrap());
    for (place, form) in [(Place::Headers, in_headers), (Place::Query { expires: 60 }, in_query)] {
        let signed = OwnedRequest::new("GET", "/a", "s3.example.com").signed(place, at(15, 4, 5));
        signed.look(|request| {
            let read = SignedRequest::parse(request).ok().unwrap();
            assert_eq!(read.access_key_id, ACCESS_KEY_ID);
            assert_eq!(read.payload_hash, PayloadHash::Unsigned);
            assert!(!read.has_session_token);
            assert_eq!(read.presented.form, form);
            assert_eq!(read.presented.string_to_sign.timestamp.instant(), at(15, 4, 5));
            assert_eq!(read.presented.string_to_sign.scope.region(), REGION);
        });
    }
}

#[test]
fn a_session_token_is_seen_wherever_it_stands() {
    let in_header = OwnedRequest::new("GET", "/a", "s3.example.com").with("X-Amz-Security-Token", "token");
    let in_query = |name| OwnedRequest::new("GET", format!("/a?{name}=token"), "s3.example.com");
    for request in [in_header, in_query("X-Amz-Security-Token"), in_query("x-amz-security-token")] {
        for place in [Place::Headers, Place::Query { expires: 60 }] {
            let signed = request.clone().signed(place, at(15, 4, 5));
            assert!(signed.look(|request| SignedRequest::parse(request).ok().unwrap().has_session_token));
        }
    }
}

fn odd_request() -> impl Strategy<Value = OwnedRequest> {
    let method = prop::sample::select(vec!["GET", "PUT", "HEAD", "POST", "DELETE"]);
    let host = prop::sample::select(vec!["s3.example.com", "media.s3.example.com", "127.0.0.1:9000", "[::1]:8443"]);
    (method, host, odd_path(), odd_query(), odd_headers()).prop_map(|(method, host, path, query, headers)| {
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        let request = OwnedRequest::new(method, target, host);
        headers.into_iter().fold(request, |request, (name, value)| request.with(&name, value))
    })
}

fn odd_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        4 => "[a-zA-Z0-9 %+=&?#:;@!$'()*,~._-]{0,8}",
        1 => "\\PC{0,4}",
        1 => Just(String::new()),
        1 => Just("..".into()),
        1 => Just(".".into()),
        1 => Just("%2F".into()),
    ];
    prop::collection::vec(segment, 0..5).prop_map(|segments| {
        let segments: Vec<_> = segments.iter().map(|segment| encoded(segment.as_bytes())).collect();
        format!("/{}", segments.join("/"))
    })
}

/// Repeated names, values that are empty and values that are absent.
fn odd_query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        prop::sample::select(vec!["acl", "prefix", "Prefix", "prefix-", "uploadId", "x-id"]).prop_map(String::from),
        "[a-zA-Z0-9 %+=&~._/-]{1,6}",
    ];
    let value = prop_oneof![Just(String::new()), "[a-zA-Z0-9 %+=&?~._/-]{0,8}", "\\PC{0,4}"];
    let parameter = (name, prop::option::of(value)).prop_map(|(name, value)| match value {
        Some(value) => format!("{}={}", encoded(name.as_bytes()), encoded(value.as_bytes())),
        None => encoded(name.as_bytes()),
    });
    prop::collection::vec(parameter, 0..5).prop_map(|parameters| parameters.join("&"))
}

fn odd_headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop::sample::select(vec![
        "Content-Type",
        "Range",
        "If-Match",
        "x-amz-meta-a",
        "X-Amz-Meta-A",
        "x-amz-meta-b_c",
        "X-AMZ-ACL",
        "x-amzn-trace-id",
        "User-Agent",
    ]);
    let value = "[ -~]{0,12}( {0,3}[a-z,;]{0,4}){0,3}";
    prop::collection::vec((name.prop_map(String::from), value), 0..6)
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![Just(Place::Headers), (1..=604_800_u64).prop_map(|expires| Place::Query { expires })]
}

/// Small letters in escapes, escapes where none are needed, and in the query a plain slash and a plus for a space.
fn respelled(target: &[u8]) -> Vec<u8> {
    let mut respelled = Vec::new();
    let mut in_query = false;
    let mut rest = target.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => match [*rest.next().unwrap(), *rest.next().unwrap()] {
                [b'2', b'0'] if in_query => respelled.push(b'+'),
                [b'2', b'F'] if in_query => respelled.push(b'/'),
                escape => respelled.extend([b'%'].iter().chain(&escape.map(|digit| digit.to_ascii_lowercase()))),
            },
            b'e' => respelled.extend(b"%65"),
            byte => {
                in_query |= *byte == b'?';
                respelled.push(*byte);
            }
        }
    }
    respelled
}
