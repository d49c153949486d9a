//! Revokes under load: what begins after a receipt is let in by nobody. `KEYREEVE_REVOKES=1000` tries more of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use keyreeve_gateway::RequestContext;
use serde_json::json;
use testkit::{Answer, Client, Server, Signer};

use crate::shop::{REGION, Request, Shop, verify};

const REVOKES: usize = 100;
const WRITERS: usize = 4;
/// Keys that nobody revokes, for the load beside.
const BYSTANDERS: usize = 20;

/// What is asked about a key, and by whom it is answered.
struct Verifiers<'s> {
    shop: &'s Shop<'s>,
    replicas: [Client; 2],
}

impl Verifiers<'_> {
    /// Who lets it in: each replica, and the gateway by itself.
    fn letting_in(&self, request: &Request, body: &serde_json::Value) -> Vec<&'static str> {
        let mut letting_in = Vec::new();
        for (replica, name) in self.replicas.iter().zip(["the first replica", "the second replica"]) {
            if replica.post("/v1/gateway/verify", body.clone()).expect(200).field("/decision") == "allow" {
                letting_in.push(name);
            }
        }
        let here = self.shop.run(verify(&self.shop.gateway, request, &RequestContext::default()));
        if here.unwrap().is_allowed() {
            letting_in.push("the gateway");
        }
        letting_in
    }
}

#[test]
fn nobody_lets_in_what_begins_after_a_receipt() {
    let server = Server::on_postgres();
    let shop = Shop::open(&server);
    let replica = server.replica();
    let token = server.gateway(&[REGION], &["verify"]).token;
    let verifiers = Verifiers { shop: &shop, replicas: [server.bearer(&token), replica.bearer(&token)] };
    let keys = format!("{}/keys", shop.tenant);
    let make = |client: &Client| client.post(&keys, json!({"region": REGION, "label": "k"})).expect(201);
    let bystanders: Vec<_> = (0..BYSTANDERS).map(|_| Request::of(&Signer::of(&make(&shop.admin())), &server)).collect();

    let revokes = how_many();
    let (is_over, next, others) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let took = Mutex::new(Vec::with_capacity(revokes));
    thread::scope(|scope| {
        let write = || {
            // Half of the changes come by one replica, half by the other.
            loop {
                let n = next.fetch_add(1, Ordering::SeqCst);
                if n >= revokes {
                    return;
                }
                let client = if n % 2 == 0 { server.operator() } else { replica.operator() };
                let made = make(&client);
                let receipt = revoke(&verifiers, &client, &made, &keys);
                took.lock().unwrap().extend(receipt);
            }
        };
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(write)).collect();
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                for request in &bystanders {
                    let verdict = shop.run(verify(&shop.gateway, request, &RequestContext::default()));
                    assert!(verdict.unwrap().is_allowed(), "nobody has stopped it");
                    others.fetch_add(1, Ordering::SeqCst);
                }
                // The machine has more to do than this.
                thread::park_timeout(Duration::from_millis(1));
            }
        });
        let failed = writers.into_iter().map(thread::ScopedJoinHandle::join).filter(Result::is_err).count();
        is_over.store(true, Ordering::SeqCst);
        assert_eq!(failed, 0);
    });

    let mut took = took.into_inner().unwrap();
    took.sort_unstable();
    println!("{} requests for other keys meanwhile", others.into_inner());
    print_histogram(&took);
    assert!(took.len() > revokes * 9 / 10, "confirmed at once: {} of {revokes}", took.len());
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is for whoever runs it")]
fn how_many() -> usize {
    std::env::var("KEYREEVE_REVOKES").map_or(REVOKES, |revokes| revokes.parse().unwrap())
}

/// How long it took until a receipt said that it is over everywhere; none if it had to name somebody instead.
fn revoke(verifiers: &Verifiers<'_>, client: &Client, made: &Answer, keys: &str) -> Option<Duration> {
    let server = verifiers.shop.server;
    let signer = Signer::of(made);
    let (request, body) = (Request::of(&signer, server), signer.request(server.now()));
    assert_eq!(verifiers.letting_in(&request, &body).len(), 3, "a key works everywhere once it is made");
    let begun = Instant::now();
    let revoked = client.act(&format!("{keys}/{}/revoke", made.text_at("/key/id")));
    let took = begun.elapsed();
    if revoked.status == 202 {
        return None;
    }
    revoked.expect(200);
    assert_eq!(verifiers.letting_in(&request, &body), [""; 0], "after a receipt");
    Some(took)
}

fn print_histogram(sorted: &[Duration]) {
    let at = |part: usize| sorted.get((sorted.len() * part / 1000).min(sorted.len() - 1)).unwrap();
    println!("{} receipts: p50 {:?}, p90 {:?}, p99 {:?}, max {:?}", sorted.len(), at(500), at(900), at(990), at(1000));
    for milliseconds in [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000] {
        let within = sorted.iter().filter(|took| took.as_millis() < milliseconds).count();
        println!("  < {milliseconds:>4} ms {within:>5} {}", "#".repeat(within * 50 / sorted.len()));
    }
}
