//! What no route took: 405 where the path is one of ours and the method is not, 404 elsewhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::openapi::DOCUMENT;
use crate::problem::{Kind, Problem};
use crate::routes::{PAGES, SESSION_PATHS};

/// Every path there is, with its methods.
struct KnownPaths(Vec<KnownPath>);

struct KnownPath {
    segments: Vec<String>,
    methods: Vec<String>,
}

/// Nobody needs them before the first request that no route takes.
static KNOWN_PATHS: LazyLock<KnownPaths> = LazyLock::new(|| KnownPaths::of(DOCUMENT));

/// Of the document no more than that.
#[derive(Default, Deserialize)]
struct Described {
    paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}

impl KnownPaths {
    fn of(document: &str) -> Self {
        let Described { paths } = serde_json::from_str(document).unwrap_or_default();
        let known = paths.iter().map(|(path, operations)| KnownPath {
            segments: path.split('/').map(str::to_owned).collect(),
            methods: operations.keys().map(|method| method.to_ascii_uppercase()).collect(),
        });
        let pages = PAGES.iter().map(|path| KnownPath {
            segments: path.split('/').map(str::to_owned).collect(),
            methods: vec!["GET".to_owned()],
        });
        let sessions = SESSION_PATHS.iter().map(|(path, methods)| KnownPath {
            segments: path.split('/').map(str::to_owned).collect(),
            methods: methods.split(", ").map(str::to_owned).collect(),
        });
        Self(known.chain(pages).chain(sessions).collect())
    }

    fn methods(&self, path: &str) -> Option<String> {
        let segments: Vec<_> = path.split('/').collect();
        let fits = |known: &&KnownPath| {
            known.segments.len() == segments.len()
                && known
                    .segments
                    .iter()
                    .zip(&segments)
                    .all(|(known, given)| if known.starts_with('{') { !given.is_empty() } else { known == given })
        };
        let mut methods: Vec<_> = self.0.iter().filter(fits).flat_map(|known| known.methods.clone()).collect();
        methods.sort();
        methods.dedup();
        if methods.is_empty() && path.starts_with("/console/") {
            return Some("GET".to_owned());
        }
        if methods.is_empty() { None } else { Some(methods.join(", ")) }
    }
}

pub(crate) async fn answer(request: HttpRequest) -> HttpResponse {
    let problem = match KNOWN_PATHS.methods(request.path()) {
        Some(allow) => Problem { allow: Some(allow), ..Problem::new(Kind::MethodNotAllowed) },
        None => Problem::saying(Kind::NotFound, "There is nothing at this path. See /docs for what there is."),
    };
    problem.error_response()
}
