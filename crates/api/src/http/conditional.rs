//! `ETag` and `If-Match`: an entity tag is the version of the object, in quotes.

use actix_web::HttpRequest;
use actix_web::http::header;

pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The versions that the caller would change; none if it did not say. A tag that was never ours matches nothing.
pub(crate) fn expected(request: &HttpRequest) -> Option<Vec<i64>> {
    let lines: Vec<_> = request.headers().get_all(header::IF_MATCH).collect();
    if lines.is_empty() {
        return None;
    }
    let tags: Vec<_> = lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).collect();
    if tags.iter().any(|tag| tag.trim() == "*") {
        return None;
    }
    Some(tags.into_iter().filter_map(|tag| version(tag.trim())).collect())
}

fn version(tag: &str) -> Option<i64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}
