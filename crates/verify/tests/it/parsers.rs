//! Parsers answer everything with a value or a refusal, and what they accept they print as it was.

use keyreeve_verify::sigv4::{
    Authorization, CanonicalRequest, CanonicalText, Credential, Header, PayloadHash, Presigned, Query, Request, Scope,
    Sha256Digest, Signature, SignedHeaders, SignedRequest, StringToSign, Timestamp,
};
use oracles::reprinted;
use proptest::collection::vec;
use proptest::prelude::*;

const CREDENTIAL: &str = "NQAKEXAMPLE000000000/20261120/waw3-1/s3/aws4_request";
const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn what_is_well_formed_is_accepted() {
    for text in well_formed() {
        assert!(reprinted(&text).iter().any(|printed| printed.as_ref() == Some(&text)), "{text}");
    }
}

#[test]
fn what_is_nearly_well_formed_is_refused() {
    let refused = |parsed: bool, text: &str| assert!(!parsed, "accepted {text:?}");
    for text in [
        "",
        "20261120",
        "20261120T150405",
        "20261120t150405z",
        "20261120T150405Z ",
        "20261120T150405.000Z",
        "2026-11-20T15:04:05Z",
        "20261120T150460Z",
        "20261120T240000Z",
        "20261131T000000Z",
        "20260229T000000Z",
        "20260020T000000Z",
        "+2026112T150405Z",
        "20261120T+50405Z",
        "２0261120T150405Z",
    ] {
        refused(Timestamp::parse(text).is_ok(), text);
    }
    for text in [
        "",
        "/",
        "20261120/waw3-1/s3",
        "20261120/waw3-1/s3/aws4_request/",
        "/20261120/waw3-1/s3/aws4_request",
        "20261120//s3/aws4_request",
        "20261120/waw3-1//aws4_request",
        "20261120/s3/waw3-1/aws4_reques",
        "20261120/waw3-1/s3/AWS4_REQUEST",
        "2026112/waw3-1/s3/aws4_request",
        "20261120/waw3 1/s3/aws4_request",
        "20261120/waw3-1\n/s3/aws4_request",
        "waw3-1/20261120/s3/aws4_request",
    ] {
        refused(Scope::parse(text).is_ok(), text);
        refused(Credential::parse(&format!("NQAK/{text}")).is_ok(), text);
    }
    for text in
        ["", ";", "host;", ";host", "Host", "host;host", "x-amz-date;host", "host; x-amz-date", "ho st", "host\n"]
    {
        refused(SignedHeaders::parse(text).is_ok(), text);
    }
    for text in [&HEX[1..], &HEX.to_uppercase(), &format!("{HEX}0"), &format!("{HEX} "), &HEX.replace('0', "g"), ""] {
        refused(Signature::parse(text).is_ok(), text);
        refused(Sha256Digest::parse(text).is_ok(), text);
    }
    let fields = [
        format!("Credential={CREDENTIAL}"),
        "SignedHeaders=host".into(),
        format!("Signature={HEX}"),
        format!("Signature={HEX}"),
        "Nonce=1".into(),
    ];
    for chosen in [&fields[..0], &fields[..1], &fields[..2], &fields[1..3], &fields[..4], &fields[1..]] {
        let text = format!("AWS4-HMAC-SHA256 {}", chosen.join(", "));
        refused(Authorization::parse(&text).is_ok(), &text);
    }
    let fields = fields[..3].join(", ");
    for algorithm in
        ["", "AWS", "AWS4-HMAC-SHA1", "AWS4-HMAC-SHA256-PAYLOAD", "AWS4-ECDSA-P256-SHA256", "aws4-hmac-sha256"]
    {
        let text = format!("{algorithm} {fields}");
        refused(Authorization::parse(&text).is_ok(), &text);
        let text = format!("{algorithm}\n20261120T150405Z\n20261120/waw3-1/s3/aws4_request\n{HEX}");
        refused(StringToSign::parse(&text).is_ok(), &text);
    }
}

#[test]
fn the_fields_of_a_header_may_come_in_any_order() {
    for fields in [
        format!("Signature={HEX}, Credential={CREDENTIAL}, SignedHeaders=host;x-amz-date"),
        format!("SignedHeaders=host;x-amz-date,Signature={HEX},Credential={CREDENTIAL}"),
    ] {
        let value = format!("AWS4-HMAC-SHA256 {fields}");
        assert_eq!(Authorization::parse(&value).ok().unwrap().to_header_value(), authorization());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC{0,80}") {
        assert_printed_as_read(&text);
    }

    #[test]
    fn what_is_accepted_is_printed_as_it_was(text in prop::sample::select(well_formed()), changes in changes()) {
        assert_printed_as_read(&String::from_utf8_lossy(&changed(text.into_bytes(), &changes)));
    }

    #[test]
    fn a_header_reads_the_same_when_printed_again(changes in changes()) {
        let text = changed(authorization().into_bytes(), &changes);
        if let Ok(once) = Authorization::parse(&String::from_utf8_lossy(&text)) {
            let printed = once.to_header_value();
            let twice = Authorization::parse(&printed).ok().unwrap();
            prop_assert_eq!(twice.credential, once.credential);
            prop_assert_eq!(twice.signed_headers, once.signed_headers);
            prop_assert_eq!(twice.signature.to_hex(), once.signature.to_hex());
        }
    }

    #[test]
    fn no_bytes_make_a_request_panic(
        method in "\\PC{0,6}",
        target in vec(any::<u8>(), 0..80),
        headers in vec((header_name(), vec(any::<u8>(), 0..40)), 0..6),
    ) {
        read(&method, &target, &headers);
        read(&method, &[b"/".as_slice(), &target].concat(), &headers);
        let _ = CanonicalText::parse(&target);
    }

    #[test]
    fn no_changed_request_makes_the_verifier_panic(
        target_changes in changes(),
        value_changes in changes(),
        presigned in any::<bool>(),
    ) {
        let target = format!(
            "/media/%C5%BC?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date=20261120T150405Z\
             &X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature={HEX}", CREDENTIAL.replace('/', "%2F"));
        let authorization = ("authorization".to_owned(), changed(authorization().into_bytes(), &value_changes));
        let plain = [("host", "s3.example.com"), ("x-amz-date", "20261120T150405Z")];
        let plain = plain.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let headers = if presigned { vec![plain[0].clone()] } else { [plain.to_vec(), vec![authorization]].concat() };
        read("GET", &changed(target.into_bytes(), &target_changes), &headers);
    }

    #[test]
    fn a_canonical_query_is_its_own_canonical_form(raw in vec(any::<u8>(), 0..60)) {
        if let Some(once) = canonical_query(&raw) {
            let twice = canonical_query(&once);
            prop_assert_eq!(twice, Some(once));
        }
    }
}

fn assert_printed_as_read(text: &str) {
    for printed in reprinted(text).into_iter().flatten() {
        assert_eq!(printed, text);
    }
}

fn well_formed() -> Vec<String> {
    let head = "20261120T150405Z\n20261120/waw3-1/s3/aws4_request";
    vec![
        "20261120T150405Z".into(),
        "20261120/waw3-1/s3/aws4_request".into(),
        CREDENTIAL.into(),
        "host;x-amz-content-sha256;x-amz-date".into(),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER".into(),
        "604800".into(),
        HEX.into(),
        format!("AWS4-HMAC-SHA256\n{head}\n{HEX}"),
        format!("AWS4-HMAC-SHA256-PAYLOAD\n{head}\n{HEX}\n{OF_NOTHING}\n{HEX}"),
        format!("AWS4-HMAC-SHA256-TRAILER\n{head}\n{HEX}\n{HEX}"),
    ]
}

fn authorization() -> String {
    format!("AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature={HEX}")
}

fn read(method: &str, target: &[u8], headers: &[(String, Vec<u8>)]) {
    let headers: Vec<_> = headers.iter().map(|(name, value)| Header { name, value }).collect();
    let request = Request { method, target, headers: &headers };
    let _ = SignedRequest::parse(&request);
    if let Ok(query) = Query::parse(target) {
        let _ = Presigned::parse(&query);
    }
}

fn canonical_query(raw: &[u8]) -> Option<Vec<u8>> {
    let target = [b"/?", raw].concat();
    let headers = [Header { name: "host", value: b"s3.example.com" }];
    let request = Request { method: "GET", target: &target, headers: &headers };
    let query = Query::parse(raw).ok()?;
    let signed_headers = SignedHeaders::parse("host").unwrap();
    let canonical = CanonicalRequest::build(&request, &query, &signed_headers, PayloadHash::Unsigned).unwrap();
    canonical.as_bytes().split(|byte| *byte == b'\n').nth(2).map(<[u8]>::to_vec)
}

fn header_name() -> impl Strategy<Value = String> {
    let known = ["host", "Authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-"];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(String::from), "\\PC{0,8}"]
}

#[derive(Debug, Clone)]
enum Change {
    Replace(u8),
    Insert(u8),
    Remove,
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, Change)>> {
    let byte = prop_oneof![3 => prop::sample::select(b"/=;&?%,\n 0aA.-+T\xff".to_vec()), 1 => any::<u8>()];
    let change =
        prop_oneof![byte.clone().prop_map(Change::Replace), byte.prop_map(Change::Insert), Just(Change::Remove)];
    vec((any::<prop::sample::Index>(), change), 0..4)
}

fn changed(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, Change)]) -> Vec<u8> {
    for (position, change) in changes.iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
        let position = position.index(bytes.len());
        match change {
            Change::Replace(byte) => bytes[position] = *byte,
            Change::Insert(byte) => bytes.insert(position, *byte),
            Change::Remove => drop(bytes.remove(position)),
        }
    }
    bytes
}
