//! Signs S3 requests as a client would, for tests of what gateways ask.

#![expect(clippy::expect_used, reason = "a test may stop at the first surprise, and should say which")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use serde_json::{Value, json};
use verify::sigv4::{CanonicalRequest, Header, PayloadHash, Query, Request, SignedHeaders, SigningKey, StringToSign};

/// A signed request, as it goes over the wire.
#[derive(Clone)]
pub struct Whole {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
}

/// The hash of the canonical request.
fn canonical(method: &str, target: &str, headers: &[(String, String)], names: &str) -> String {
    let headers: Vec<_> = headers.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
    let request = Request { method, target: target.as_bytes(), headers: &headers };
    let (_, query) = request.path_and_query().expect("a target");
    let query = Query::parse(query).expect("a query");
    let names = SignedHeaders::parse(names).expect("names in their order");
    let text = CanonicalRequest::build(&request, &query, &names, PayloadHash::Unsigned).expect("a request");
    text.digest().to_string()
}

/// A pair as its client holds it.
#[derive(Clone)]
pub struct Signer {
    pub access_key_id: String,
    pub secret: String,
    pub region: String,
}

impl Signer {
    /// From an answer that made the pair.
    pub fn of(made: &crate::Answer) -> Self {
        Self {
            access_key_id: made.text_at("/key/access_key_id"),
            secret: made.text_at("/secret_access_key"),
            region: made.text_at("/region"),
        }
    }

    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    pub fn with_secret(&self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self.clone() }
    }

    /// What is signed for a request at a moment: a canonical request that nobody looks at here.
    pub fn string_to_sign(&self, at: Timestamp) -> String {
        let (time, day) = (at.format("%Y%m%dT%H%M%SZ"), at.format("%Y%m%d"));
        format!("AWS4-HMAC-SHA256\n{time}\n{day}/{}/s3/aws4_request\n{}", self.region, "ab".repeat(32))
    }

    pub fn sign(&self, string_to_sign: &str) -> String {
        let parsed = StringToSign::parse(string_to_sign).expect("a string to sign");
        SigningKey::derive(self.secret.as_bytes(), &parsed.scope).sign(&parsed).to_hex()
    }

    /// A whole request with its signature in its headers. Of those given, `signed` are signed as well.
    pub fn whole(&self, at: Timestamp, method: &str, target: &str, signed: &[(&str, &str)]) -> Whole {
        let (time, day) = (at.format("%Y%m%dT%H%M%SZ").to_string(), at.format("%Y%m%d"));
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut headers: Vec<(String, String)> = signed.iter().map(owned).collect();
        headers.push(("x-amz-date".to_owned(), time.clone()));
        headers.push(("x-amz-content-sha256".to_owned(), "UNSIGNED-PAYLOAD".to_owned()));
        let mut names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let names = names.join(";");
        let text = canonical(method, target, &headers, &names);
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let signature = self.sign(&format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{text}"));
        let credential = format!("{}/{scope}", self.access_key_id);
        let value = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
        headers.push(("authorization".to_owned(), value));
        Whole { method: method.to_owned(), target: target.to_owned(), headers }
    }

    /// The same with its signature in its URL, good for a while.
    pub fn presigned(&self, at: Timestamp, method: &str, path: &str, host: &str, seconds: i64) -> Whole {
        let (time, day) = (at.format("%Y%m%dT%H%M%SZ").to_string(), at.format("%Y%m%d"));
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let credential = format!("{}/{scope}", self.access_key_id).replace('/', "%2F");
        let target = format!(
            "{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={time}\
             &X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host"
        );
        let headers = vec![("host".to_owned(), host.to_owned())];
        let text = canonical(method, &target, &headers, "host");
        let signature = self.sign(&format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{text}"));
        Whole { method: method.to_owned(), target: format!("{target}&X-Amz-Signature={signature}"), headers }
    }

    /// The body that a gateway sends for a request at a moment.
    pub fn request(&self, at: Timestamp) -> Value {
        let text = self.string_to_sign(at);
        json!({
            "access_key_id": self.access_key_id, "auth": "header", "string_to_sign": STANDARD.encode(&text),
            "signature": self.sign(&text)
        })
    }
}
