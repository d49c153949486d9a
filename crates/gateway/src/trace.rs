//! The trace that questions belong to.

use std::future::Future;

use hyper::header::HeaderValue;

pub(crate) const HEADER: &str = "traceparent";

tokio::task_local! {
    static PARENT: HeaderValue;
}

/// Lets the questions that `work` puts to Keyreeve say which trace they belong to, by a `traceparent` as W3C's Trace Context has
/// it: the one that came with the request, or one of the gateway's own. Keyreeve logs it, and exports it where it exports traces.
/// What is no value of a header is left out.
pub async fn within_trace<F: Future>(traceparent: Option<&str>, work: F) -> F::Output {
    match traceparent.map(HeaderValue::from_str) {
        Some(Ok(parent)) => PARENT.scope(parent, work).await,
        Some(Err(_)) | None => work.await,
    }
}

pub(crate) fn parent() -> Option<HeaderValue> {
    PARENT.try_with(Clone::clone).ok()
}
