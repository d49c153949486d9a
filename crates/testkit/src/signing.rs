//! Signs S3 requests as a client would, for tests of what gateways ask.

#![expect(clippy::expect_used, reason = "a test may stop at the first surprise, and should say which")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use serde_json::{Value, json};
use verify::sigv4::{SigningKey, StringToSign};

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

    /// The body that a gateway sends for a request at a moment.
    pub fn request(&self, at: Timestamp) -> Value {
        let text = self.string_to_sign(at);
        json!({
            "access_key_id": self.access_key_id, "auth": "header", "string_to_sign": STANDARD.encode(&text),
            "signature": self.sign(&text)
        })
    }
}
