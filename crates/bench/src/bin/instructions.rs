//! What one verification costs, in instructions: `scripts/check-instructions` runs it under callgrind, which counts what is done
//! within [`verify_one`] and nowhere else.
//!
//! A string to sign is read, and judged for a key that is known and has limits: `crates/verify`, which servers and gateways link
//! alike. Clock, memory of keys and HTTP are not in it: callgrind cannot run what asks the kernel's vDSO for the time.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measurement prints, and stops at the first surprise")]

use std::hint::black_box;

use chrono::{DateTime, Utc};
use domain::key::grants::{Buckets, Permission, Permissions, Prefix, Prefixes};
use domain::key::{Grants, KeyState, PairState};
use domain::liveness::Standing;
use domain::networks::{self, Networks};
use domain::tenant_region::Service;
use testkit::Signer;
use verify::sigv4::{Audience, Form, Presented, S3, Signature, SigningKey, StringToSign};
use verify::{Candidate, RequestContext, decide};

const REGION: &str = "waw3-1";

fn main() {
    let times = std::env::args().nth(1).map_or(100, |times| times.parse().expect("how many verifications"));
    let now = DateTime::from_timestamp(1_795_176_000, 0).expect("a time within range");
    let signer = Signer {
        access_key_id: "KR0EXAMPLE".to_owned(),
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        region: REGION.to_owned(),
    };
    let text = signer.string_to_sign(now);
    let signature = signer.sign(&text);
    let scope = StringToSign::parse(&text).expect("a string to sign").scope;
    let key = SigningKey::derive(signer.secret.as_bytes(), &scope);
    let (standing, grants) = (standing(), grants());
    let candidate = Candidate { region: REGION, standing: &standing, grants: &grants, signing_key: Some(&key) };
    let allowed = (0..times).filter(|_| verify_one(&text, &signature, &candidate, &key, now)).count();
    assert_eq!(allowed, times, "each is allowed");
    println!("{times} verifications");
}

/// Callgrind finds it by its name.
#[inline(never)]
fn verify_one(text: &str, signature: &str, candidate: &Candidate<'_>, key: &SigningKey, now: DateTime<Utc>) -> bool {
    let (Ok(string_to_sign), Ok(signature)) = (StringToSign::parse(text), Signature::parse(signature)) else {
        return false;
    };
    let presented = Presented { form: Form::Header, string_to_sign, signature };
    let context = RequestContext {
        method: Some("GET"),
        bucket: Some("backups"),
        object_key: Some("daily/2026-11-20.tar"),
        address: Some([203, 0, 113, 9].into()),
        ..RequestContext::default()
    };
    let audience = Audience { service: S3, regions: &[REGION] };
    black_box(decide(&presented, Some(candidate), key, &audience, &context.described(), now)).is_ok()
}

fn standing() -> Standing {
    Standing {
        owner: Ok(()),
        service: Service::Available,
        key: KeyState::Active,
        expires_at: None,
        pair: PairState::Current,
    }
}

fn grants() -> Grants {
    Grants {
        buckets: Buckets::All,
        prefixes: Prefixes::new([Prefix::parse("daily/").expect("a prefix")]).expect("prefixes"),
        permissions: Permissions::new([Permission::Read, Permission::List]).expect("permissions"),
        networks: Networks::new([networks::parse("203.0.113.0/24").expect("a network")]).expect("networks"),
    }
}
