//! Who is let in, and what everybody else is told: a signature, what is known of the key it names, and the time.

use domain::key::grants::{Denied, Permission, Permissions};
use domain::key::pair::Retirement;
use domain::key::{Grants, KeyState, PairState};
use domain::liveness::{Dead, Standing};
use domain::tenant_region::Service;
use keyreeve_verify::sigv4::{
    Audience, Form, Presented, Refusal, Scope, Sha256Digest, SigningKey, StringToSign, Subject, Timestamp,
};
use keyreeve_verify::{Candidate, Denial, Described, Needs, decide};

use crate::support::{OURS, REGION, SECRET, at};

#[test]
fn whoever_holds_the_secret_of_a_live_key_is_let_in() {
    assert_eq!(Case::default().decide(), Ok(()));
}

#[test]
fn a_signature_of_another_is_refused_whatever_has_become_of_the_key() {
    let refused = Err(Denial::Refused(Refusal::SignatureDoesNotMatch));
    assert_eq!(Case { signed_by: "another", ..Case::default() }.decide(), refused);
    assert_eq!(Case { signed_by: "another", standing: revoked(), ..Case::default() }.decide(), refused);
    assert_eq!(Case { signed_by: "another", grants: writing(), ..Case::default() }.decide(), refused);
}

/// The signature that everybody can make, since the key of the stand-in is known to nobody but the one process.
#[test]
fn a_key_that_nobody_knows_lets_nobody_in_not_even_with_the_signature_of_its_stand_in() {
    for signed_by in [SECRET, STAND_IN, "another"] {
        let unknown = Case { signed_by, is_known: false, ..Case::default() };
        assert_eq!(unknown.decide(), Err(Denial::Dead(Dead::Unknown)), "{signed_by}");
        let without_secret = Case { signed_by, has_secret: false, ..Case::default() };
        assert_eq!(without_secret.decide(), Err(Denial::Dead(Dead::Unknown)), "{signed_by}");
        let gone = Case { signed_by, has_secret: false, standing: revoked(), ..Case::default() };
        assert_eq!(gone.decide(), Err(Denial::Dead(Dead::Revoked)), "{signed_by}");
    }
}

#[test]
fn a_key_of_another_region_is_a_key_that_nobody_knows() {
    for signed_by in [SECRET, STAND_IN, "another"] {
        let elsewhere = Case { signed_by, region: "fra1-2", ..Case::default() };
        assert_eq!(elsewhere.decide(), Err(Denial::Dead(Dead::Unknown)), "{signed_by}");
    }
}

#[test]
fn a_key_that_has_ended_lets_nobody_in() {
    let retiring = PairState::Retiring(Retirement { since: at(15, 0, 0), until: at(15, 4, 5), quiet_for: None });
    let dead = [
        (revoked(), Dead::Revoked),
        (Standing { key: KeyState::Disabled(at(15, 0, 0)), ..live() }, Dead::Disabled),
        (Standing { expires_at: Some(at(15, 4, 5)), ..live() }, Dead::Expired),
        (Standing { owner: Err(Dead::Suspended), ..live() }, Dead::Suspended),
        (Standing { service: Service::Unavailable, ..live() }, Dead::Suspended),
        (Standing { pair: PairState::Ended(at(15, 0, 0)), ..live() }, Dead::Retired),
        (Standing { pair: retiring, ..live() }, Dead::Retired),
    ];
    for (standing, reason) in dead {
        assert_eq!(Case { standing, ..Case::default() }.decide(), Err(Denial::Dead(reason)));
    }
}

#[test]
fn a_key_is_good_for_what_it_was_granted() {
    let denied = Case { grants: writing(), ..Case::default() }.decide();
    assert_eq!(denied, Err(Denial::OutOfScope(Denied::Permission)));
}

#[test]
fn the_rules_of_signing_come_before_all_that_is_known_of_a_key() {
    let later = Case { asked_at: at(15, 30, 0), standing: revoked(), ..Case::default() };
    assert_eq!(later.decide(), Err(Denial::Refused(Refusal::Skewed)));
}

#[test]
fn each_denial_reads_to_a_client_as_it_would_from_s3() {
    let elsewhere = Refusal::ScopeRegion { expected: Some(REGION.into()) };
    let table = [
        (elsewhere.into(), "AuthorizationHeaderMalformed", 400, "scope", Some(REGION)),
        (Refusal::Skewed.into(), "RequestTimeTooSkewed", 403, "skew", None),
        (Dead::Unknown.into(), "InvalidAccessKeyId", 403, "unknown", None),
        (Dead::Revoked.into(), "InvalidAccessKeyId", 403, "revoked", None),
        (Dead::Suspended.into(), "InvalidAccessKeyId", 403, "suspended", None),
        (Dead::Deleted.into(), "InvalidAccessKeyId", 403, "suspended", None),
        (Dead::Ended.into(), "InvalidAccessKeyId", 403, "suspended", None),
        (Denied::Bucket.into(), "AccessDenied", 403, "bucket", None),
        (Denied::Address.into(), "AccessDenied", 403, "address", None),
        (Denial::Temporary, "InvalidToken", 400, "session_token", None),
    ];
    for (denial, code, status, reason, region) in table {
        let denial: Denial = denial;
        let told = (denial.s3_code(), denial.status(), denial.reason(), denial.expected_region());
        assert_eq!(told, (code, status, reason, region), "{denial:?}");
    }
}

const STAND_IN: &str = "of nobody";

/// What is asked, and what is known.
struct Case {
    signed_by: &'static str,
    asked_at: domain::Timestamp,
    is_known: bool,
    has_secret: bool,
    region: &'static str,
    standing: Standing,
    grants: Grants,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            signed_by: SECRET,
            asked_at: at(15, 4, 5),
            is_known: true,
            has_secret: true,
            region: REGION,
            standing: live(),
            grants: Grants::everything(),
        }
    }
}

impl Case {
    fn decide(&self) -> Result<(), Denial> {
        let scope = Scope::parse("20261120/waw3-1/s3/aws4_request").unwrap();
        let key_of = |secret: &str| SigningKey::derive(secret.as_bytes(), &scope);
        let string_to_sign = StringToSign {
            timestamp: Timestamp::parse("20261120T150405Z").unwrap(),
            scope: scope.clone(),
            subject: Subject::Request { canonical_request: Sha256Digest::of(b"request") },
        };
        let signature = key_of(self.signed_by).sign(&string_to_sign);
        let presented = Presented { form: Form::Header, string_to_sign, signature };
        let signing_key = self.has_secret.then(|| key_of(SECRET));
        let candidate = Candidate {
            region: self.region,
            standing: &self.standing,
            grants: &self.grants,
            signing_key: signing_key.as_ref(),
        };
        let audience: &Audience<'_, &str> = &OURS;
        let described = Described { needs: Some(Needs::of_method("GET", true)), ..Described::default() };
        let candidate = self.is_known.then_some(&candidate);
        decide(&presented, candidate, &key_of(STAND_IN), audience, &described, self.asked_at)
    }
}

fn live() -> Standing {
    Standing {
        owner: Ok(()),
        service: Service::Available,
        key: KeyState::Active,
        expires_at: None,
        pair: PairState::Current,
    }
}

/// What is asked for reads.
fn writing() -> Grants {
    Grants { permissions: Permissions::new([Permission::Write]).unwrap(), ..Grants::everything() }
}

fn revoked() -> Standing {
    Standing { key: KeyState::Revoked(at(15, 0, 0)), ..live() }
}
