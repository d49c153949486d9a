//! The parts of a verification, each by itself: `just bench-micro`. Figures of this machine, to be compared with its own.

#![expect(clippy::expect_used, missing_docs, reason = "a measurement stops at the first surprise")]

use std::hint::black_box;

use authz::Caller;
use criterion::{Criterion, criterion_group, criterion_main};
use keyreeve_bench::verification::{REGION, Verification, signer};
use serde_json::json;
use service::gateway_plane::{Asked, Evidence, FormSaid, Recalled, RequestContext, Verdict};
use testkit::{Server, Signer};
use verify::sigv4::{SigningKey, StringToSign};

criterion_group!(micro, signatures, from_memory);
criterion_main!(micro);

fn signatures(criterion: &mut Criterion) {
    let (signer, verification) = (signer(), Verification::of(&signer()));
    criterion.bench_function("a string to sign, read and judged", |bencher| {
        bencher.iter(|| assert!(verification.verify_one()));
    });
    let scope = StringToSign::parse(verification.text()).expect("a string to sign").scope;
    criterion.bench_function("a signing key, derived", |bencher| {
        bencher.iter(|| SigningKey::derive(black_box(signer.secret.as_bytes()), &scope));
    });
}

/// What a server does between reading a request of a gateway and writing its answer, where it knows both.
fn from_memory(criterion: &mut Criterion) {
    let server = Server::on_sqlite();
    server.region(REGION, "multi");
    let tenant = server.tenant("Acme");
    server.operator().put(&tenant.path(&format!("/regions/{REGION}")), json!({"service": "available"})).expect(200);
    let gateway = server.gateway(&[REGION], &["verify"]);
    let made = server.operator().post(&tenant.path("/keys"), json!({"region": REGION, "label": "Key"})).expect(201);
    let signer = Signer::of(&made);
    // From here on both are known.
    gateway.client.post("/v1/gateway/verify", signer.request(server.now())).expect(200);
    let (service, now) = (server.service(), server.now());

    criterion.bench_function("a gateway's token, checked", |bencher| {
        bencher.iter(|| assert!(matches!(service.recall_gateway(&gateway.token, None, now), Some(Ok(_)))));
    });

    let Some(Ok(Caller::Gateway(asker))) = service.recall_gateway(&gateway.token, None, now) else { return };
    let text = signer.string_to_sign(now);
    let signature = signer.sign(&text);
    criterion.bench_function("a key, recalled and judged", |bencher| {
        bencher.iter(|| {
            let Recalled::Known(pair) = service.recall(&signer.access_key_id) else { return false };
            let asked = Asked {
                access_key_id: &signer.access_key_id,
                evidence: Evidence::StringToSign { text: &text, signature: &signature, form: FormSaid::Header },
                has_session_token: false,
                described: RequestContext::default().described(),
                agent: None,
            };
            let verdict = service.judge(&asker, &asked, Some(&pair), false, service.feed_position(), now);
            matches!(verdict, Ok(Verdict::Allow(_)))
        });
    });
}
