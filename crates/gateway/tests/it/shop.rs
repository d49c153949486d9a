//! A tenant with a region, a gateway bound to it, and the client that this gateway embeds.

use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keyreeve_gateway::metrics::{By, Feed};
use keyreeve_gateway::sigv4::{Form, Presented, Signature, StringToSign};
use keyreeve_gateway::{Clock, Gateway, Metrics, Options, RequestContext, Signed, Trouble, Verdict};
use serde_json::{Value, json};
use testkit::{Answer, Client, Server, Signer};
use tokio::runtime::Runtime;

use crate::proxy::Proxy;

pub(crate) const REGION: &str = "waw3-1";

pub(crate) struct Shop<'s> {
    pub(crate) server: &'s Server,
    /// The path of the tenant, without anybody in it.
    pub(crate) tenant: String,
    pub(crate) proxy: Proxy,
    pub(crate) gateway: Gateway,
    pub(crate) noted: Arc<Noted>,
    /// The path of what the operator knows of the gateway.
    known_as: String,
    /// Seconds that the client believes to have passed besides those that have.
    skipped: Arc<AtomicU64>,
    runtime: Runtime,
}

#[derive(Default)]
pub(crate) struct Noted {
    pub(crate) by: Mutex<Vec<By>>,
    pub(crate) beginnings: AtomicUsize,
}

struct Noting(Arc<Noted>);

impl Metrics for Noting {
    fn verified(&self, by: By, _: &Verdict) {
        self.0.by.lock().unwrap().push(by);
    }

    fn followed(&self, feed: Feed<'_>) {
        if let Feed::Begun = feed {
            self.0.beginnings.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

impl<'s> Shop<'s> {
    /// Follows the feed, and the server has come as far as the client.
    pub(crate) fn open(server: &'s Server) -> Self {
        Self::of(server, &server.operator())
    }

    /// With a tenant that this client has made.
    pub(crate) fn of(server: &'s Server, maker: &Client) -> Self {
        server.region(REGION, "multi");
        let id = maker.post("/v1/tenants", json!({"name": "Acme"})).expect(201).text_at("/id");
        let tenant = format!("/v1/tenants/{id}");
        let available = json!({"service": "available"});
        server.operator().put(&format!("{tenant}/regions/{REGION}"), available).expect(200);
        let capabilities = ["verify", "signing_keys", "changes", "usage", "secrets"];
        let registered = server.gateway(&[REGION], &capabilities);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let proxy = runtime.block_on(Proxy::start(server.address()));
        let (noted, skipped) = (Arc::<Noted>::default(), Arc::<AtomicU64>::default());
        let clock = {
            let (service, skipped, start) = (server.service().clone(), skipped.clone(), Instant::now());
            // Some time after the beginning of all, so that nothing counts back beyond it.
            let passing = move || Duration::from_secs(1_000 + skipped.load(Ordering::SeqCst)) + start.elapsed();
            Clock::of(move || service.clock().now(), passing)
        };
        let options = Options::new(proxy.url(), registered.token, [REGION]).metrics(Noting(noted.clone())).clock(clock);
        let gateway = runtime.block_on(async { Gateway::start(options) }).unwrap();
        let known_as = format!("/v1/gateways/{}", registered.id);
        let shop = Self { server, tenant, proxy, gateway, noted, known_as, skipped, runtime };
        shop.until("the feed is followed", || shop.gateway.is_following());
        let made = shop.make();
        let probe = Signer::of(&made);
        shop.until("something is remembered", || {
            assert!(shop.verify(&probe).unwrap().is_allowed());
            shop.last_by() == By::Memory
        });
        // A confirmed receipt: the client has heard of all that came before, and takes none of it for what a test does next.
        shop.revoke(&made);
        shop
    }

    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn admin(&self) -> Client {
        self.server.operator()
    }

    pub(crate) fn make(&self) -> Answer {
        self.make_with(json!({}))
    }

    /// When everybody has heard of it, so that it is not forgotten again for its own making. It may be told twice, the first
    /// time before its turn; what the client confirms is told for good.
    pub(crate) fn make_with(&self, mut fields: Value) -> Answer {
        fields["region"] = json!(REGION);
        fields["label"] = json!("k");
        let newest = || *self.server.service().watch_changes().borrow();
        let before = newest();
        let made = self.admin().post(&format!("{}/keys", self.tenant), fields).expect(201);
        self.until("the server has heard of it", || newest() > before);
        let lag = || self.server.operator().get(&self.known_as).expect(200).field("/lease/lag").as_i64();
        self.until("the gateway has confirmed it", || lag() == Some(0));
        made
    }

    pub(crate) fn key(&self, made: &Answer, rest: &str) -> String {
        format!("{}/keys/{}{rest}", self.tenant, made.text_at("/key/id"))
    }

    /// With a receipt that nothing honours the key any more.
    pub(crate) fn revoke(&self, made: &Answer) {
        let revoked = self.admin().act(&self.key(made, "/revoke")).expect(200);
        assert_eq!(revoked.field("/receipt/state"), "confirmed");
    }

    pub(crate) fn verify(&self, signer: &Signer) -> Result<Verdict, Trouble> {
        self.run(verify(&self.gateway, &Request::of(signer, self.server), &RequestContext::default()))
    }

    /// What the last verdict was found by.
    pub(crate) fn last_by(&self) -> By {
        *self.noted.by.lock().unwrap().last().unwrap()
    }

    pub(crate) fn fetches(&self) -> usize {
        self.proxy.count("/signing-keys")
    }

    /// As if the machine had slept.
    pub(crate) fn let_pass(&self, seconds: u64) {
        self.skipped.fetch_add(seconds, Ordering::SeqCst);
    }

    #[track_caller]
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE, "not yet: {what}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

/// A request as a gateway has read it.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) access_key_id: String,
    pub(crate) text: String,
    pub(crate) signature: String,
    pub(crate) form: Form,
    pub(crate) has_session_token: bool,
}

impl Request {
    pub(crate) fn of(signer: &Signer, server: &Server) -> Self {
        let text = signer.string_to_sign(server.now());
        Self::saying(signer, &text)
    }

    pub(crate) fn saying(signer: &Signer, text: &str) -> Self {
        Self {
            access_key_id: signer.access_key_id.clone(),
            text: text.to_owned(),
            signature: signer.sign(text),
            form: Form::Header,
            has_session_token: false,
        }
    }

    pub(crate) fn presented(&self) -> Presented<'_> {
        Presented {
            form: self.form,
            string_to_sign: StringToSign::parse(&self.text).unwrap(),
            signature: Signature::parse(&self.signature).unwrap(),
        }
    }

    pub(crate) fn signed<'a>(&'a self, presented: &'a Presented<'a>) -> Signed<'a> {
        Signed { access_key_id: &self.access_key_id, presented, has_session_token: self.has_session_token }
    }
}

pub(crate) async fn verify(
    gateway: &Gateway,
    request: &Request,
    context: &RequestContext<'_>,
) -> Result<Verdict, Trouble> {
    let presented = request.presented();
    gateway.verify(request.signed(&presented), context).await
}

#[track_caller]
pub(crate) fn code(verdict: Result<Verdict, Trouble>) -> String {
    match verdict.unwrap() {
        Verdict::Allow(_) => "allowed".to_owned(),
        Verdict::Deny(denied) => denied.code,
    }
}
