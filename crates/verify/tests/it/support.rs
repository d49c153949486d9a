//! A request one may change, a signer to start from, and the way through the verifier.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use chrono::{DateTime, TimeZone, Utc};
use keyreeve_verify::sigv4::{Audience, Header, Refusal, Request, S3, SignedRequest, SigningKey};

pub(crate) const ACCESS_KEY_ID: &str = "NQAKEXAMPLE000000000";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const REGION: &str = "waw3-1";
pub(crate) const OURS: Audience<'static, &str> = Audience { service: S3, regions: &[REGION, "fra1-2"] };

#[derive(Debug, Clone)]
pub(crate) struct OwnedRequest {
    pub(crate) method: String,
    pub(crate) target: Vec<u8>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

/// Where the signer puts its signature.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Headers,
    Query { expires: u64 },
}

impl OwnedRequest {
    pub(crate) fn new(method: &str, target: impl AsRef<[u8]>, host: &str) -> Self {
        Self { method: method.into(), target: target.as_ref().to_vec(), headers: vec![] }.with("host", host)
    }

    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn header(&mut self, name: &str) -> &mut Vec<u8> {
        let (_, value) = self.headers.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)).unwrap();
        value
    }

    pub(crate) fn without(&mut self, name: &str) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    pub(crate) fn replace_in_header(&mut self, name: &str, from: &str, to: &str) {
        replace(self.header(name), from, to);
    }

    pub(crate) fn replace_in_target(&mut self, from: &str, to: &str) {
        replace(&mut self.target, from, to);
    }

    pub(crate) fn look<T>(&self, with: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| Header { name, value }).collect();
        with(&Request { method: &self.method, target: &self.target, headers: &headers })
    }

    pub(crate) fn verify(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.verify_for(SECRET, &OURS, now)
    }

    pub(crate) fn verify_for<R: AsRef<str>>(
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
    pub(crate) fn signed(mut self, place: Place, at: DateTime<Utc>) -> Self {
        let host = String::from_utf8(self.header("host").clone()).unwrap();
        let target = String::from_utf8(self.target.clone()).unwrap();
        let headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("host"))
            .map(|(name, value)| (name.as_str(), str::from_utf8(value).unwrap()))
            .collect();

        let identity = Credentials::new(ACCESS_KEY_ID, SECRET, None, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name(S3)
            .time(SystemTime::from(at))
            .settings(as_for_s3(place))
            .build()
            .unwrap()
            .into();
        let uri = format!("https://{host}{target}");
        let signable =
            SignableRequest::new(&self.method, uri, headers.into_iter(), SignableBody::UnsignedPayload).unwrap();
        let (added_headers, added_parameters) = sign(signable, &parameters).unwrap().into_parts().0.into_parts();

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
pub(crate) fn at(hour: u32, minute: u32, second: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, hour, minute, second).unwrap()
}

/// Percent-encoded as a careful client does.
pub(crate) fn encoded(bytes: &[u8]) -> String {
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

fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    let text = str::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "there is no {from} in {text}");
    *bytes = text.replacen(from, to, 1).into_bytes();
}
