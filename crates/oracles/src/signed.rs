//! Requests that an independent signer has signed: the AWS SDK for Rust. What it signs verifies, and what is changed afterwards
//! does not.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use chrono::{DateTime, TimeZone, Utc};
use verify::sigv4::{Audience, Header, Refusal, Request, S3, SignedRequest, SigningKey};

pub const ACCESS_KEY_ID: &str = "NQAKEXAMPLE000000000";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub const REGION: &str = "waw3-1";
pub const OURS: Audience<'static, &str> = Audience { service: S3, regions: &[REGION, "fra1-2"] };

#[derive(Debug, Clone)]
pub struct OwnedRequest {
    pub method: String,
    pub target: Vec<u8>,
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Where the signer puts its signature.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    Headers,
    Query { expires: u64 },
}

impl OwnedRequest {
    pub fn new(method: &str, target: impl AsRef<[u8]>, host: &str) -> Self {
        Self { method: method.into(), target: target.as_ref().to_vec(), headers: vec![] }.with("host", host)
    }

    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub fn header(&mut self, name: &str) -> &mut Vec<u8> {
        let (_, value) = self
            .headers
            .iter_mut()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .expect("what a test signs can be signed");
        value
    }

    pub fn without(&mut self, name: &str) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    pub fn replace_in_header(&mut self, name: &str, from: &str, to: &str) {
        replace(self.header(name), from, to);
    }

    pub fn replace_in_target(&mut self, from: &str, to: &str) {
        replace(&mut self.target, from, to);
    }

    pub fn look<T>(&self, with: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| Header { name, value }).collect();
        with(&Request { method: &self.method, target: &self.target, headers: &headers })
    }

    pub fn verify(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.verify_for(SECRET, &OURS, now)
    }

    pub fn verify_for<R: AsRef<str>>(
        &self,
        secret: &str,
        audience: &Audience<'_, R>,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        self.look(|request| {
            let SignedRequest { presented, .. } = SignedRequest::parse(request)?;
            presented.admit(audience, now)?;
            presented.verify(&SigningKey::derive(secret.as_bytes(), &presented.string_to_sign.scope))
        })
    }

    /// Signs with the signer of the AWS SDK for Rust. What it adds is added as a client would.
    #[must_use]
    pub fn signed(mut self, place: Place, at: DateTime<Utc>) -> Self {
        let host = String::from_utf8(self.header("host").clone()).expect("what a test signs can be signed");
        let target = String::from_utf8(self.target.clone()).expect("what a test signs can be signed");
        let headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("host"))
            .map(|(name, value)| (name.as_str(), str::from_utf8(value).expect("what a test signs can be signed")))
            .collect();

        let identity = Credentials::new(ACCESS_KEY_ID, SECRET, None, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name(S3)
            .time(SystemTime::from(at))
            .settings(as_for_s3(place))
            .build()
            .expect("what a test signs can be signed")
            .into();
        let uri = format!("https://{host}{target}");
        let signable = SignableRequest::new(&self.method, uri, headers.into_iter(), SignableBody::UnsignedPayload)
            .expect("what a test signs can be signed");
        let (added_headers, added_parameters) =
            sign(signable, &parameters).expect("what a test signs can be signed").into_parts().0.into_parts();

        for header in added_headers {
            self.headers.push((header.name().into(), header.value().into()));
        }
        for (name, value) in added_parameters {
            self.target.push(if self.target.contains(&b'?') { b'&' } else { b'?' });
            self.target.extend(format!("{name}={}", encoded(value.as_bytes())).bytes());
        }
        self
    }
}

/// 2026-11-20, the given time of day.
pub fn at(hour: u32, minute: u32, second: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, hour, minute, second).single().expect("a time of day")
}

/// Percent-encoded as a careful client does.
pub fn encoded(bytes: &[u8]) -> String {
    let encode = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(encode).collect()
}

fn as_for_s3(place: Place) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    match place {
        Place::Headers => settings.signature_location = SignatureLocation::Headers,
        Place::Query { expires } => {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(expires));
        }
    }
    settings
}

/// Lines: the method, the path, the query, then headers; each path step, name and value is encoded as a careful client would. The
/// first byte says where the signature goes, and what is changed afterwards.
pub(crate) fn by_the_sdk(data: &[u8]) {
    let Some(([choice, at, byte], rest)) = data.split_first_chunk() else { return };
    let text = String::from_utf8_lossy(rest);
    let mut lines = text.split('\n');
    let method = ["GET", "PUT", "HEAD", "POST", "DELETE"][usize::from(choice >> 1) % 5];
    let mut request = OwnedRequest::new(method, target(&mut lines), "s3.example.com");
    for (name, value) in lines.filter_map(|line| line.split_once(':')).take(8) {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_ours = ["host", "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];
        if is_name
            && !is_ours.contains(&name.to_ascii_lowercase().as_str())
            && value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        {
            request = request.with(name, value);
        }
    }
    let place = if choice & 1 == 0 { Place::Headers } else { Place::Query { expires: 60 } };
    let now = at_noon();
    let signed = request.signed(place, now);
    assert_eq!(signed.verify(now), Ok(()), "what the SDK signed does not verify: {signed:?}");
    assert!(signed.verify_for("another secret", &OURS, now).is_err(), "by another secret: {signed:?}");
    changed_is_refused(&signed, usize::from(*at), *byte, now);
}

/// Another byte somewhere: either that is another spelling of the same request, or it is refused.
fn changed_is_refused(signed: &OwnedRequest, at: usize, byte: u8, now: DateTime<Utc>) {
    // Which id a key has is no part of what is signed: another id is another key, with another secret.
    let canonical = |request: &OwnedRequest| {
        request.look(|request| {
            let read = SignedRequest::parse(request).ok()?;
            let mut text = String::new();
            read.presented.string_to_sign.write_to(&mut text).ok()?;
            Some((text, read.presented.signature.to_hex()))
        })
    };
    let mut changed = signed.clone();
    let place = at % changed.target.len();
    changed.target[place] = byte;
    if changed.verify(now).is_ok() {
        assert_eq!(canonical(&changed), canonical(signed), "changed, and let in: {changed:?}");
    }
    for header in 0..signed.headers.len() {
        let mut changed = signed.clone();
        let value = &mut changed.headers[header].1;
        if value.is_empty() {
            continue;
        }
        let place = at % value.len();
        value[place] = byte;
        if changed.verify(now).is_ok() {
            assert_eq!(canonical(&changed), canonical(signed), "changed, and let in: {changed:?}");
        }
    }
    let mut another = signed.clone();
    another.headers.push(("x-amz-acl".into(), b"public-read".to_vec()));
    assert!(another.verify(now).is_err(), "a header that nobody signed: {another:?}");
}

fn target<'a>(lines: &mut impl Iterator<Item = &'a str>) -> String {
    let path: Vec<_> = lines.next().unwrap_or_default().split('/').map(|step| encoded(step.as_bytes())).collect();
    let mut query = Vec::new();
    for parameter in lines.next().unwrap_or_default().split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if !name.to_ascii_lowercase().starts_with("x-amz-") && !name.is_empty() {
            query.push(format!("{}={}", encoded(name.as_bytes()), encoded(value.as_bytes())));
        }
    }
    let path = path.join("/");
    let path = path.trim_start_matches('/');
    if query.is_empty() { format!("/{path}") } else { format!("/{path}?{}", query.join("&")) }
}

fn at_noon() -> DateTime<Utc> {
    at(12, 0, 0)
}

fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    let text = str::from_utf8(bytes).expect("what a test signs can be signed");
    assert!(text.contains(from), "there is no {from} in {text}");
    *bytes = text.replacen(from, to, 1).into_bytes();
}
