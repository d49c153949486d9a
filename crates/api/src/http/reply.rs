//! What a handler answers with when all went well.

use std::io;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use crate::http::conditional::etag;

pub(crate) struct Reply {
    status: StatusCode,
    body: Option<serde_json::Result<Vec<u8>>>,
    location: Option<String>,
    version: Option<i64>,
    is_not_to_be_stored: bool,
}

impl Reply {
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self::with(StatusCode::OK, body)
    }

    pub(crate) fn created(location: String, body: &impl Serialize) -> Self {
        Self { location: Some(location), ..Self::with(StatusCode::CREATED, body) }
    }

    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, location: None, version: None, is_not_to_be_stored: false }
    }

    /// 202 instead of 200: it has been done, and not everybody has confirmed it.
    pub(crate) fn unless_confirmed(self, is_confirmed: bool) -> Self {
        if is_confirmed { self } else { Self { status: StatusCode::ACCEPTED, ..self } }
    }

    pub(crate) fn not_to_be_stored(self) -> Self {
        Self { is_not_to_be_stored: true, ..self }
    }

    /// With the entity tag of the object in the body.
    pub(crate) fn at_version(self, version: i64) -> Self {
        Self { version: Some(version), ..self }
    }

    fn with(status: StatusCode, body: &impl Serialize) -> Self {
        // Most answers fit, and are written without being moved as they grow. What is larger is not at hand in the allocator.
        let mut written = Written(Vec::with_capacity(1024));
        let body = Some(serde_json::to_writer(&mut written, body).map(|()| written.0));
        Self { status, body, location: None, version: None, is_not_to_be_stored: false }
    }
}

/// Half of what JSON is made of are single bytes, which need no copying.
struct Written(Vec<u8>);

impl io::Write for Written {
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match bytes {
            [byte] => self.0.push(*byte),
            bytes => self.0.extend_from_slice(bytes),
        }
        Ok(())
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status);
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(version) = self.version {
            response.insert_header((header::ETAG, etag(version)));
        }
        if self.is_not_to_be_stored {
            response.insert_header((header::CACHE_CONTROL, "no-store"));
        }
        match self.body {
            None => response.finish(),
            Some(Ok(body)) => response.content_type("application/json").body(body),
            Some(Err(error)) => {
                tracing::error!(%error, "an answer could not be written");
                HttpResponse::InternalServerError().finish()
            }
        }
    }
}
