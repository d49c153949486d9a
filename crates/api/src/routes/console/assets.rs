//! The console's files: in the binary, or read from disk anew each time while somebody works on them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use sha2::{Digest, Sha256};

use super::files::FILES;
use crate::problem::{Kind, Problem};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; frame-ancestors 'none'";
const PAGE: &str = "index.html";
/// What browsers load by themselves; everything else in the folder is for those who work on it.
const SERVED: &[(&str, &str)] =
    &[("css", "text/css; charset=utf-8"), ("js", "text/javascript; charset=utf-8"), ("svg", "image/svg+xml")];

pub(crate) struct Assets {
    from: Source,
}

enum Source {
    Embedded { revision: String, page: String },
    Folder(PathBuf),
}

impl Assets {
    /// From a folder instead of the binary, if one is given.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        let from = folder.map_or_else(embedded, Source::Folder);
        Self { from }
    }

    fn read(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match &self.from {
            Source::Embedded { .. } => embedded_file(name).map(Cow::Borrowed),
            Source::Folder(folder) => std::fs::read(inside(folder, name)?).ok().map(Cow::Owned),
        }
    }

    fn page(&self) -> String {
        match &self.from {
            Source::Embedded { page, .. } => page.clone(),
            Source::Folder(folder) => {
                filled(&std::fs::read_to_string(folder.join(PAGE)).unwrap_or_default(), "working-copy", &[])
            }
        }
    }

    fn revision(&self) -> Option<&str> {
        match &self.from {
            Source::Embedded { revision, .. } => Some(revision),
            Source::Folder(_) => None,
        }
    }
}

/// The revision names what all files say: pages of one build never load scripts of another.
fn embedded() -> Source {
    let hash = FILES.iter().fold(Sha256::new(), |hash, (name, bytes)| hash.chain_update(name).chain_update(bytes));
    let revision = short(&hash.finalize());
    let scripts: Vec<_> = FILES.iter().map(|(name, _)| *name).filter(|name| name.ends_with(".js")).collect();
    let page = filled(&String::from_utf8_lossy(embedded_file(PAGE).unwrap_or_default()), &revision, &scripts);
    Source::Embedded { revision, page }
}

fn embedded_file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// The page with the place of its files filled in, and every script named, so that a browser fetches them all at once.
fn filled(template: &str, revision: &str, scripts: &[&str]) -> String {
    let place = format!("/console/assets/{revision}");
    let early: String =
        scripts.iter().map(|name| format!("<link rel=\"modulepreload\" href=\"{place}/{name}\">\n")).collect();
    template.replace("{{assets}}", &place).replace("{{scripts}}\n", &early)
}

fn short(hash: &[u8]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A path below the folder, whatever the name says.
fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0']);
    name.split('/').all(is_plain).then(|| folder.join(name))
}

/// Every place in the console is the same page: what to show is found by its script.
pub(super) async fn page(request: HttpRequest, assets: web::Data<Assets>) -> HttpResponse {
    let text = assets.page();
    // Links that open something once leave no trace in a cache.
    let is_kept = request.path().starts_with("/console") && assets.revision().is_some();
    answer(&request, text.into_bytes(), "text/html; charset=utf-8", if is_kept { "no-cache" } else { "no-store" })
}

pub(super) async fn file(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    assets: web::Data<Assets>,
) -> HttpResponse {
    let (revision, name) = path.into_inner();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let media_type = SERVED.iter().find(|(known, _)| *known == ending).map(|(_, media_type)| *media_type);
    let (Some(media_type), Some(bytes)) = (media_type, assets.read(&name)) else {
        return Problem::new(Kind::NotFound).error_response();
    };
    // A page of another build asked, from another replica: it gets what there is, and nothing remembers it as that.
    let is_this = assets.revision() == Some(&revision);
    let keep = if is_this { "public, max-age=31536000, immutable" } else { "no-store" };
    answer(&request, bytes.into_owned(), media_type, keep)
}

fn answer(request: &HttpRequest, bytes: Vec<u8>, media_type: &'static str, keep: &'static str) -> HttpResponse {
    let tag = format!("W/\"{}\"", short(&Sha256::digest(&bytes)));
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY)).insert_header((header::CACHE_CONTROL, keep));
    if keep != "no-store" {
        response.insert_header((header::ETAG, tag));
    }
    if is_known {
        return response.finish();
    }
    response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(media_type))).body(bytes)
}
