//! The `Idempotency-Key` header.

use actix_web::{HttpMessage, HttpRequest, http::Method};
use service::Once;
use sha2::{Digest, Sha256};

use crate::http::body::Body;
use crate::problem::{Kind, Problem};

pub(crate) const HEADER: &str = "idempotency-key";

/// What names a POST, if its caller named it.
pub(crate) fn of(request: &HttpRequest, caller: &str) -> Result<Option<Once>, Problem> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    let mut values = request.headers().get_all(HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    let bad = || Problem::new(Kind::BadIdempotencyKey);
    let key = value.to_str().map_err(|_| bad())?;
    let is_visible = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if !is_visible || values.next().is_some() {
        return Err(bad());
    }
    let body = request.extensions().get::<Body>().map(|body| body.0.clone()).unwrap_or_default();
    let mut fingerprint = Sha256::new();
    for part in [request.method().as_str().as_bytes(), request.uri().to_string().as_bytes(), &body] {
        fingerprint.update((part.len() as u64).to_be_bytes());
        fingerprint.update(part);
    }
    let fingerprint = fingerprint.finalize().into();
    Ok(Some(Once { caller: caller.to_owned(), key: key.to_owned(), fingerprint }))
}
