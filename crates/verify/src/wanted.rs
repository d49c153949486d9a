//! What a whole S3 request wants: which bucket and object it is about, and what that needs of a key.
//!
//! Whoever forwards the request acts on it after us, and may read it in its own way. What could be read in two ways names
//! nothing here and needs everything: only a key without limits may have it.

use domain::key::grants::Permission;

use crate::described::Needs;
use crate::sigv4::{Refusal, Request};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub target: Target,
    /// What is copied from.
    pub source: Option<Target>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub bucket: Option<String>,
    /// Of a listing the prefix that it asks for.
    pub object_key: Option<String>,
    pub needs: Needs,
}

impl Wanted {
    /// `domain` is the name below which each bucket has a host of its own; without one the bucket stands in the path.
    pub fn of(request: &Request<'_>, domain: Option<&str>) -> Result<Self, Refusal> {
        let path = request.decoded_path()?;
        let host = match domain {
            None => None,
            Some(domain) => bucket_of_host(request.only("host")?.unwrap_or_default(), domain)?,
        };
        let place = Place::of(&path, host);
        let query = Parameters(request.decoded_query()?);
        let source = match request.only("x-amz-copy-source")? {
            None => None,
            Some(source) => Some(source_of(source)?),
        };
        // A copy anywhere else or said in the query, or an object that is taken away from where it was.
        let is_odd = source.is_some() && request.method != "PUT"
            || request.only("x-amz-rename-source")?.is_some()
            || query.names_a_source();
        match place {
            Some(place) if !is_odd => Ok(Self { target: place.target(request.method, &query), source }),
            _ => Ok(Self { target: Target::anything(), source: None }),
        }
    }
}

impl Target {
    fn anything() -> Self {
        Self { bucket: None, object_key: None, needs: Needs::All }
    }
}

/// A bucket, or an object in it.
struct Place<'a> {
    bucket: Option<&'a str>,
    object_key: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// Nothing where a path has steps that a server might walk instead of taking them for letters.
    fn of(path: &'a str, host: Option<&'a str>) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let walks = |step: &str| matches!(step, "." | "..");
        if path.split('/').any(walks) || path.starts_with('/') || path.contains(['\\', '\0']) {
            return None;
        }
        let (bucket, object_key) = match host {
            Some(bucket) => (bucket, path),
            None => path.split_once('/').unwrap_or((path, "")),
        };
        let named = |name: &'a str| Some(name).filter(|name| !name.is_empty());
        Some(Self { bucket: named(bucket), object_key: named(object_key) })
    }

    fn target(&self, method: &str, query: &Parameters) -> Target {
        if !matches!(method, "GET" | "HEAD" | "PUT" | "POST" | "DELETE") {
            return Target::anything();
        }
        let (needs, object_key) = match (self.bucket, self.object_key) {
            (None, _) if method == "GET" => (Needs::One(Permission::List), None),
            (None, _) => (Needs::All, None),
            (Some(_), None) => (of_bucket(method, query), query.listed_prefix(method)),
            (Some(_), Some(object_key)) => (of_object(method, query), Some(object_key.to_owned())),
        };
        Target { bucket: self.bucket.map(str::to_owned), object_key, needs }
    }
}

/// Whoever changes how a bucket works could do anything with what is in it.
fn of_bucket(method: &str, query: &Parameters) -> Needs {
    let is_plain = query.names().next().is_none();
    match method {
        "GET" | "HEAD" => Needs::One(Permission::List),
        "PUT" if is_plain => Needs::One(Permission::Write),
        "DELETE" if is_plain => Needs::One(Permission::Delete),
        // Which objects, only the body says.
        "POST" if query.is_only("delete") => Needs::One(Permission::Delete),
        _ => Needs::All,
    }
}

fn of_object(method: &str, query: &Parameters) -> Needs {
    match method {
        // Which parts of an upload are there.
        "GET" if query.has("uploadId") => Needs::One(Permission::List),
        "GET" | "HEAD" => Needs::One(Permission::Read),
        "PUT" if !query.has("renameObject") => Needs::One(Permission::Write),
        "POST" if query.is_only("uploads") || query.is_only("uploadId") || query.has("restore") => {
            Needs::One(Permission::Write)
        }
        "POST" if query.has("select") => Needs::One(Permission::Read),
        "DELETE" => Needs::One(Permission::Delete),
        _ => Needs::All,
    }
}

/// `/bucket/key?versionId=...`, percent-encoded, with or without the slash in front.
fn source_of(header: &str) -> Result<Target, Refusal> {
    let path = header.split('?').next().unwrap_or_default();
    let path = format!("/{}", path.strip_prefix('/').unwrap_or(path));
    let path = Request { method: "GET", target: path.as_bytes(), headers: &[] }.decoded_path()?;
    let needs = Needs::One(Permission::Read);
    Ok(match Place::of(&path, None) {
        Some(Place { bucket: Some(bucket), object_key: Some(object_key) }) => {
            Target { bucket: Some(bucket.to_owned()), object_key: Some(object_key.to_owned()), needs }
        }
        _ => Target { bucket: None, object_key: None, needs },
    })
}

/// Nothing where the bucket stands in the path.
fn bucket_of_host<'a>(host: &'a str, domain: &str) -> Result<Option<&'a str>, Refusal> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    if name.eq_ignore_ascii_case(domain) {
        return Ok(None);
    }
    let cut = name.len().checked_sub(domain.len()).ok_or(Refusal::MalformedRequest)?;
    let (bucket, rest) = name.split_at_checked(cut).ok_or(Refusal::MalformedRequest)?;
    let bucket = bucket.strip_suffix('.').filter(|bucket| names_a_host(bucket) && rest.eq_ignore_ascii_case(domain));
    bucket.map(Some).ok_or(Refusal::MalformedRequest)
}

/// What is no host to a server may be one to us, and then the path would name another bucket there than here.
fn names_a_host(bucket: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    bucket.split('.').all(|label| !label.is_empty() && label.bytes().all(is_letter))
}

/// Decoded names and values.
struct Parameters(Vec<(String, String)>);

/// What a listing may say of itself.
const OF_LISTINGS: [&str; 13] = [
    "list-type",
    "prefix",
    "delimiter",
    "marker",
    "start-after",
    "continuation-token",
    "max-keys",
    "encoding-type",
    "fetch-owner",
    "versions",
    "uploads",
    "key-marker",
    "max-uploads",
];
/// And of which place in it.
const MARKERS: [&str; 2] = ["version-id-marker", "upload-id-marker"];

impl Parameters {
    /// Without those that sign the request or only name the operation once more.
    fn names(&self) -> impl Iterator<Item = &str> {
        let says_nothing = |name: &str| name == "x-id" || name.to_ascii_lowercase().starts_with("x-amz-");
        self.0.iter().map(|(name, _)| name.as_str()).filter(move |name| !says_nothing(name))
    }

    fn has(&self, wanted: &str) -> bool {
        self.names().any(|name| name == wanted)
    }

    /// Some servers read headers out of the query as well.
    fn names_a_source(&self) -> bool {
        let is_source = |name: &str| matches!(name, "x-amz-copy-source" | "x-amz-rename-source");
        self.0.iter().any(|(name, _)| is_source(&name.to_ascii_lowercase()))
    }

    fn is_only(&self, wanted: &str) -> bool {
        let mut names = self.names();
        names.next() == Some(wanted) && names.next().is_none()
    }

    /// Nothing where it is not certain that the answer will be a listing below one prefix.
    fn listed_prefix(&self, method: &str) -> Option<String> {
        let is_listing = self.names().all(|name| OF_LISTINGS.contains(&name) || MARKERS.contains(&name));
        let mut prefixes = self.0.iter().filter(|(name, _)| name == "prefix");
        match (prefixes.next(), prefixes.next()) {
            (Some((_, prefix)), None) if method == "GET" && is_listing => Some(prefix.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigv4::Header;

    fn wanted_with(method: &str, target: &str, headers: &[(&str, &str)], domain: Option<&str>) -> Wanted {
        let headers: Vec<_> = headers.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
        Wanted::of(&Request { method, target: target.as_bytes(), headers: &headers }, domain).unwrap()
    }

    fn target(method: &str, target: &str) -> (Option<String>, Option<String>, Needs) {
        let Wanted { target, source } = wanted_with(method, target, &[], None);
        assert_eq!(source, None);
        (target.bucket, target.object_key, target.needs)
    }

    fn is(bucket: &str, object_key: &str, needs: Needs) -> (Option<String>, Option<String>, Needs) {
        let named = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
        (named(bucket), named(object_key), needs)
    }

    const READ: Needs = Needs::One(Permission::Read);
    const WRITE: Needs = Needs::One(Permission::Write);
    const LIST: Needs = Needs::One(Permission::List);
    const DELETE: Needs = Needs::One(Permission::Delete);

    #[test]
    fn a_request_is_about_what_its_path_and_query_say() {
        for (method, path, expected) in [
            ("GET", "/", is("", "", LIST)),
            ("POST", "/", is("", "", Needs::All)),
            ("GET", "/media", is("media", "", LIST)),
            ("HEAD", "/media/", is("media", "", LIST)),
            ("GET", "/media?list-type=2&prefix=a%2Fb&x-id=ListObjectsV2", is("media", "a/b", LIST)),
            ("GET", "/media?uploads&prefix=a", is("media", "a", LIST)),
            ("GET", "/media?location", is("media", "", LIST)),
            ("PUT", "/media", is("media", "", WRITE)),
            ("PUT", "/media?policy", is("media", "", Needs::All)),
            ("PUT", "/media?lifecycle", is("media", "", Needs::All)),
            ("DELETE", "/media", is("media", "", DELETE)),
            ("DELETE", "/media?policy", is("media", "", Needs::All)),
            ("POST", "/media?delete", is("media", "", DELETE)),
            ("POST", "/media", is("media", "", Needs::All)),
            ("GET", "/media/a/b.jpg", is("media", "a/b.jpg", READ)),
            ("GET", "/media/a%20b", is("media", "a b", READ)),
            ("GET", "/media/a+b", is("media", "a+b", READ)),
            ("HEAD", "/media/a", is("media", "a", READ)),
            ("GET", "/media/a?uploadId=1", is("media", "a", LIST)),
            ("GET", "/media/a?acl", is("media", "a", READ)),
            ("PUT", "/media/a", is("media", "a", WRITE)),
            ("PUT", "/media/a?partNumber=1&uploadId=2", is("media", "a", WRITE)),
            ("POST", "/media/a?uploads", is("media", "a", WRITE)),
            ("POST", "/media/a?uploadId=2", is("media", "a", WRITE)),
            ("POST", "/media/a?select&select-type=2", is("media", "a", READ)),
            ("POST", "/media/a", is("media", "a", Needs::All)),
            ("DELETE", "/media/a", is("media", "a", DELETE)),
            ("DELETE", "/media/a?uploadId=2", is("media", "a", DELETE)),
            ("DELETE", "/media/a?X-Amz-Signature=00", is("media", "a", DELETE)),
        ] {
            assert_eq!(target(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_names_nothing() {
        for (method, path) in [
            ("GET", "/media/../secret/a"),
            ("GET", "/media/%2e%2e/secret/a"),
            ("GET", "/media%2f..%2fsecret/a"),
            ("GET", "/media/a/./b"),
            ("GET", "//media/a"),
            ("GET", "/media/a%5C..%5Cb"),
            ("GET", "/media/a%00"),
            ("COPY", "/media/a"),
            ("MOVE", "/media/a"),
            ("PROPFIND", "/media/"),
            ("OPTIONS", "/media/a"),
            ("PUT", "/media/a?X-Amz-Copy-Source=%2Fsecret%2Fa"),
            ("PUT", "/media/a?x-amz-rename-source=%2Fmedia%2Fb"),
        ] {
            assert_eq!(target(method, path), is("", "", Needs::All), "{method} {path}");
        }
        for query in ["prefix=a&prefix=b", "prefix=a&policy", "Prefix=a", "prefix=a&acl", "prefix=a&location"] {
            assert_eq!(target("GET", &format!("/media?{query}")), is("media", "", LIST), "{query}");
        }
    }

    #[test]
    fn a_copy_reads_its_source() {
        let copy = |source: &str| wanted_with("PUT", "/media/new", &[("x-amz-copy-source", source)], None);
        let from = |bucket: Option<&str>, object_key: Option<&str>| {
            let owned = |name: Option<&str>| name.map(str::to_owned);
            Some(Target { bucket: owned(bucket), object_key: owned(object_key), needs: READ })
        };
        for source in ["/secret/a%20b", "secret/a%20b", "/secret/a%20b?versionId=7"] {
            let wanted = copy(source);
            assert_eq!(wanted.source, from(Some("secret"), Some("a b")), "{source}");
            assert_eq!(wanted.target.needs, WRITE);
        }
        for unclear in ["", "/", "secret", "/secret/../a", "arn:aws:s3:waw3-1::accesspoint"] {
            assert_eq!(copy(unclear).source, from(None, None), "{unclear}");
        }
        let elsewhere = wanted_with("POST", "/media/new?uploads", &[("x-amz-copy-source", "/secret/a")], None);
        assert_eq!(elsewhere.target, Target::anything());
        let renamed = wanted_with("PUT", "/media/b?renameObject", &[("x-amz-rename-source", "/media/a")], None);
        assert_eq!(renamed.target, Target::anything());
    }

    #[test]
    fn a_bucket_may_have_a_host_of_its_own_where_the_gateway_says_so() {
        let domain = Some("s3.example.org");
        let on = |host: &str, target: &str| {
            let Wanted { target, .. } = wanted_with("GET", target, &[("host", host)], domain);
            (target.bucket, target.object_key, target.needs)
        };
        assert_eq!(on("media.s3.example.org", "/a/b"), is("media", "a/b", READ));
        assert_eq!(on("my.media.S3.example.org:8443", "/"), is("my.media", "", LIST));
        assert_eq!(on("s3.example.org", "/media/a"), is("media", "a", READ));
        assert_eq!(on("Old_media.s3.example.org", "/a"), is("Old_media", "a", READ));
        for host in ["other.example.org", ".s3.example.org", "xs3.example.org", ""] {
            let headers = [Header { name: "host", value: host.as_bytes() }];
            let request = Request { method: "GET", target: b"/media/a", headers: &headers };
            assert_eq!(Wanted::of(&request, domain), Err(Refusal::MalformedRequest), "{host}");
        }
        for bucket in ["a/b", "a?b", "a#b", "a\\b", "a b", "a:b", "a@b", "a%2fb", ".", "..", "a..b", ".a", "a."] {
            let host = format!("{bucket}.s3.example.org");
            let headers = [Header { name: "host", value: host.as_bytes() }];
            let request = Request { method: "GET", target: b"/media/a", headers: &headers };
            assert_eq!(Wanted::of(&request, domain), Err(Refusal::MalformedRequest), "{host}");
        }
        let path_style = wanted_with("GET", "/media/a", &[("host", "secret.s3.example.org")], None);
        assert_eq!(path_style.target.bucket.as_deref(), Some("media"));
    }
}
