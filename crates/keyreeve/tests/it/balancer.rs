//! A small load balancer for TCP, which does what real ones do: it asks each backend every so often whether it is ready,
//! and gives new connections to those that are. What it has once connected it leaves alone.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::home::until;

/// How often backends are asked.
const PERIOD: Duration = Duration::from_millis(100);
/// How long they may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Balancer {
    pub(crate) url: String,
    state: Arc<State>,
}

struct State {
    backends: Vec<SocketAddr>,
    ready: Mutex<Vec<SocketAddr>>,
    turn: AtomicUsize,
    is_over: AtomicBool,
}

impl Balancer {
    /// In front of servers at these URLs.
    pub(crate) fn before<'u>(urls: impl IntoIterator<Item = &'u str>) -> Self {
        let backends = urls.into_iter().map(|url| url.strip_prefix("http://").unwrap().parse().unwrap()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            backends,
            ready: Mutex::default(),
            turn: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        for backend in state.backends.clone() {
            let asking = state.clone();
            thread::spawn(move || asking.ask(backend));
        }
        let accepting = state.clone();
        thread::spawn(move || accepting.accept(&listener));
        Self { url, state }
    }

    /// Waits until so many backends are ready.
    pub(crate) fn has(&self, count: usize) {
        until("backends to be ready", || (self.state.ready.lock().unwrap().len() == count).then_some(()));
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        // Wakes whoever accepts.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

impl State {
    fn ask(&self, backend: SocketAddr) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().max_idle_connections(0).timeout_global(Some(PATIENCE)).build().into();
        while !self.is_over.load(Ordering::SeqCst) {
            match agent.get(format!("http://{backend}/readyz")).call() {
                Ok(_) => self.set_ready(backend, true),
                // One that is slow, on a machine where everything is, is not one that says no.
                Err(ureq::Error::Timeout(_)) => {}
                Err(_) => self.set_ready(backend, false),
            }
            thread::park_timeout(PERIOD);
        }
    }

    fn set_ready(&self, backend: SocketAddr, is_ready: bool) {
        let mut ready = self.ready.lock().unwrap();
        ready.retain(|other| *other != backend);
        if is_ready {
            ready.push(backend);
        }
    }

    fn accept(&self, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            if let (Ok(client), Some(backend)) = (client, self.next()) {
                join(client, backend);
            }
        }
    }

    /// The next one in turn; of those that are ready one may have gone a moment ago.
    fn next(&self) -> Option<TcpStream> {
        let ready = self.ready.lock().unwrap().clone();
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        let in_turn = (0..ready.len()).map(|place| ready[(turn + place) % ready.len()]);
        in_turn.filter_map(|backend| TcpStream::connect(backend).ok()).next()
    }
}

fn join(client: TcpStream, backend: TcpStream) {
    for stream in [&client, &backend] {
        stream.set_nodelay(true).unwrap();
    }
    let pipe = |from: &TcpStream, to: &TcpStream| {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    };
    pipe(&client, &backend);
    pipe(&backend, &client);
}
