//! Answers of any length: one JSON document a line, read from the database a page at a time, as the client takes them.

use std::io;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpRequest;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{Accept, Header, Quality};
use actix_web::web::Bytes;
use serde::Serialize;

use crate::http::blocking::Coming;
use crate::problem::Problem;

pub(crate) const MEDIA_TYPE: &str = "application/x-ndjson";

/// Whether the client would rather have lines: it names them, and gives nothing that covers JSON a higher quality.
pub(crate) fn is_preferred(request: &HttpRequest) -> bool {
    let Ok(accept) = Accept::parse(request) else { return false };
    let quality = |names: &[&str]| {
        let named = accept.iter().filter(|range| names.contains(&range.item.essence_str()));
        named.map(|range| range.quality).max()
    };
    let Some(lines) = quality(&[MEDIA_TYPE]).filter(|quality| *quality > Quality::ZERO) else { return false };
    match quality(&["application/json"]) {
        Some(json) => lines > json,
        None => quality(&["application/*", "*/*"]).is_none_or(|json| lines >= json),
    }
}

/// One page of lines.
pub(crate) struct Chunk {
    pub(crate) lines: Bytes,
    pub(crate) next_cursor: Option<String>,
}

impl Chunk {
    pub(crate) fn of<T: Serialize>(items: impl Iterator<Item = T>, next_cursor: Option<String>) -> Self {
        let mut lines = Vec::new();
        for item in items {
            match serde_json::to_writer(&mut lines, &item) {
                Ok(()) => lines.push(b'\n'),
                Err(error) => tracing::error!(%error, "a line could not be written"),
            }
        }
        Self { lines: lines.into(), next_cursor }
    }
}

/// How the page at a cursor is read.
pub(crate) type Fetch = Rc<dyn Fn(Option<String>) -> Coming<Chunk>>;

/// Every page from the first on. Between two pages nothing is held but the cursor.
pub(crate) struct Lines {
    fetch: Fetch,
    state: State,
}

enum State {
    Fetched(Chunk),
    Fetching(Coming<Chunk>),
    Over,
}

impl Lines {
    pub(crate) fn new(first: Chunk, fetch: Fetch) -> Self {
        Self { fetch, state: State::Fetched(first) }
    }
}

impl MessageBody for Lines {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let this = self.get_mut();
        loop {
            match mem::replace(&mut this.state, State::Over) {
                State::Over => return Poll::Ready(None),
                State::Fetched(Chunk { lines, next_cursor }) => {
                    if next_cursor.is_some() {
                        this.state = State::Fetching(Box::pin(patiently(this.fetch.clone(), next_cursor)));
                    }
                    if !lines.is_empty() {
                        return Poll::Ready(Some(Ok(lines)));
                    }
                }
                State::Fetching(mut page) => match page.as_mut().poll(context) {
                    Poll::Pending => {
                        this.state = State::Fetching(page);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(chunk)) => this.state = State::Fetched(chunk),
                    // The connection is cut, so that nobody takes a part for the whole.
                    Poll::Ready(Err(problem)) => {
                        tracing::warn!(%problem, "an export was broken off");
                        return Poll::Ready(Some(Err(io::Error::other(problem.to_string()))));
                    }
                },
            }
        }
    }
}

/// An answer that has begun cannot be refused any more: rather than break it off, it waits for a database that is busy.
async fn patiently(fetch: Fetch, cursor: Option<String>) -> Result<Chunk, Problem> {
    const MOST_ATTEMPTS: u32 = 10;
    let mut attempts = 1;
    loop {
        match fetch(cursor.clone()).await {
            Err(Problem { retry_after: Some(wait), .. }) if attempts < MOST_ATTEMPTS => {
                attempts += 1;
                tokio::time::sleep(wait.to_std().unwrap_or_default()).await;
            }
            fetched => return fetched,
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn lines_are_for_whoever_asks_for_them() {
        let prefers =
            |accept: &str| is_preferred(&TestRequest::default().insert_header((ACCEPT, accept)).to_http_request());
        for lines in [
            "application/x-ndjson",
            "Application/X-NDJSON",
            "application/x-ndjson, */*",
            "application/json;q=0.5, application/x-ndjson",
            "text/html, application/x-ndjson;q=0.1",
        ] {
            assert!(prefers(lines), "{lines}");
        }
        for json in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "application/json, application/x-ndjson",
            "application/x-ndjson;q=0",
            "application/x-ndjson;q=0.5, */*",
            "nonsense",
        ] {
            assert!(!prefers(json), "{json}");
        }
    }
}
