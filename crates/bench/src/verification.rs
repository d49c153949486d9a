//! One verification, without a server: a string to sign is read, and judged for a key that is known and has limits.

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

pub const REGION: &str = "waw3-1";

/// What was signed, and what is known of the key.
pub struct Verification {
    now: DateTime<Utc>,
    text: String,
    signature: String,
    key: SigningKey,
    standing: Standing,
    grants: Grants,
}

impl Verification {
    /// The same each time.
    pub fn of(signer: &Signer) -> Self {
        let now = DateTime::from_timestamp(1_795_176_000, 0).expect("a time within range");
        let text = signer.string_to_sign(now);
        let scope = StringToSign::parse(&text).expect("a string to sign").scope;
        let key = SigningKey::derive(signer.secret.as_bytes(), &scope);
        Self { now, signature: signer.sign(&text), text, key, standing: standing(), grants: grants() }
    }

    /// Callgrind finds it by its name.
    #[inline(never)]
    pub fn verify_one(&self) -> bool {
        let string_to_sign = StringToSign::parse(&self.text).expect("a string to sign");
        let signature = Signature::parse(&self.signature).expect("a signature");
        let presented = Presented { form: Form::Header, string_to_sign, signature };
        let context = RequestContext {
            method: Some("GET"),
            bucket: Some("backups"),
            object_key: Some("daily/2026-11-20.tar"),
            address: Some([203, 0, 113, 9].into()),
            ..RequestContext::default()
        };
        let candidate =
            Candidate { region: REGION, standing: &self.standing, grants: &self.grants, signing_key: Some(&self.key) };
        let audience = Audience { service: S3, regions: &[REGION] };
        black_box(decide(&presented, Some(&candidate), &self.key, &audience, &context.described(), self.now)).is_ok()
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Somebody whose key needs no server.
pub fn signer() -> Signer {
    Signer {
        access_key_id: "KR0EXAMPLE".to_owned(),
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        region: REGION.to_owned(),
    }
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
