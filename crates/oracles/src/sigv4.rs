//! Signatures, read: what a parser accepts it prints as it was, and nothing verifies that nobody has signed.

use verify::Wanted;
use verify::sigv4::{
    ALGORITHM, Audience, Authorization, CanonicalRequest, CanonicalText, Credential, Expires, Header, PayloadHash,
    Presigned, Query, Request, S3, Scope, Sha256Digest, Signature, SignedHeaders, SignedRequest, SigningKey,
    StringToSign, Timestamp,
};

use crate::no_beginning_of;

/// The text as each parser that accepts it prints it again.
pub fn reprinted(text: &str) -> Vec<Option<String>> {
    fn printed(parsed: Result<impl ToString, impl Sized>) -> Option<String> {
        parsed.ok().map(|parsed| parsed.to_string())
    }
    vec![
        printed_string_to_sign(text),
        printed(Timestamp::parse(text)),
        printed(Scope::parse(text)),
        printed(Credential::parse(text)),
        printed(SignedHeaders::parse(text)),
        printed(PayloadHash::parse(text)),
        printed(Expires::parse(text)),
        printed(Sha256Digest::parse(text)),
        Signature::parse(text).ok().map(|signature| signature.to_hex()),
    ]
}

fn printed_string_to_sign(text: &str) -> Option<String> {
    let parsed = StringToSign::parse(text).ok()?;
    let mut printed = String::new();
    parsed.write_to(&mut printed).expect("a string takes everything");
    Some(printed)
}

/// Every small part of a signature.
pub(crate) fn text(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    for printed in reprinted(text).into_iter().flatten() {
        assert_eq!(printed, text);
    }
    if Timestamp::parse(text).is_ok() {
        no_beginning_of(text, |beginning| Timestamp::parse(beginning).is_ok());
    }
    if Scope::parse(text).is_ok() {
        no_beginning_of(text, |beginning| Scope::parse(beginning).is_ok());
    }
    if Signature::parse(text).is_ok() {
        no_beginning_of(text, |beginning| Signature::parse(beginning).is_ok());
        assert!(Signature::parse(&text.to_uppercase()).is_err() || text.bytes().all(|digit| digit.is_ascii_digit()));
    }
}

pub(crate) fn string_to_sign(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Some(printed) = printed_string_to_sign(text) else { return };
    assert_eq!(printed, text);
    no_beginning_of(text, |beginning| StringToSign::parse(beginning).is_ok());
}

pub(crate) fn authorization(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(once) = Authorization::parse(text) else { return };
    let printed = once.to_header_value();
    let Ok(twice) = Authorization::parse(&printed) else { panic!("printed, and cannot be read: {printed}") };
    assert_eq!(twice.to_header_value(), printed);
    assert!(twice.credential == once.credential && twice.signed_headers == once.signed_headers, "{text:?}");
    no_beginning_of(&printed, |beginning| Authorization::parse(beginning).is_ok());
    let twice_over = format!("{printed}, {}", &printed[ALGORITHM.len() + 1..]);
    assert!(Authorization::parse(&twice_over).is_err(), "every field twice: {twice_over}");
}

/// The canonical form of a query is its own canonical form.
pub(crate) fn query(data: &[u8]) {
    let Some(once) = canonical_query(data) else { return };
    assert_eq!(canonical_query(&once).as_ref(), Some(&once));
}

fn canonical_query(raw: &[u8]) -> Option<Vec<u8>> {
    let target = [b"/?", raw].concat();
    let headers = [Header { name: "host", value: b"s3.example.com" }];
    let request = Request { method: "GET", target: &target, headers: &headers };
    let query = Query::parse(raw).ok()?;
    let names = SignedHeaders::parse("host").ok()?;
    let canonical = CanonicalRequest::build(&request, &query, &names, PayloadHash::Unsigned).ok()?;
    canonical.as_bytes().split(|byte| *byte == b'\n').nth(2).map(<[u8]>::to_vec)
}

/// What is read from a query can be said in one.
pub(crate) fn presigned(data: &[u8]) {
    let Ok(query) = Query::parse(data) else { return };
    let Ok(read) = Presigned::parse(&query) else { return };
    let encode = |text: String| crate::signed::encoded(text.as_bytes());
    let said = format!(
        "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders={}&X-Amz-Signature={}",
        encode(read.credential.to_string()),
        read.timestamp,
        read.expires,
        encode(read.signed_headers.to_string()),
        read.signature.to_hex(),
    );
    let Ok(query) = Query::parse(said.as_bytes()) else { panic!("said, and cannot be read: {said}") };
    let Ok(again) = Presigned::parse(&query) else { panic!("said, and cannot be read: {said}") };
    assert!(again.credential == read.credential && again.timestamp == read.timestamp && again.expires == read.expires);
    assert!(again.signed_headers == read.signed_headers && again.signature.to_hex() == read.signature.to_hex());
}

/// A canonical request as gateways send it.
pub(crate) fn canonical_text(data: &[u8]) {
    let _ = CanonicalText::parse(data);
}

/// A request as lines: the method, the target, and headers. Nobody has signed with this key, so nothing may verify.
pub(crate) fn request(data: &[u8]) {
    with_request(data, |request| {
        let Ok(SignedRequest { presented, .. }) = SignedRequest::parse(request) else { return };
        let now = presented.string_to_sign.timestamp.instant();
        let _ = presented.admit(&Audience { service: S3, regions: &["waw3-1"] }, now);
        let key = SigningKey::derive(b"a secret that nobody has ever signed with", &presented.string_to_sign.scope);
        assert!(presented.verify(&key).is_err(), "what nobody has signed verifies");
    });
}

/// What a request is about: where it names a bucket, its path or its host does.
pub(crate) fn wanted(data: &[u8]) {
    with_request(data, |request| {
        for domain in [None, Some("s3.example.com")] {
            let Ok(wanted) = Wanted::of(request, domain) else { continue };
            let named = [Some(&wanted.target), wanted.source.as_ref()].into_iter().flatten();
            for target in named {
                let bucket = target.bucket.as_deref().unwrap_or("b");
                let key = target.object_key.as_deref().unwrap_or_default();
                assert!(!bucket.is_empty() && !bucket.contains(['/', '\\', '\0']), "{target:?}");
                assert!(![".", ".."].contains(&bucket), "{target:?}");
                let walks = key.split('/').any(|step| step == "." || step == "..");
                let is_listing = request.method == "GET" && request.target.contains(&b'?');
                assert!(!walks || is_listing, "{target:?}");
            }
        }
    });
}

fn with_request(data: &[u8], ask: impl FnOnce(&Request<'_>)) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let method = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let target = lines.next().unwrap_or_default();
    let headers: Vec<(String, &[u8])> = lines
        .map(|line| match line.iter().position(|byte| *byte == b':') {
            Some(at) => (String::from_utf8_lossy(&line[..at]).into_owned(), line[at + 1..].trim_ascii_start()),
            None => (String::from_utf8_lossy(line).into_owned(), &b""[..]),
        })
        .collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| Header { name, value }).collect();
    ask(&Request { method: &method, target, headers: &headers });
}
