//! A gateway that verifies by itself, with the client crate.

use std::time::{Duration, Instant};

use gateway::sigv4::{Header, Request, SignedRequest};
use gateway::{Gateway, Options, RequestContext};
use testkit::Whole;

use super::Row;
use crate::keyreeve::{Keyreeve, Place, REGION, now};
use crate::rounds::{Rounds, median};

const KEYS: usize = 1000;

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let place = Place::sqlite();
    let server = Keyreeve::pinned(&place, &[]);
    let signers = server.keys(KEYS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let options = Options::new(server.process.url(), &server.gateway, [REGION]).allow_plain_text();
    let gateway = runtime.block_on(async { Gateway::start(options) }).expect("a gateway");
    let signed: Vec<Whole> =
        signers.iter().map(|signer| signer.whole(now(), "GET", "/bucket/key", &[("host", "s3.example.org")])).collect();

    let per_second: Vec<f64> = (0..rounds.rounds)
        .map(|_| {
            runtime.block_on(async {
                verify_all(&gateway, &signed).await;
                let (began, mut count) = (Instant::now(), 0);
                while began.elapsed() < rounds.length {
                    verify_all(&gateway, &signed).await;
                    count += signed.len();
                    // Whoever follows the feed has the same thread.
                    tokio::time::sleep(Duration::ZERO).await;
                }
                count as f64 / began.elapsed().as_secs_f64()
            })
        })
        .collect();
    let seen = median(&per_second);
    vec![Row::new(
        "the gateway client, verifying by itself on one processor, parsing and hashing the request included",
        ">= 200,000/s",
        format!("{seen:.0}/s"),
        seen >= 200_000.0,
    )]
}

async fn verify_all(gateway: &Gateway, signed: &[Whole]) {
    for whole in signed {
        let headers: Vec<_> =
            whole.headers.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
        let request = Request { method: &whole.method, target: whole.target.as_bytes(), headers: &headers };
        let signed = SignedRequest::parse(&request).expect("a signed request");
        let context = RequestContext { operation: Some("GetObject"), ..RequestContext::default() };
        assert!(gateway.verify(&signed, &context).await.expect("a verdict").is_allowed());
    }
}
