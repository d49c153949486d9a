//! How a request says who it is from: a bearer token, or the console's cookie.
//!
//! Browsers send a cookie along whoever made them ask, so one counts only when the request comes from our own pages.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use domain::Timestamp;
use std::net::IpAddr;

use authz::Caller;
use service::Service;

use crate::problem::{Kind, Problem};

/// The proof of who somebody is.
pub(crate) const PROOF: &str = "__Host-keyreeve";
/// What buys a person's next proof.
pub(crate) const REFRESH: &str = "__Host-keyreeve-refresh";
/// No form and no link can send a header: only a script of our own pages does.
pub(crate) const CONSOLE_HEADER: &str = "x-keyreeve-console";

pub(crate) enum Credential {
    Bearer(String),
    Cookie(String),
}

impl Credential {
    /// Whoever sends an `Authorization` header means it: a cookie beside it is not looked at.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        if request.headers().contains_key(header::AUTHORIZATION) {
            return bearer(request.headers()).map(Self::Bearer);
        }
        let cookie = request.cookie(PROOF).ok_or_else(unauthenticated)?;
        check_site(request)?;
        Ok(Self::Cookie(cookie.value().to_owned()))
    }

    pub(crate) fn authenticate(
        &self,
        service: &Service,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> service::Result<Caller> {
        match self {
            Self::Bearer(token) => service.authenticate(token, from, now),
            Self::Cookie(proof) => service.authenticate_cookie(proof, from, now),
        }
    }
}

fn unauthenticated() -> Problem {
    Problem::new(Kind::Unauthenticated)
}

pub(crate) fn bearer(headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or_else(unauthenticated)?;
    if values.next().is_some() {
        return Err(unauthenticated());
    }
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim().to_owned()),
        _ => Err(unauthenticated()),
    }
}

/// What a browser says of where a request comes from, and for anything but reading also a header that only our own
/// scripts can send and the origin that they were loaded from.
pub(crate) fn check_site(request: &HttpRequest) -> Result<(), Problem> {
    let headers = request.headers();
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_own = match text(headers, "sec-fetch-site") {
        Some("same-origin") | None => true,
        // Typed into the address bar: nobody's page asked.
        Some("none") => is_reading,
        Some(_) => false,
    };
    let comes_from_here = match text(headers, "origin") {
        Some(origin) => authority(origin).is_some_and(|origin| Some(origin) == host(request)),
        None => is_reading,
    };
    let has_header = text(headers, CONSOLE_HEADER) == Some("1");
    if is_own && comes_from_here && (is_reading || has_header) { Ok(()) } else { Err(Problem::new(Kind::CrossSite)) }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"))
}

/// What stands behind the scheme: a proxy that does TLS leaves it as it is.
fn authority(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(_, authority)| authority)
}

fn host(request: &HttpRequest) -> Option<&str> {
    text(request.headers(), "host").or_else(|| request.uri().authority().map(actix_web::http::uri::Authority::as_str))
}

/// Gone when the browser is closed; when it stops counting is said by what is in it.
pub(crate) fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value).path("/").secure(true).http_only(true).same_site(SameSite::Strict).finish()
}

/// Takes a cookie away.
pub(crate) fn no_cookie(name: &'static str) -> Cookie<'static> {
    let mut cookie = cookie(name, String::new());
    cookie.set_max_age(Duration::ZERO);
    cookie
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn is_let_in(method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let request = TestRequest::default().method(method).insert_header(("host", "keys.example.org"));
        let request = headers.iter().fold(request, |request, header| request.insert_header(*header));
        check_site(&request.to_http_request()).is_ok()
    }

    const HERE: (&str, &str) = ("origin", "https://keys.example.org");
    const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");
    const HEADER: (&str, &str) = (CONSOLE_HEADER, "1");

    #[test]
    fn a_change_needs_our_header_our_origin_and_our_site() {
        assert!(is_let_in(Method::POST, &[HERE, OURS, HEADER]));
        assert!(is_let_in(Method::POST, &[HERE, HEADER]), "a browser that does not say its site");
        assert!(!is_let_in(Method::POST, &[HERE, OURS]), "a form");
        assert!(!is_let_in(Method::POST, &[OURS, HEADER]), "no origin");
        assert!(!is_let_in(Method::POST, &[HERE, HEADER, ("sec-fetch-site", "none")]));
        for origin in [
            "https://evil.example.org",
            "https://keys.example.org.evil.example",
            "null",
            "https://keys.example.org:8443",
        ] {
            assert!(!is_let_in(Method::POST, &[("origin", origin), OURS, HEADER]), "{origin}");
        }
        for site in ["same-site", "cross-site", ""] {
            assert!(!is_let_in(Method::DELETE, &[HERE, HEADER, ("sec-fetch-site", site)]), "{site}");
        }
    }

    #[test]
    fn reading_needs_no_header_and_nobody_elses_page() {
        assert!(is_let_in(Method::GET, &[]) && is_let_in(Method::GET, &[OURS]));
        assert!(is_let_in(Method::GET, &[("sec-fetch-site", "none")]));
        assert!(!is_let_in(Method::GET, &[("sec-fetch-site", "cross-site")]));
        assert!(!is_let_in(Method::GET, &[("origin", "https://evil.example.org")]));
    }
}
