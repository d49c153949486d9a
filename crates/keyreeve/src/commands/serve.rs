//! `keyreeve serve`: the server, from the first check to the last request.

use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::rt;
use domain::hex;
use rustls::ServerConfig;
use service::gateway_plane::Follower;
use service::{Service, freeze};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::background::Background;
use crate::failure::Failure;
use crate::first_operator::{self, Invitation};
use crate::listeners::{self, Listeners};
use crate::settings::{Settings, shown};
use crate::{journal, opened, refusals, ring_follower, tls, traces};

/// How long the database may take to be told what was counted, and that the lease is given back.
const LAST_WORDS: Duration = Duration::from_secs(2);

pub(crate) fn run(settings: Settings) -> Result<(), Failure> {
    let reasons = refusals::of(&settings);
    if !reasons.is_empty() {
        return Err(Failure::Refused(reasons));
    }
    let listeners = listeners::take(&settings)?;
    let service = Arc::new(opened::open(&settings, listeners.public_url.clone())?);
    journal::keep(&settings, &service)?;
    let invitation = first_operator::invitation(&service).map_err(|error| opened::said_by(&settings, &error))?;
    let tls = tls::read(&settings).map_err(Failure::because)?;
    let (spans, exporter) = traces::export(&settings).unzip();
    let options = options(&settings, tls, spans);
    let served = on_a_thread_of_its_own(move || serve(settings, service, listeners, options, invitation));
    if let Some(exporter) = exporter {
        exporter.finish();
    }
    served.map_err(|error| Failure::because(format!("the server failed: {error}")))
}

/// The thread is left behind, with all that belongs to it: nobody waits for a part that hangs in a database which is away,
/// and nothing is taken down in an order that it does not expect.
fn on_a_thread_of_its_own<W: Future<Output = io::Result<()>>>(
    work: impl FnOnce() -> W + Send + 'static,
) -> io::Result<()> {
    let (sender, receiver) = mpsc::channel();
    let run = move || {
        let system = rt::System::new();
        let _ = sender.send(system.block_on(work()));
        loop {
            thread::park();
        }
    };
    thread::Builder::new().name("server".to_owned()).spawn(run)?;
    receiver.recv().unwrap_or_else(|_| Err(io::Error::other("its thread ended")))
}

fn options(settings: &Settings, tls: Option<ServerConfig>, spans: Option<api::Spans>) -> api::Options {
    let processors = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    api::Options {
        workers: settings.workers.map_or_else(processors, NonZeroUsize::get),
        requests_per_second: settings.requests_per_second.0,
        trusted_proxies: settings.trusted_proxies.clone(),
        tls,
        console_dir: settings.console_dir.clone(),
        spans,
        drain: api::Drain::default(),
    }
}

async fn serve(
    settings: Settings,
    service: Arc<Service>,
    listeners: Listeners,
    options: api::Options,
    invitation: Invitation,
) -> io::Result<()> {
    let signals = Signals::take()?;
    // Before the first request: what is remembered is worth nothing without it.
    let follower = Follower::start(&service);
    let Listeners { api, metrics, url, metrics_url, .. } = listeners;
    let farewell = Farewell { notice: settings.drain_seconds.0, drain: options.drain.clone(), signals };
    let server = api::serve(service.clone(), api, options)?;
    let metrics = metrics.map(|listener| api::serve_metrics(service.clone(), listener)).transpose()?.map(|server| {
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
    if let Some(key) = service.checkpoint_key() {
        tracing::info!(key = hex::encode(&key), "audit checkpoints are signed");
    }
    first_operator::extend(&invitation);
    drop(invitation);

    let background = Background::start(&service);
    let ring_follower = ring_follower::start(&service, settings.master_key_file);
    let served = until_told_to_stop(server, farewell).await;
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    ring_follower.abort();
    say_last_words(background, follower).await;
    tracing::info!("stopped");
    served
}

/// Writes down what was counted and gives the lease back, if the database is there to take it.
async fn say_last_words(background: Background, follower: Follower) {
    let words = async {
        background.finish().await;
        let _ = rt::task::spawn_blocking(move || follower.finish()).await;
    };
    if tokio::time::timeout(LAST_WORDS, words).await.is_err() {
        tracing::warn!("the database did not take what was counted since it was last written down");
    }
}

async fn until_told_to_stop(server: Server, mut farewell: Farewell) -> io::Result<()> {
    let handle = server.handle();
    let mut serving = rt::spawn(server);
    tokio::select! {
        ended = &mut serving => return ended.unwrap_or_else(|error| Err(io::Error::other(error))),
        signal = farewell.signals.next() => farewell.say(signal).await,
    }
    farewell.drain.close();
    handle.stop(true).await;
    serving.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// What happens between the signal and the last connection.
struct Farewell {
    notice: Duration,
    drain: api::Drain,
    signals: Signals,
}

impl Farewell {
    /// Goes on answering until those who send requests have noticed that it is not ready any more. Whoever interrupts it by
    /// hand, or tells it a second time, does not want to wait for that.
    async fn say(&mut self, told: Told) {
        self.drain.begin();
        if told == Told::ToTerminate && !self.notice.is_zero() {
            tracing::info!("told to terminate: not ready any more, answering for another {:?}", self.notice);
            tokio::select! {
                () = tokio::time::sleep(self.notice) => {}
                _ = self.signals.next() => {}
            }
        }
        tracing::info!("finishing the requests under way");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    ToTerminate,
    ToInterrupt,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn take() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::ToTerminate,
            _ = self.interrupt.recv() => Told::ToInterrupt,
        }
    }
}
