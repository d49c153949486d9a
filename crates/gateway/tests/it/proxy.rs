//! What stands between a gateway and Keyreeve, and may fail.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub(crate) struct Proxy {
    address: SocketAddr,
    counts: Arc<Mutex<HashMap<String, usize>>>,
    rules: watch::Sender<Rules>,
}

/// By the end of the path.
#[derive(Clone)]
struct Rules {
    to: SocketAddr,
    cut: Vec<&'static str>,
    /// Answers wait here.
    held: Vec<&'static str>,
    /// Questions about changes after something that has never been.
    asks_nonsense: bool,
}

impl Rules {
    fn name(list: &[&str], path: &str) -> bool {
        list.iter().any(|name| path.ends_with(name))
    }
}

impl Proxy {
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let rules = Rules { to, cut: Vec::new(), held: Vec::new(), asks_nonsense: false };
        let rules = watch::Sender::new(rules);
        let counts = Arc::new(Mutex::new(HashMap::new()));
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        tokio::spawn({
            let (rules, counts) = (rules.clone(), counts.clone());
            async move {
                loop {
                    let Ok((stream, _)) = listener.accept().await else { return };
                    let (rules, counts, client) = (rules.clone(), counts.clone(), client.clone());
                    let service = service_fn(move |request| {
                        let (rules, counts, client) = (rules.subscribe(), counts.clone(), client.clone());
                        pass_on(request, rules, counts, client)
                    });
                    tokio::spawn(
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                    );
                }
            }
        });
        Self { address, counts, rules }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often a path that ends so was asked for.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.counts.lock().unwrap().iter().filter(|(path, _)| path.ends_with(name)).map(|(_, count)| count).sum()
    }

    pub(crate) fn lead_to(&self, to: SocketAddr) {
        self.rules.send_modify(|rules| rules.to = to);
    }

    /// Nothing comes through to a path that ends so, and what is under way ends.
    pub(crate) fn cut(&self, name: &'static str) {
        self.rules.send_modify(|rules| rules.cut.push(name));
    }

    pub(crate) fn mend(&self) {
        self.rules.send_modify(|rules| rules.cut.clear());
    }

    pub(crate) fn hold(&self, name: &'static str) {
        self.rules.send_modify(|rules| rules.held.push(name));
    }

    pub(crate) fn release(&self) {
        self.rules.send_modify(|rules| rules.held.clear());
    }

    pub(crate) fn ask_nonsense(&self, nonsense: bool) {
        self.rules.send_modify(|rules| rules.asks_nonsense = nonsense);
    }
}

async fn pass_on(
    request: Request<Incoming>,
    mut rules: watch::Receiver<Rules>,
    counts: Arc<Mutex<HashMap<String, usize>>>,
    client: Client<HttpConnector, Full<Bytes>>,
) -> Result<Response<Full<Bytes>>, &'static str> {
    let path = request.uri().path().to_owned();
    *counts.lock().unwrap().entry(path.clone()).or_default() += 1;
    if let Some(parent) = request.headers().get("traceparent") {
        // As if it were behind the path.
        *counts.lock().unwrap().entry(format!("{path} {}", parent.to_str().unwrap())).or_default() += 1;
    }
    let cut = {
        let (path, mut rules) = (path.clone(), rules.clone());
        async move { rules.wait_for(|rules| Rules::name(&rules.cut, &path)).await.map(drop) }
    };
    let answer = async {
        let now = rules.borrow().clone();
        let answer = forward(request, now, client).await;
        let _ = rules.wait_for(|rules| !Rules::name(&rules.held, &path)).await;
        answer
    };
    tokio::select! {
        biased;
        _ = cut => Err("the line is cut"),
        answer = answer => Ok(answer.unwrap_or_else(|never| match never {})),
    }
}

async fn forward(
    request: Request<Incoming>,
    rules: Rules,
    client: Client<HttpConnector, Full<Bytes>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let target = parts.uri.path_and_query().unwrap().to_string();
    let target = if rules.asks_nonsense { target.replace("after=", "after=99999999") } else { target };
    parts.uri = format!("http://{}{target}", rules.to).parse().unwrap();
    parts.headers.remove("host");
    let Ok(answer) = client.request(Request::from_parts(parts, Full::new(body))).await else {
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = StatusCode::BAD_GATEWAY;
        return Ok(answer);
    };
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(Response::from_parts(parts, Full::new(body)))
}
