//! What every request or every key needs of cryptography, each part by itself: `just bench-micro`. Figures of this machine, to be
//! compared with its own.

#![expect(clippy::expect_used, missing_docs, reason = "a measurement stops at the first surprise")]

use std::hint::black_box;

use authz::Caller;
use criterion::{Criterion, criterion_group, criterion_main};
use domain::id::TenantId;
use domain::{Entropy, token};
use keyreeve_bench::verification::{REGION, Verification, signer};
use persistence::{Error, Place, System, authentication, tenant_keys};
use serde_json::json;
use service::Cursors;
use service::gateway_plane::{Asked, Evidence, FormSaid, Recalled, RequestContext, Verdict};
use testkit::{Server, Signer};
use verify::sigv4::{SigningKey, StringToSign};

criterion_group!(micro, signatures, from_memory, secrets, cursors);
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

    criterion.bench_function("a token, its form and its checksum", |bencher| {
        bencher.iter(|| token::kind_of(black_box(&gateway.token)).is_ok());
    });
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

/// By a tenant's data key, in the place of a key's secret.
fn secrets(criterion: &mut Criterion) {
    let server = Server::on_sqlite();
    let id = TenantId::parse(&server.tenant("Acme").id).expect("a tenant's id");
    let (database, ring) = (server.service().database(), server.service().ring());
    let data_key = database.read(|db| {
        let tenancy = authentication::locate_tenant(db, &id, server.now())?.ok_or(Error::Stale)?;
        tenant_keys::newest(&System::as_part("bench").on(tenancy), db, &ring)
    });
    let data_key = data_key.expect("the tenant's data key");
    let signer = signer();
    let place = Place::S3Secret { tenant: id.as_str(), key: "key_1", access_key_id: &signer.access_key_id, version: 1 };
    let mut entropy = Entropy::from_seed([1; 32]);
    let sealed = data_key.seal(place, signer.secret.as_bytes(), &mut entropy).expect("a sealed secret");
    criterion.bench_function("a secret, sealed", |bencher| {
        bencher.iter(|| data_key.seal(place, black_box(signer.secret.as_bytes()), &mut entropy));
    });
    criterion.bench_function("a secret, opened", |bencher| {
        bencher.iter(|| assert!(data_key.open(place, black_box(&sealed)).is_ok()));
    });
}

/// Of a list with filters, as long as most.
fn cursors(criterion: &mut Criterion) {
    let cursors = Cursors::new([7; 32]);
    let binding = "/v1/tenants/ten_01JD4W1Q9B3F5H7K9M2P4R6T8V/keys?status=active&label=backup of ada@example.org";
    let position = "key_01JD4W1Q9B3F5H7K9M2P4R6T8V";
    let cursor = cursors.seal(binding, position);
    criterion.bench_function("a cursor, sealed", |bencher| {
        bencher.iter(|| cursors.seal(black_box(binding), black_box(position)));
    });
    criterion.bench_function("a cursor, opened", |bencher| {
        bencher.iter(|| assert!(cursors.open(black_box(binding), black_box(&cursor)).is_ok()));
    });
}
