//! Puts the layers around the routes and listens.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpResponse, HttpServer, web};
use ipnet::IpNet;
use service::Service;

use crate::http::Drain;
use crate::http::blocking::Blocking;
use crate::http::body;
use crate::http::outermost::{self, TrustedProxies};
use crate::http::rate_limit::RateLimits;
use crate::http::unmatched;
use crate::spans::Spans;
use crate::{metrics, routes};

/// For how many seconds requests under way may go on once the server is stopped; connections that lie idle are closed at
/// once.
const FAREWELL: u64 = 4;

pub struct Options {
    pub workers: usize,
    /// Of one caller; none switches the bound off.
    pub requests_per_second: Option<u32>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    pub tls: Option<rustls::ServerConfig>,
    /// Read the console from here instead of from the binary, for those who work on it.
    pub console_dir: Option<PathBuf>,
    /// Where requests go that are part of a trace, if somebody exports them.
    pub spans: Option<Spans>,
    /// By which whoever stops the server says so beforehand.
    pub drain: Drain,
}

/// Serves until it is stopped. It listens already when this returns.
pub fn serve(service: Arc<Service>, listener: TcpListener, options: Options) -> io::Result<Server> {
    let Options { workers, requests_per_second, trusted_proxies, tls, console_dir, spans, drain } = options;
    let blocking = web::Data::new(Blocking::new(service));
    let limits = web::Data::new(RateLimits::new(requests_per_second));
    let trusted = web::Data::new(TrustedProxies(trusted_proxies));
    let drain = web::Data::new(drain);
    let assets = web::Data::new(routes::Assets::new(console_dir));
    let spans = web::Data::new(spans);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(blocking.clone())
            .app_data(limits.clone())
            .app_data(trusted.clone())
            .app_data(spans.clone())
            .app_data(drain.clone())
            .app_data(body::bound())
            // Short answers by the hundred thousand: packing one would take longer than finding it.
            .configure(routes::of_gateways)
            .service(
                web::scope("")
                    .configure(routes::of_people)
                    .configure(routes::pages)
                    .configure(routes::console(assets.clone()))
                    .wrap(Compress::default()),
            )
            .default_service(web::route().to(unmatched::answer))
            .wrap(from_fn(body::read))
            .wrap(from_fn(outermost::wrap))
    })
    .workers(workers)
    .client_request_timeout(Duration::from_secs(5))
    .client_disconnect_timeout(Duration::from_secs(1))
    .keep_alive(Duration::from_secs(15))
    .max_connections(10_000)
    .shutdown_timeout(FAREWELL)
    // Who stops the process stops the server: requests under way are answered first.
    .disable_signals();
    let listener = without_delay(listener)?;
    let server = match tls {
        None => server.listen(listener)?,
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
    };
    Ok(server.run())
}

/// No answer waits for more to be sent with it, or it would come when its reader has acknowledged its first part, 40 ms
/// later. What is accepted inherits this from what listens.
fn without_delay(listener: TcpListener) -> io::Result<TcpListener> {
    let socket = TcpStream::from(OwnedFd::from(listener));
    socket.set_nodelay(true)?;
    Ok(TcpListener::from(OwnedFd::from(socket)))
}

/// Serves `/metrics`, on a listener of its own that nobody outside needs to reach.
pub fn serve_metrics(service: Arc<Service>, listener: TcpListener) -> io::Result<Server> {
    let service = web::Data::from(service);
    let server = HttpServer::new(move || App::new().app_data(service.clone()).route("/metrics", web::get().to(page)));
    Ok(server.workers(1).shutdown_timeout(1).disable_signals().listen(listener)?.run())
}

async fn page(service: web::Data<Service>) -> HttpResponse {
    const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match web::block(move || metrics::page(service.vitals())).await {
        Ok(page) => HttpResponse::Ok().content_type(TYPE).body(page),
        Err(_) => HttpResponse::ServiceUnavailable().finish(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_is_answered_without_delay() {
        let listener = without_delay(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        assert!(accepted.nodelay().unwrap());
    }
}
