//! HTTP and TLS.

use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use rustls::crypto::ring::default_provider;
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue, IF_MATCH, LINK, RETRY_AFTER};
use ureq::http::{HeaderMap, Request, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};
use zeroize::Zeroizing;

use super::answer::Answer;
use crate::call::Call;
use crate::exit::{Failure, Result};
use crate::operations::Kind;

pub(super) struct Transport {
    agent: Agent,
    /// Without a slash at the end.
    server: String,
}

/// Why nothing came back.
pub(super) struct Trouble(ureq::Error);

/// No answer is longer; lists and exports come in pages.
const LONGEST_ANSWER: u64 = 64 << 20;

impl Transport {
    pub(super) fn to(server: &str, ca_file: Option<&Path>, may_be_plain: bool) -> Result<Self> {
        let wanted = || Failure::Usage(format!("a server is named like https://keys.example.org, unlike {server:?}"));
        let url: Uri = server.parse().map_err(|_| wanted())?;
        let host = url.host().filter(|host| !host.is_empty()).ok_or_else(wanted)?;
        let has_more = url.query().is_some() || url.authority().is_some_and(|part| part.as_str().contains('@'));
        let is_secure = match url.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wanted()),
        };
        if has_more {
            return Err(wanted());
        }
        if !is_secure && !may_be_plain && !is_this_machine(host) {
            return Err(Failure::Usage(format!(
                "plain HTTP to {host} would show keys and tokens to the network: use https, or say --insecure if the \
                 network is yours alone"
            )));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // The API redirects nobody, and what is sent is for this server only.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_recv_body(Some(Duration::from_secs(120)))
            .user_agent(concat!("keyreeve/", env!("CARGO_PKG_VERSION")));
        let config = if is_secure { config.tls_config(tls(ca_file)?) } else { config };
        // A proxy of the environment is for the outside world.
        let config = if is_this_machine(host) { config.proxy(None) } else { config };
        Ok(Self { agent: config.build().into(), server: server.to_owned() })
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    pub(super) fn send(
        &self,
        call: &Call,
        accept: &str,
        idempotency_key: Option<&str>,
        bearer: Option<&str>,
    ) -> Result<Answer, Trouble> {
        let body = Zeroizing::new(call.body().unwrap_or_default());
        let mut request = Request::builder().method(call.method()).uri(format!("{}{}", self.server, call.target()));
        request = request.header(ACCEPT, accept);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(version) = call.if_match {
            request = request.header(IF_MATCH, format!("\"{version}\""));
        }
        if let Some(bearer) = bearer {
            let text = Zeroizing::new(format!("Bearer {bearer}"));
            let mut value = HeaderValue::from_str(&text).map_err(|error| Trouble(ureq::Error::Http(error.into())))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(body.as_bytes()).map_err(|error| Trouble(ureq::Error::Http(error)))?;
        let mut response = if body.is_empty() { self.agent.run(request.map(|_| ())) } else { self.agent.run(request) }
            .map_err(Trouble)?;
        let answered = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec().map_err(Trouble)?;
        let headers = response.headers();
        Ok(Answer {
            status: response.status().as_u16(),
            body: Zeroizing::new(answered),
            retry_after: text(headers, RETRY_AFTER.as_str()).and_then(|seconds| seconds.parse().ok()),
            date: text(headers, DATE.as_str())
                .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
                .map(|date| date.to_utc()),
            next: text(headers, LINK.as_str()).and_then(next_page),
        })
    }
}

impl Trouble {
    /// Whether the request did not even leave this machine.
    pub(super) fn was_never_sent(&self) -> bool {
        if let ureq::Error::Io(error) = &self.0 {
            return error.kind() == ErrorKind::ConnectionRefused;
        }
        matches!(
            &self.0,
            ureq::Error::HostNotFound
                | ureq::Error::ConnectionFailed
                | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect)
        )
    }

    /// Whether the same request may help, and does no harm if the first one arrived after all.
    pub(super) fn may_pass(&self, kind: Kind) -> bool {
        let is_harmless = matches!(kind, Kind::Get | Kind::Make | Kind::Ask);
        let is_passing = matches!(
            &self.0,
            ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed | ureq::Error::Protocol(_)
        );
        is_passing && !self.is_of_tls() && (is_harmless || self.was_never_sent())
    }

    /// A certificate that is not believed comes as trouble with input and output, too.
    fn is_of_tls(&self) -> bool {
        if let ureq::Error::Io(error) = &self.0 {
            return error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
        }
        matches!(&self.0, ureq::Error::Rustls(_) | ureq::Error::Tls(_))
    }

    pub(super) fn reason(&self) -> String {
        self.0.to_string()
    }

    pub(super) fn failure(&self, server: &str) -> Failure {
        let advice = if self.is_of_tls() {
            ": name the authority that signed its certificate with --ca-file"
        } else {
            ": check the URL, and that the server is running"
        };
        Failure::Unreachable(format!("{server} cannot be reached ({}){advice}", self.reason()))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `</v1/audit?cursor=...>; rel="next"`
fn next_page(link: &str) -> Option<String> {
    let (target, rest) = link.strip_prefix('<')?.split_once('>')?;
    (target.starts_with('/') && rest.contains("rel=\"next\"")).then(|| target.to_owned())
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn tls(ca_file: Option<&Path>) -> Result<TlsConfig> {
    let roots: Vec<Certificate<'static>> = match ca_file {
        Some(path) => {
            let cannot =
                |why: String| Failure::Local(format!("no authorities can be read from {}: {why}", path.display()));
            let pem = fs::read(path).map_err(|error| cannot(error.to_string()))?;
            let items: Vec<_> = parse_pem(&pem).collect::<Result<_, _>>().map_err(|error| cannot(error.to_string()))?;
            let roots: Vec<_> = items
                .into_iter()
                .filter_map(|item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None })
                .collect();
            if roots.is_empty() {
                return Err(cannot("there are none in it".to_owned()));
            }
            roots
        }
        None => {
            let found = rustls_native_certs::load_native_certs().certs;
            found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
        }
    };
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .root_certs(RootCerts::new_with_certs(&roots))
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_of_the_same_server() {
        assert_eq!(next_page("</v1/audit?cursor=x>; rel=\"next\"").as_deref(), Some("/v1/audit?cursor=x"));
        for wrong in ["<https://elsewhere/x>; rel=\"next\"", "</v1/audit>; rel=\"prev\"", "/v1/audit"] {
            assert_eq!(next_page(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_goes_over_a_strange_network_in_the_clear() {
        let is_taken = |server, may_be_plain| Transport::to(server, None, may_be_plain).is_ok();
        for local in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080/base"] {
            assert!(is_taken(local, false), "{local}");
        }
        assert!(!is_taken("http://keys.example.org", false) && is_taken("http://keys.example.org", true));
        for wrong in ["keys.example.org", "ftp://keys.example.org", "https://", "https://a@b", "http://localhost?x"] {
            assert!(!is_taken(wrong, true), "{wrong}");
        }
    }
}
