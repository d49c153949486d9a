//! Where the server can be reached. Addresses are taken before anything is opened, so that one that is in use is
//! known at once.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};

use crate::failure::Failure;
use crate::settings::{MetricsListen, Settings};

pub(crate) struct Listeners {
    pub(crate) api: TcpListener,
    pub(crate) metrics: Option<TcpListener>,
    /// `http://127.0.0.1:8080`, with the port that was really taken.
    pub(crate) url: String,
    pub(crate) metrics_url: Option<String>,
    /// What links begin with.
    pub(crate) public_url: String,
}

pub(crate) fn take(settings: &Settings) -> Result<Listeners, Failure> {
    let (api, address) = bind(settings.listen).map_err(|why| refused(settings.listen, "listen", &why))?;
    let metrics = take_metrics(settings)?;
    let (metrics, metrics_address) = metrics.unzip();
    Ok(Listeners {
        api,
        metrics,
        url: format!("{}://{address}", scheme(settings)),
        metrics_url: metrics_address.map(|address| format!("http://{address}/metrics")),
        public_url: public_url(settings, address),
    })
}

/// Where people reach a server that listens here.
pub(crate) fn public_url(settings: &Settings, address: SocketAddr) -> String {
    match &settings.public_url {
        Some(url) => url.0.clone(),
        None => format!("{}://{}", scheme(settings), reachable(address)),
    }
}

fn scheme(settings: &Settings) -> &'static str {
    if settings.tls_certificate.is_some() { "https" } else { "http" }
}

/// Metrics are a courtesy unless somebody asked for them: a second server on the same machine goes on without.
fn take_metrics(settings: &Settings) -> Result<Option<(TcpListener, SocketAddr)>, Failure> {
    let MetricsListen::At(address) = settings.metrics_listen else { return Ok(None) };
    match bind(address) {
        Ok(bound) => Ok(Some(bound)),
        Err(error) if settings.chosen.is_default("metrics_listen") => {
            tracing::warn!(%address, %error, "no metrics: set --metrics-listen to another address, or to off");
            Ok(None)
        }
        Err(error) => Err(refused(address, "metrics-listen", &error)),
    }
}

fn bind(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn refused(address: SocketAddr, flag: &str, error: &std::io::Error) -> Failure {
    Failure::because(if error.kind() == ErrorKind::AddrInUse {
        format!("{address} is in use: stop what listens there, or set --{flag} to another one")
    } else {
        format!("{address} cannot be listened on ({error}): set --{flag} to another address")
    })
}

/// An address to put into a link: one that means "all of them" means nothing to a browser.
fn reachable(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => format!("localhost:{}", address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => format!("localhost:{}", address.port()),
        IpAddr::V4(_) | IpAddr::V6(_) => address.to_string(),
    }
}
