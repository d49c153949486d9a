//! The line to Keyreeve: kept open, with an end to every wait, and every failure named.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::metrics::{Call, Metrics};
use crate::{Clock, Misconfigured, Options, Trouble, trace};

pub(crate) struct Connection {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Without a slash at the end.
    url: String,
    authorization: HeaderValue,
    patience: Duration,
    metrics: Arc<dyn Metrics>,
    clock: Clock,
}

/// No answer is longer.
const LONGEST_ANSWER: usize = 8 << 20;
/// The server closes what is idle for 15 s. Whoever closes first is not surprised.
const IDLE: Duration = Duration::from_secs(10);

impl Connection {
    pub(crate) fn new(options: &Options) -> Result<Self, Misconfigured> {
        let url = options.url.trim_end_matches('/');
        let parsed: Uri = url.parse().map_err(|_| Misconfigured::Url)?;
        let host = parsed.host().ok_or(Misconfigured::Url)?;
        let is_secure = match parsed.scheme_str() {
            Some("https") => true,
            Some("http") if options.may_be_plain || is_this_machine(host) => false,
            Some("http") => return Err(Misconfigured::PlainText),
            _ => return Err(Misconfigured::Url),
        };
        let bearer = Zeroizing::new(format!("Bearer {}", *options.token));
        let mut authorization = HeaderValue::from_str(&bearer).map_err(|_| Misconfigured::Token)?;
        authorization.set_sensitive(true);

        let roots = if is_secure { roots(options.authorities.as_deref())? } else { RootCertStore::empty() };
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Misconfigured::Authorities(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(options.patience));
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector.wrap_connector(http));
        Ok(Self {
            client,
            url: url.to_owned(),
            authorization,
            patience: options.patience,
            metrics: options.metrics.clone(),
            clock: options.clock.clone(),
        })
    }

    pub(crate) async fn get<A: DeserializeOwned>(&self, call: Call, path: &str) -> Result<A, Trouble> {
        self.ask(call, Method::GET, path, Bytes::new(), Duration::ZERO).await?.ok_or(GONE)
    }

    /// As long as the server may take on purpose, and what is waited for at most besides. None if what was asked for is
    /// gone.
    pub(crate) async fn poll<A: DeserializeOwned>(
        &self,
        call: Call,
        path: &str,
        wait: Duration,
    ) -> Result<Option<A>, Trouble> {
        self.ask(call, Method::GET, path, Bytes::new(), wait).await
    }

    pub(crate) async fn post<A: DeserializeOwned>(
        &self,
        call: Call,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, Trouble> {
        let body = serde_json::to_vec(body).map_err(|error| Trouble::NotUnderstood(error.to_string()))?;
        self.ask(call, Method::POST, path, body.into(), Duration::ZERO).await?.ok_or(GONE)
    }

    async fn ask<A: DeserializeOwned>(
        &self,
        call: Call,
        method: Method,
        path: &str,
        body: Bytes,
        wait: Duration,
    ) -> Result<Option<A>, Trouble> {
        let began = self.clock.moment();
        let answer = tokio::time::timeout(self.patience + wait, self.answer(&method, path, &body)).await;
        let answer = answer.unwrap_or(Err(Trouble::TooSlow));
        self.metrics.called(call, self.clock.moment().saturating_sub(began), answer.as_ref().err());
        answer
    }

    async fn answer<A: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: &Bytes,
    ) -> Result<Option<A>, Trouble> {
        let response = match self.send(method, path, body).await {
            // A connection that was closed while it lay idle is found out by using it. Every question may be put twice.
            Err(error) if !error.is_connect() => self.send(method, path, body).await,
            answer => answer,
        };
        let response = response.map_err(|error| Trouble::Unreachable(root_of(&error)))?;
        let status = response.status();
        let body = read(response).await?;
        match status {
            StatusCode::OK | StatusCode::NO_CONTENT => {
                let text: &[u8] = if body.is_empty() { b"null" } else { &body };
                // What could not be read may be a key: the error says where, and not what.
                serde_json::from_slice(text).map(Some).map_err(|error| {
                    Trouble::NotUnderstood(format!("line {}, column {}", error.line(), error.column()))
                })
            }
            StatusCode::GONE => Ok(None),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Err(Trouble::Busy { status: status.as_u16() })
            }
            status if status.is_client_error() => {
                let title = serde_json::from_slice::<wire::Problem>(&body).map(|problem| problem.detail);
                Err(Trouble::Refused { status: status.as_u16(), why: title.unwrap_or_default() })
            }
            status => Err(Trouble::Busy { status: status.as_u16() }),
        }
    }

    async fn send(&self, method: &Method, path: &str, body: &Bytes) -> Result<Response<Incoming>, legacy::Error> {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = method.clone();
        // What does not parse is no way into Keyreeve, which will say so.
        *request.uri_mut() = format!("{}{path}", self.url).parse().unwrap_or_default();
        request.headers_mut().insert(header::AUTHORIZATION, self.authorization.clone());
        if let Some(parent) = trace::parent() {
            request.headers_mut().insert(trace::HEADER, parent);
        }
        if !body.is_empty() {
            request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        self.client.request(request).await
    }
}

/// Nothing but the feed is ever gone.
const GONE: Trouble = Trouble::Busy { status: 410 };

/// There may be keys in it.
async fn read(response: Response<Incoming>) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let mut body = response.into_body();
    let length = hyper::body::Body::size_hint(&body).lower();
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(LONGEST_ANSWER);
    let mut read = Zeroizing::new(Vec::with_capacity(length));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Trouble::Unreachable(root_of(&error)))?;
        let data = frame.into_data().unwrap_or_default();
        if read.len() + data.len() > LONGEST_ANSWER {
            return Err(Trouble::NotUnderstood("it is too long".to_owned()));
        }
        read.extend_from_slice(&data);
    }
    Ok(read)
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn roots(pem: Option<&[u8]>) -> Result<RootCertStore, Misconfigured> {
    let mut roots = RootCertStore::empty();
    match pem {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| Misconfigured::Authorities(error.to_string()))?;
                roots.add(certificate).map_err(|error| Misconfigured::Authorities(error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() { Err(Misconfigured::Authorities("none found".to_owned())) } else { Ok(roots) }
}

/// The error at the bottom, which is the one that says something.
fn root_of(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(below) = error.source() {
        error = below;
    }
    error.to_string()
}
