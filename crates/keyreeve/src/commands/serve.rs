//! `keyreeve serve`: the server, from the first check to the last request.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::rt;
use service::gateway_plane::Follower;
use service::{Service, freeze};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::background::Background;
use crate::failure::Failure;
use crate::first_operator::{self, Invitation};
use crate::listeners::{self, Listeners};
use crate::settings::{Settings, shown};
use crate::{opened, refusals, ring_follower, tls};

/// How long requests under way may take to finish.
const FAREWELL: Duration = Duration::from_secs(10);

pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let reasons = refusals::of(settings);
    if !reasons.is_empty() {
        return Err(Failure::Refused(reasons));
    }
    let listeners = listeners::take(settings)?;
    let service = Arc::new(opened::open(settings, listeners.public_url.clone())?);
    let invitation = first_operator::invitation(&service).map_err(|error| opened::said_by(settings, &error))?;
    let options = options(settings)?;
    rt::System::new()
        .block_on(serve(settings, service, listeners, options, invitation))
        .map_err(|error| Failure::because(format!("the server failed: {error}")))
}

fn options(settings: &Settings) -> Result<api::Options, Failure> {
    let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    Ok(api::Options {
        workers: settings.workers.map_or_else(processors, NonZeroUsize::get),
        requests_per_second: settings.requests_per_second.0,
        trusted_proxies: settings.trusted_proxies.clone(),
        tls: tls::read(settings).map_err(Failure::because)?,
        console_dir: settings.console_dir.clone(),
    })
}

async fn serve(
    settings: &Settings,
    service: Arc<Service>,
    listeners: Listeners,
    options: api::Options,
    invitation: Invitation,
) -> io::Result<()> {
    let signals = Signals::take()?;
    // Before the first request: what is remembered is worth nothing without it.
    let follower = Follower::start(&service);
    let Listeners { api, metrics, url, metrics_url, .. } = listeners;
    let server = api::serve(service.clone(), api, options)?;
    let metrics = metrics.map(api::serve_metrics).transpose()?.map(|server| {
        let handle = server.handle();
        rt::spawn(server);
        handle
    });
    tracing::info!("listening on {url}");
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        database = shown::database(&settings.database),
        "Keyreeve is up"
    );
    if let Some(url) = metrics_url {
        tracing::info!("metrics are at {url}");
    }
    tracing::info!("the console is at {url}/console");
    tracing::info!("try the API in a browser at {url}/docs; its document is at {url}/openapi.json");
    if let Ok(Some(freeze)) = freeze::find(&service) {
        tracing::warn!(since = %freeze.since, "nothing can be changed before `keyreeve thaw`; requests are verified");
    }
    first_operator::extend(&invitation);
    drop(invitation);

    let background = Background::start(&service);
    let ring_follower = ring_follower::start(&service, settings.master_key_file.clone());
    let served = until_told_to_stop(server, signals).await;
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    ring_follower.abort();
    background.finish().await;
    follower.finish();
    tracing::info!("stopped");
    served
}

async fn until_told_to_stop(server: Server, mut signals: Signals) -> io::Result<()> {
    let handle = server.handle();
    let mut serving = rt::spawn(server);
    tokio::select! {
        ended = &mut serving => return ended.unwrap_or_else(|error| Err(io::Error::other(error))),
        name = signals.next() => tracing::info!("{name}: finishing the requests under way"),
    }
    finish(&handle).await;
    serving.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Takes no new requests and waits for those under way, but not for ever.
async fn finish(handle: &ServerHandle) {
    if tokio::time::timeout(FAREWELL, handle.stop(true)).await.is_err() {
        tracing::warn!("some requests did not finish in time");
        handle.stop(false).await;
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn take() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "told to terminate",
            _ = self.interrupt.recv() => "interrupted",
        }
    }
}
