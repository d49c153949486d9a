//! Why an access key id counts or does not: what [`liveness`] decides, step by step, now or at a moment gone by.
//!
//! A moment gone by is judged by the times that are stored: from when on something was suspended, disabled, revoked or
//! ended. What was undone since has left no time behind; the audit knows it.

use crate::Timestamp;
use crate::key::{AccessKeyId, Key, KeyState, Pair, PairState};
use crate::liveness::{self, Dead, Standing};
use crate::partner::Partner;
use crate::tenant::Tenant;
use crate::tenant_region::Service;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub access_key_id: AccessKeyId,
    pub at: Timestamp,
    pub decision: Result<(), Dead>,
    pub steps: Vec<Step>,
}

/// One thing that was looked at, in the order in which liveness looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub check: Check,
    pub passed: bool,
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Whether it is an access key id of the tenant's.
    Known,
    Tenant,
    Partners,
    RegionService,
    KeyState,
    Expiry,
    Pair,
    /// Only where something is held back.
    Restore,
}

/// All that one access key id hangs on, as it is stored now.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub tenant: &'a Tenant,
    pub partners: &'a [Partner],
    pub service: Service,
    pub key: &'a Key,
    pub pair: &'a Pair,
    /// The pair, its tenant or a partner above, after a restore.
    pub is_held_back: bool,
}

impl Explanation {
    /// Nobody's, or somebody else's, which is the same. `deleted_at` is of the tenant's own key that had it.
    pub fn of_unknown(access_key_id: AccessKeyId, deleted_at: Option<Timestamp>, at: Timestamp) -> Self {
        let detail = match (deleted_at, access_key_id.has_checksum()) {
            (Some(deleted_at), _) => {
                format!("The key that had this id was deleted at {}. The audit has its history.", time(deleted_at))
            }
            (None, true) => "The tenant has no such access key id.".to_owned(),
            (None, false) => {
                "The tenant has no such access key id. It does not end in the checksum that ids made here \
                end in: if it is not an imported one, it is mistyped."
                    .to_owned()
            }
        };
        let steps = vec![Step { check: Check::Known, passed: false, detail }];
        Self { access_key_id, at, decision: Err(Dead::Unknown), steps }
    }

    pub fn of(facts: Facts<'_>, at: Timestamp) -> Self {
        let access_key_id = facts.pair.access_key_id.clone();
        if at < facts.pair.since {
            let detail = format!("It was made at {}, which is later.", time(facts.pair.since));
            let steps = vec![Step { check: Check::Known, passed: false, detail }];
            return Self { access_key_id, at, decision: Err(Dead::Unknown), steps };
        }
        let standing = facts.standing(at);
        Self { access_key_id, at, decision: liveness::pair(Some(&standing), at), steps: facts.steps(at) }
    }
}

impl Facts<'_> {
    /// As it was then.
    fn standing(&self, at: Timestamp) -> Standing {
        let began = |since: &Timestamp| *since <= at;
        let tenant = Tenant { suspended_at: self.tenant.suspended_at.filter(began), ..self.tenant.clone() };
        let partners: Vec<Partner> = self.partners.iter().map(|partner| partner.as_of(at)).collect();
        Standing {
            owner: liveness::unless_held_back(self.is_held_back, liveness::tenant(&tenant, &partners)),
            service: self.service,
            key: match self.key.state {
                KeyState::Disabled(since) | KeyState::Revoked(since) if at < since => KeyState::Active,
                KeyState::Active | KeyState::Disabled(_) | KeyState::Revoked(_) => self.key.state,
            },
            expires_at: self.key.terms.expires_at,
            pair: match self.pair.state {
                PairState::Ended(end) if at < end => PairState::Current,
                PairState::Current | PairState::Retiring(_) | PairState::Ended(_) => self.pair.state,
            },
        }
    }

    fn steps(&self, at: Timestamp) -> Vec<Step> {
        let step = |check, (passed, detail)| Step { check, passed, detail };
        let mut steps = vec![
            step(Check::Known, (true, format!("It belongs to the key {}.", self.key.id))),
            step(Check::Tenant, self.of_tenant(at)),
            step(Check::Partners, self.of_partners(at)),
            step(Check::RegionService, self.of_service()),
            step(Check::KeyState, self.of_key(at)),
            step(Check::Expiry, self.of_expiry(at)),
            step(Check::Pair, self.of_pair(at)),
        ];
        if self.is_held_back {
            let why = "The database was restored to a state before this was changed, or its tenant or a partner above: it is held \
                back until an operator has decided about it.";
            steps.insert(1, step(Check::Restore, (false, why.to_owned())));
        }
        steps
    }

    fn of_tenant(&self, at: Timestamp) -> (bool, String) {
        match (self.tenant.delete_at, self.tenant.suspended_at) {
            (Some(_), _) => (false, "The tenant is being deleted. The audit says since when.".to_owned()),
            (None, Some(since)) => since_when(since, at, "The tenant is suspended", "The tenant was active"),
            (None, None) => (true, "The tenant is active.".to_owned()),
        }
    }

    fn of_partners(&self, at: Timestamp) -> (bool, String) {
        match self.partners.iter().filter_map(Partner::suspended_since).min() {
            Some(since) => {
                since_when(since, at, "A partner above the tenant is suspended", "The partners above were active")
            }
            None if self.partners.is_empty() => (true, "There is no partner above the tenant.".to_owned()),
            None => (true, "The partners above the tenant are active.".to_owned()),
        }
    }

    fn of_service(&self) -> (bool, String) {
        let region = &self.key.region;
        match self.service {
            Service::Available => (true, format!("The service in {region} is available, as it stands today.")),
            Service::Unavailable => (false, format!("The service in {region} is unavailable, as it stands today.")),
        }
    }

    fn of_key(&self, at: Timestamp) -> (bool, String) {
        match self.key.state {
            KeyState::Active => (true, "The key is active.".to_owned()),
            KeyState::Disabled(since) => since_when(since, at, "The key is disabled", "The key was active"),
            KeyState::Revoked(since) => since_when(since, at, "The key is revoked", "The key was not revoked"),
        }
    }

    fn of_expiry(&self, at: Timestamp) -> (bool, String) {
        match self.key.terms.expires_at {
            None => (true, "The key does not expire.".to_owned()),
            Some(end) if at < end => (true, format!("The key expires at {}, which is later.", time(end))),
            Some(end) => (false, format!("The key expired at {}.", time(end))),
        }
    }

    fn of_pair(&self, at: Timestamp) -> (bool, String) {
        match self.pair.state {
            PairState::Current => (true, "It is the key's current pair.".to_owned()),
            PairState::Retiring(retirement) if at < retirement.until => {
                (true, format!("It is being replaced, and works until {}.", time(retirement.until)))
            }
            PairState::Retiring(retirement) => {
                (false, format!("It was replaced, and worked until {}.", time(retirement.until)))
            }
            PairState::Ended(end) if at < end => (true, format!("It ended at {}, which is later.", time(end))),
            PairState::Ended(end) => (false, format!("It ended at {}: another pair has taken its place.", time(end))),
        }
    }
}

fn since_when(since: Timestamp, at: Timestamp, then: &str, before: &str) -> (bool, String) {
    if at < since {
        (true, format!("{before}: that ended at {}, which is later.", time(since)))
    } else {
        (false, format!("{then} since {}.", time(since)))
    }
}

fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;
    use crate::guardrails::Guardrails;
    use crate::id::{PartnerId, TenantId};
    use crate::key::pair::Retirement;
    use crate::key::sample::{START, access_key_id, key};
    use crate::partner::PartnerPath;
    use crate::text::Name;
    use crate::time;

    fn later(minutes: i64) -> Timestamp {
        START + time::minutes(minutes)
    }

    fn tenant() -> Tenant {
        Tenant {
            id: TenantId::draw(&mut Entropy::from_seed([1; 32]), START),
            name: Name::parse("Acme").unwrap(),
            partner: None,
            external_ref: None,
            created_at: START,
            suspended_at: None,
            delete_at: None,
            version: 1,
        }
    }

    fn partner(suspended_at: Option<Timestamp>) -> Partner {
        let path = PartnerPath::root(PartnerId::draw(&mut Entropy::from_seed([2; 32]), START));
        Partner {
            path,
            name: Name::parse("Reseller").unwrap(),
            created_at: START,
            suspended_at,
            stop: None,
            guardrails: Guardrails::default(),
            version: 1,
        }
    }

    /// Every combination of what a pair hangs on.
    fn each(mut check: impl FnMut(Facts<'_>)) {
        let states = [KeyState::Active, KeyState::Disabled(later(1)), KeyState::Revoked(later(1))];
        let retiring = Retirement { since: START, until: later(1), quiet_for: None };
        let pairs = [PairState::Current, PairState::Retiring(retiring), PairState::Ended(later(1))];
        for bits in 0_u8..16 {
            let moment = |bit: u8| (bits >> bit & 1 == 1).then(|| later(1));
            let (suspended_at, delete_at, of_partner, expires_at) = (moment(0), moment(1), moment(2), moment(3));
            let tenant = Tenant { suspended_at, delete_at, ..tenant() };
            let partners = [partner(of_partner)];
            for service in [Service::Available, Service::Unavailable] {
                for (state, of_pair) in states.iter().flat_map(|state| pairs.iter().map(move |pair| (*state, *pair))) {
                    let mut key = key();
                    key.state = state;
                    key.terms.expires_at = expires_at;
                    let pair = Pair { state: of_pair, ..key.pairs.current().clone() };
                    check(Facts {
                        tenant: &tenant,
                        partners: &partners,
                        service,
                        key: &key,
                        pair: &pair,
                        is_held_back: false,
                    });
                }
            }
        }
    }

    #[test]
    fn what_is_explained_is_what_is_decided() {
        each(|facts| {
            let owner = liveness::tenant(facts.tenant, facts.partners);
            let standing = Standing::of(facts.key, facts.pair, owner, facts.service);
            for now in [later(1), later(2)] {
                let explained = Explanation::of(facts, now);
                assert_eq!(explained.decision, liveness::pair(Some(&standing), now), "{facts:?}");
            }
        });
    }

    #[test]
    fn it_is_denied_if_and_only_if_a_step_failed() {
        each(|facts| {
            for at in [START, later(1), later(2)] {
                let explained = Explanation::of(facts, at);
                let all_passed = explained.steps.iter().all(|step| step.passed);
                assert_eq!(explained.decision.is_ok(), all_passed, "{explained:?}");
            }
        });
    }

    #[test]
    fn before_it_happened_it_had_not_happened() {
        each(|facts| {
            let decision = Explanation::of(facts, START).decision;
            let is_about_today = facts.tenant.delete_at.is_some() || facts.service == Service::Unavailable;
            assert_eq!(decision.is_ok(), !is_about_today, "{facts:?}");
            let before = Explanation::of(facts, START - time::minutes(1));
            assert_eq!(before.decision, Err(Dead::Unknown), "it was not made yet");
        });
    }

    #[test]
    fn an_id_that_fails_its_checksum_is_said_to_look_mistyped() {
        let ours = Explanation::of_unknown(access_key_id(1), None, START);
        assert!(!ours.steps[0].detail.contains("mistyped"));
        let foreign = AccessKeyId::parse("AKIAIOSFODNN7EXAMPLE").unwrap();
        assert!(Explanation::of_unknown(foreign, None, START).steps[0].detail.contains("mistyped"));
    }
}
