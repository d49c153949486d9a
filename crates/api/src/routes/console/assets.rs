//! The console's files: in the binary, or read from disk anew each time while somebody works on them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use domain::hex;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::files::FILES;
use super::joined::joined;
use crate::problem::{Kind, Problem};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; frame-ancestors 'none'";
const PAGE: &str = "index.html";
const SCRIPT: &str = "console.js";
const MODULE: &str = "main.js";
/// What browsers load by themselves; everything else in the folder is for those who work on it.
const SERVED: &[(&str, &str)] =
    &[("css", "text/css; charset=utf-8"), ("js", "text/javascript; charset=utf-8"), ("svg", "image/svg+xml")];

pub(crate) struct Assets {
    from: Source,
    /// What was asked for, compressed as well as can be: once, since what is in the binary stays as it is.
    compressed: Mutex<BTreeMap<String, Bytes>>,
}

enum Source {
    Embedded { revision: String, page: String, script: String },
    Folder(PathBuf),
}

impl Assets {
    /// From a folder instead of the binary, if one is given.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        let from = folder.map_or_else(embedded, Source::Folder);
        Self { from, compressed: Mutex::default() }
    }

    fn read(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match &self.from {
            Source::Embedded { script, .. } if name == SCRIPT => Some(Cow::Owned(script.clone().into_bytes())),
            Source::Embedded { .. } => embedded_file(name).map(Cow::Borrowed),
            Source::Folder(folder) => std::fs::read(inside(folder, name)?).ok().map(Cow::Owned),
        }
    }

    fn compressed(&self, name: &str, bytes: &[u8]) -> Bytes {
        let mut known = self.compressed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compressed) = known.get(name) {
            return compressed.clone();
        }
        let compressed = Bytes::from(gzip(bytes));
        known.insert(name.to_owned(), compressed.clone());
        compressed
    }

    fn page(&self) -> String {
        match &self.from {
            Source::Embedded { page, .. } => page.clone(),
            Source::Folder(folder) => {
                filled(&std::fs::read_to_string(folder.join(PAGE)).unwrap_or_default(), "working-copy", MODULE)
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
    let texts = FILES.iter().filter_map(|(name, bytes)| Some((*name, std::str::from_utf8(bytes).ok()?)));
    // A test holds that it can be made; where it could not, the modules do as well.
    let (script, begin) = joined(texts).map_or_else(|_| (String::new(), MODULE), |script| (script, SCRIPT));
    let page = filled(&String::from_utf8_lossy(embedded_file(PAGE).unwrap_or_default()), &revision, begin);
    Source::Embedded { revision, page, script }
}

fn embedded_file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// The page with the place of its files filled in.
fn filled(template: &str, revision: &str, script: &str) -> String {
    template.replace("{{assets}}", &format!("/console/assets/{revision}")).replace("{{script}}", script)
}

fn short(hash: &[u8]) -> String {
    hex::encode(hash).chars().take(16).collect()
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
    let keep = if is_kept { "no-cache" } else { "no-store" };
    let page = File { name: PAGE, bytes: text.into_bytes().into(), media_type: "text/html; charset=utf-8", keep };
    answer(&request, &assets, page)
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
    answer(&request, &assets, File { name: &name, bytes, media_type, keep })
}

struct File<'a> {
    name: &'a str,
    bytes: Cow<'static, [u8]>,
    media_type: &'static str,
    /// For how long, in the words of `Cache-Control`.
    keep: &'static str,
}

fn answer(request: &HttpRequest, assets: &Assets, file: File<'_>) -> HttpResponse {
    let tag = format!("W/\"{}\"", short(&Sha256::digest(&file.bytes)));
    let says = |name, wanted: &dyn Fn(&str) -> bool| {
        let said = request.headers().get(name).and_then(|value| value.to_str().ok());
        said.is_some_and(|said| said.split(',').any(|one| wanted(one.trim())))
    };
    let is_known = says(header::IF_NONE_MATCH, &|one| one == tag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
    response.insert_header((header::CACHE_CONTROL, file.keep));
    response.insert_header((header::VARY, "accept-encoding"));
    if file.keep != "no-store" {
        response.insert_header((header::ETAG, tag));
    }
    if is_known {
        return response.finish();
    }
    response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(file.media_type)));
    // A file on disk may be another one next time: it is left to the general layer.
    if assets.revision().is_some() && says(header::ACCEPT_ENCODING, &|one| one == "gzip" || one.starts_with("gzip;q=1"))
    {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
        return response.body(assets.compressed(file.name, &file.bytes));
    }
    response.body(file.bytes.into_owned())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
