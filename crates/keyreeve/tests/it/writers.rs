//! Clients that write at once and keep a ledger: what was acknowledged to them has to be there, whatever happens meanwhile.
//!
//! Each has keys of its own, so it knows what each of them has to be. What was not answered may have happened or not: a
//! retry with the same idempotency key finds out.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Answer, Client, Signer};
use ureq::Agent;

use crate::fleet::{REGION, now};
use crate::home::{Over, until};

/// How many signatures are asked about at once.
const BATCH: usize = 250;

pub(crate) struct Writers {
    writers: Vec<Writer>,
    tenant: String,
    operator: String,
    gateway: String,
    pub(crate) acknowledged: AtomicUsize,
    /// What was retried because nobody had answered.
    pub(crate) settled: usize,
}

#[derive(Default)]
struct Writer {
    keys: Vec<Owned>,
    /// So many keys have been looked for since they were last touched.
    untouched: usize,
    asked: usize,
    pending: Option<Request>,
    last: Option<(Request, Answer)>,
}

/// A key as its writer knows it. The last of the pairs is the current one.
struct Owned {
    path: String,
    pairs: Vec<Signer>,
    is_revoked: bool,
}

#[derive(Clone)]
struct Request {
    path: String,
    body: Option<Value>,
    idempotency_key: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Reset,
    Revoke,
}

impl Writers {
    pub(crate) fn of(count: usize, operator: &str, gateway: &str, tenant: &str) -> Self {
        Self {
            writers: (0..count).map(|_| Writer::default()).collect(),
            tenant: tenant.to_owned(),
            operator: operator.to_owned(),
            gateway: gateway.to_owned(),
            acknowledged: AtomicUsize::new(0),
            settled: 0,
        }
    }

    /// Writes from as many threads as there are writers while `meanwhile` runs, and stops after it.
    pub(crate) fn write_while(&mut self, url: &str, meanwhile: impl FnOnce(&AtomicUsize)) {
        let (is_over, agent) = (AtomicBool::new(false), agent());
        let (acknowledged, tenant, operator) = (&self.acknowledged, &self.tenant, &self.operator);
        thread::scope(|scope| {
            for (number, writer) in self.writers.iter_mut().enumerate() {
                let (is_over, agent) = (&is_over, &agent);
                scope.spawn(move || {
                    while !is_over.load(Ordering::SeqCst) {
                        let request = writer.next(number, tenant);
                        if writer.ask(agent, url, operator, request) {
                            acknowledged.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
            // Also when it fails.
            let _over = Over(&is_over);
            meanwhile(acknowledged);
        });
    }

    /// Retries what was not answered until it is, and then what was answered last: it has to be answered as it was.
    pub(crate) fn settle(&mut self, url: &str) {
        let agent = agent();
        for writer in &mut self.writers {
            if let Some(request) = writer.pending.clone() {
                until("a retry to be answered", || {
                    writer.ask(&agent, url, &self.operator, request.clone()).then_some(())
                });
                self.settled += 1;
            }
            if let Some((request, answer)) = &writer.last {
                let again = until("a retry to be answered", || {
                    request.send(&agent, url, &self.operator).filter(|again| again.status < 500)
                });
                for field in ["/key/id", "/key/version", "/key/access_key_id", "/key/status"] {
                    assert_eq!(again.field(field), answer.field(field), "{again}");
                }
                assert_eq!(again.json().get("secret_access_key"), answer.json().get("secret_access_key"));
            }
        }
    }

    /// Whether all pairs of the keys touched since the last look are what they were acknowledged to be.
    pub(crate) fn look_for_new(&mut self, url: &str) -> usize {
        let touched = self.writers.iter().flat_map(|writer| &writer.keys[writer.untouched..]);
        let found = self.look(url, &touched.collect::<Vec<_>>());
        for writer in &mut self.writers {
            // The last one is still being written.
            writer.untouched = writer.keys.len().saturating_sub(1);
        }
        found
    }

    pub(crate) fn look_for_all(&self, url: &str) -> usize {
        self.look(url, &self.writers.iter().flat_map(|writer| &writer.keys).collect::<Vec<_>>())
    }

    /// How many pairs were looked at; none may be anything else than what was acknowledged.
    fn look(&self, url: &str, keys: &[&Owned]) -> usize {
        let wrong = self.wrong(url, keys);
        assert!(wrong.is_empty(), "{} lost: {wrong:?}", wrong.len());
        keys.iter().map(|key| key.pairs.len()).sum()
    }

    /// How many keys are to be dead, which [`look_for_all`](Self::look_for_all) has tried with each of their pairs.
    pub(crate) fn revoked(&self) -> usize {
        self.writers.iter().flat_map(|writer| &writer.keys).filter(|key| key.is_revoked).count()
    }

    /// What was acknowledged and is not so.
    pub(crate) fn lost(&self, url: &str) -> usize {
        self.wrong(url, &self.writers.iter().flat_map(|writer| &writer.keys).collect::<Vec<_>>()).len()
    }

    fn wrong(&self, url: &str, keys: &[&Owned]) -> Vec<String> {
        let gateway = Client::new(url.to_owned(), Some(self.gateway.clone()));
        let expected: Vec<(&Owned, &Signer, bool)> = keys.iter().flat_map(|key| key.expected()).collect();
        let mut wrong = Vec::new();
        for batch in expected.chunks(BATCH) {
            let items: Vec<Value> = batch.iter().map(|(_, pair, _)| pair.request(now())).collect();
            let answer = until("pairs to be verified", || {
                let answer = gateway.post("/v1/gateway/verify/batch", json!({"items": items}));
                (answer.status != 503).then_some(answer)
            });
            let results = answer.expect(200).field("/results");
            for ((key, pair, lives), result) in batch.iter().zip(results.as_array().unwrap()) {
                if (result["decision"] == "allow") != *lives {
                    wrong.push(format!("{} {}: {result}, and it should {lives}", key.path, pair.access_key_id));
                }
            }
        }
        wrong
    }
}

impl Writer {
    /// What was not answered, or the next step in the life of a key: created, reset, and every other one revoked.
    fn next(&mut self, number: usize, tenant: &str) -> Request {
        if let Some(pending) = self.pending.clone() {
            return pending;
        }
        self.asked += 1;
        let (kind, path, body) = match self.keys.last() {
            Some(key) if key.pairs.len() == 1 => (Kind::Reset, format!("{}/reset?wait=0", key.path), None),
            Some(key) if !key.is_revoked && self.keys.len().is_multiple_of(2) => {
                (Kind::Revoke, format!("{}/revoke?wait=0", key.path), None)
            }
            _ => (Kind::Create, format!("{tenant}/keys"), Some(json!({"region": REGION, "label": "Key"}))),
        };
        Request { path, body, idempotency_key: format!("writer-{number}-{}", self.asked), kind }
    }

    /// Whether it was acknowledged.
    fn ask(&mut self, agent: &Agent, url: &str, operator: &str, request: Request) -> bool {
        let answer = request.send(agent, url, operator);
        let Some(answer) = answer.filter(|answer| answer.status < 500) else {
            self.pending = Some(request);
            return false;
        };
        assert!((200..300).contains(&answer.status), "{answer}");
        match request.kind {
            Kind::Create => self.keys.push(Owned {
                path: answer.header("location").to_owned(),
                pairs: vec![Signer::of(&answer)],
                is_revoked: false,
            }),
            Kind::Reset => self.keys.last_mut().unwrap().pairs.push(Signer::of(&answer)),
            Kind::Revoke => self.keys.last_mut().unwrap().is_revoked = true,
        }
        self.pending = None;
        self.last = Some((request, answer));
        true
    }
}

impl Owned {
    fn expected(&self) -> impl Iterator<Item = (&Self, &Signer, bool)> {
        let current = self.pairs.len() - 1;
        let lives = move |place: usize| place == current && !self.is_revoked;
        self.pairs.iter().enumerate().map(move |(place, pair)| (self, pair, lives(place)))
    }
}

impl Request {
    /// None if it was not answered.
    fn send(&self, agent: &Agent, url: &str, operator: &str) -> Option<Answer> {
        let request = agent
            .post(format!("{url}{}", self.path))
            .header("authorization", format!("Bearer {operator}"))
            .header("idempotency-key", &self.idempotency_key);
        let answer = match &self.body {
            Some(body) => request.content_type("application/json").send(body.to_string()),
            None => request.send_empty(),
        };
        let (parts, mut body) = answer.ok()?.into_parts();
        let text = body.read_to_string().ok()?;
        Some(Answer { status: parts.status.as_u16(), headers: parts.headers, text })
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(10)));
    config.build().new_agent()
}
