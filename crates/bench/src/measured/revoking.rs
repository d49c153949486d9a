//! From a revocation to the last yes, anywhere: at the replica that was told, at another one, and at a gateway that verifies
//! by itself and follows the other one's feed.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gateway::sigv4::{Header, Request, SignedRequest};
use gateway::{Gateway, Options, RequestContext};
use serde_json::json;
use testkit::{Client, Signer};

use super::Row;
use crate::keyreeve::{Keyreeve, Place, REGION, now};
use crate::process::Process;
use crate::rounds::{Rounds, per_mille};
use crate::seed::Seeded;

const REVOCATIONS: usize = 10_000;
/// How long each rests between two questions.
const REST: Duration = Duration::from_micros(300);

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let place = Place::postgres();
    let server = Keyreeve::pinned(&place, &[]);
    let replica = server.replica(&place, "0", &["--workers", "1"]);
    let keys = server.seeded(&place, rounds.part_of(REVOCATIONS));
    let witnesses = [Witness::default(), Witness::default(), Witness::default()];
    let turn = Turn { number: AtomicUsize::new(0), is_over: AtomicBool::new(false), began: Instant::now() };

    let taken = std::thread::scope(|scope| {
        let [told, other, gateway] = &witnesses;
        for (witness, process) in [(told, &server.process), (other, &replica.process)] {
            let client = Client::new(process.url(), Some(server.gateway.clone()));
            scope.spawn(|| turn.ask(witness, &keys, move |signer| is_allowed_by(&client, signer)));
        }
        scope.spawn(|| turn.ask_gateway(gateway, &keys, &server, &replica.process));
        let taken: Vec<Taken> =
            (0..keys.count()).map(|number| turn.revoke(number, &server, &keys, &witnesses)).collect();
        turn.is_over.store(true, Ordering::Release);
        taken
    });

    let count = taken.len();
    let last: Vec<f64> = taken.iter().map(|taken| taken.last_yes.as_secs_f64() * 1e3).collect();
    let answered: Vec<f64> = taken.iter().map(|taken| taken.answered.as_secs_f64() * 1e3).collect();
    let (p50, p99, max) = (per_mille(&last, 500), per_mille(&last, 990), per_mille(&last, 1000));
    let pending = taken.iter().filter(|taken| !taken.is_confirmed).count();
    let late: usize = taken.iter().filter(|taken| taken.is_confirmed && taken.was_let_in_afterwards).count();
    let milliseconds = |time: f64| format!("{time:.1} ms");
    let to_last = |what: &str| {
        format!("{what} of revoke to last accepted verify, {count} revocations, two replicas and a gateway")
    };
    vec![
        Row::new(to_last("p50"), "<= 10 ms", milliseconds(p50), p50 <= 10.0),
        Row::new(to_last("p99"), "<= 100 ms", milliseconds(p99), p99 <= 100.0),
        Row::new(to_last("the longest"), "<= 1 s", milliseconds(max), max <= 1000.0),
        Row::new(
            "requests let in that were sent after their key's confirmed receipt was there",
            "0",
            late.to_string(),
            late == 0,
        ),
        Row::new(
            "revoke to its receipt, p50 and p99",
            "",
            format!(
                "{:.1} ms and {:.1} ms, {pending} of them not confirmed",
                per_mille(&answered, 500),
                per_mille(&answered, 990)
            ),
            true,
        ),
    ]
}

/// Which key it is about, for everybody.
struct Turn {
    number: AtomicUsize,
    is_over: AtomicBool,
    began: Instant,
}

/// What one who asks again and again has been told. Times are nanoseconds from the beginning.
#[derive(Default)]
struct Witness {
    /// How many keys, beginning with the first, it has had a yes for, and a no after that.
    accepted: AtomicUsize,
    refused: AtomicUsize,
    /// When the last yes was asked for, and when it came.
    last_asked: AtomicU64,
    last_heard: AtomicU64,
}

/// From when the revocation was sent.
struct Taken {
    last_yes: Duration,
    answered: Duration,
    is_confirmed: bool,
    was_let_in_afterwards: bool,
}

impl Turn {
    fn revoke(&self, number: usize, server: &Keyreeve, keys: &Seeded, witnesses: &[Witness]) -> Taken {
        self.number.store(number, Ordering::Release);
        let until = |of: fn(&Witness) -> &AtomicUsize| {
            while witnesses.iter().any(|witness| of(witness).load(Ordering::Acquire) <= number) {
                std::thread::sleep(REST);
            }
        };
        until(|witness| &witness.accepted);
        let asked = self.began.elapsed();
        let answer = server.operator.post(&format!("{}/keys/{}/revoke", server.tenant, keys.ids[number]), json!({}));
        let answered = self.began.elapsed();
        assert!([200, 202].contains(&answer.status), "{answer}");
        until(|witness| &witness.refused);
        let latest = |of: fn(&Witness) -> &AtomicU64| {
            let times = witnesses.iter().map(|witness| of(witness).load(Ordering::Acquire));
            Duration::from_nanos(times.max().unwrap_or_default())
        };
        Taken {
            last_yes: latest(|witness| &witness.last_heard).saturating_sub(asked),
            answered: answered - asked,
            is_confirmed: answer.status == 200,
            was_let_in_afterwards: latest(|witness| &witness.last_asked) > answered,
        }
    }

    fn ask(&self, witness: &Witness, keys: &Seeded, is_allowed: impl Fn(&Signer) -> bool) {
        while !self.is_over.load(Ordering::Acquire) {
            let number = self.number.load(Ordering::Acquire);
            if witness.refused.load(Ordering::Acquire) > number {
                std::thread::sleep(REST);
                continue;
            }
            let signer = keys.signer(number);
            while witness.refused.load(Ordering::Acquire) <= number {
                let asked = self.began.elapsed();
                let is_allowed = is_allowed(&signer);
                witness.note(number, is_allowed, asked, self.began.elapsed());
                std::thread::sleep(REST);
            }
        }
    }

    fn ask_gateway(&self, witness: &Witness, keys: &Seeded, server: &Keyreeve, followed: &Process) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let options = Options::new(followed.url(), &server.gateway, [REGION]).allow_plain_text();
        let gateway = runtime.block_on(async { Gateway::start(options) }).expect("a gateway");
        self.ask(witness, keys, |signer| {
            let whole = signer.whole(now(), "GET", "/bucket/key", &[("host", "s3.example.org")]);
            let headers: Vec<_> =
                whole.headers.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
            let request = Request { method: &whole.method, target: whole.target.as_bytes(), headers: &headers };
            let signed = SignedRequest::parse(&request).expect("a signed request");
            let context = RequestContext { operation: Some("GetObject"), ..RequestContext::default() };
            runtime.block_on(async {
                let is_allowed = gateway.verify(&signed, &context).await.is_ok_and(|verdict| verdict.is_allowed());
                // Whoever follows the feed has the same thread.
                tokio::time::sleep(REST).await;
                is_allowed
            })
        });
    }
}

impl Witness {
    fn note(&self, number: usize, is_allowed: bool, asked: Duration, heard: Duration) {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        if is_allowed {
            self.last_asked.store(nanoseconds(asked), Ordering::Release);
            self.last_heard.store(nanoseconds(heard), Ordering::Release);
            self.accepted.store(number + 1, Ordering::Release);
        } else if self.accepted.load(Ordering::Acquire) > number {
            self.refused.store(number + 1, Ordering::Release);
        }
    }
}

fn is_allowed_by(client: &Client, signer: &Signer) -> bool {
    let answer = client.post("/v1/gateway/verify", signer.request(now())).expect(200);
    answer.text_at("/decision") == "allow"
}
