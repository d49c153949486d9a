//! Random lives of a key, step by step beside a naive one.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use keyreeve_domain::actor::Actor;
use keyreeve_domain::id::{InstanceId, KeyId, TenantId};
use keyreeve_domain::instance::{NewInstance, StorageInstance};
use keyreeve_domain::key::{AccessKeyId, Grace, Grants, Key, NewKey, PairState, Pairs, Refused, Terms, Tombstone};
use keyreeve_domain::key_model::{Delete, Revoke, Switches, built_in};
use keyreeve_domain::liveness::{self, Dead, Standing};
use keyreeve_domain::tenant_region::Service;
use keyreeve_domain::text::{Label, Name, RegionCode};
use keyreeve_domain::{Entropy, Timestamp};
use proptest::prelude::*;

use crate::naive_key::{Micros, NEVER, NaiveKey, Rules, SECOND, Step};

const START: Timestamp = Timestamp::UNIX_EPOCH;

pub(crate) fn begin(now: Timestamp) -> Key {
    let mut entropy = Entropy::from_seed([1; 32]);
    let instance = NewInstance {
        id: InstanceId::draw(&mut entropy, now),
        tenant: TenantId::draw(&mut entropy, now),
        region: RegionCode::parse("waw3-1").unwrap(),
        name: Name::parse("Backups").unwrap(),
        description: None,
    };
    let switches = switches(&Rules::LOOSE);
    let instance = StorageInstance::create(instance, 0, &switches, now).unwrap();
    let key = NewKey {
        id: KeyId::draw(&mut entropy, now),
        access_key_id: access_key_id(1),
        terms: Terms {
            label: Some(Label::parse("Production API").unwrap()),
            description: None,
            grants: Grants::everything(),
            expires_at: None,
        },
        created_by: Actor::system("test"),
    };
    Key::create(key, &instance, 0, &switches, now).unwrap()
}

/// A different one for each number.
pub(crate) fn access_key_id(number: u64) -> AccessKeyId {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    AccessKeyId::draw(&mut Entropy::from_seed(seed), "NQAK", 20)
}

pub(crate) fn switches(rules: &Rules) -> Switches {
    let [_, _, (_, _, multi)] = built_in();
    Switches {
        reset: rules.reset,
        rotate_max_grace: rules.max_grace.map(TimeDelta::microseconds),
        revoke: rules.revoke,
        delete: rules.delete,
        max_ttl: Some(rules.max_ttl).filter(|ttl| *ttl != NEVER).map(TimeDelta::microseconds),
        ..multi
    }
}

/// Of every pair, oldest first.
pub(crate) fn standings(key: &Key) -> Vec<Standing> {
    key.pairs.iter().map(|pair| Standing::of(key, pair, Ok(()), Service::Available)).collect()
}

fn moment(micros: Micros) -> Timestamp {
    START + TimeDelta::microseconds(micros)
}

/// What may happen next in a key's life.
#[derive(Debug, Clone, Copy)]
enum Event {
    Wait(Micros),
    /// To just before, exactly at, or just after the next moment at which something ends.
    WaitForTheNextEnd {
        and: Micros,
    },
    ChangeTheModel(Rules),
    /// An expiry is counted from now.
    Take(Step),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let seconds = |range: std::ops::RangeInclusive<i64>| range.prop_map(|seconds| seconds * SECOND);
    let quiet_for = prop::option::of(seconds(60..=300));
    let rotate = (seconds(300..=4000), quiet_for).prop_map(|(at_most, quiet_for)| Step::Rotate { at_most, quiet_for });
    let step = prop_oneof![
        6 => Just(Step::Reset),
        8 => rotate,
        4 => Just(Step::Retire),
        3 => Just(Step::Disable),
        4 => Just(Step::Enable),
        3 => prop_oneof![1 => seconds(-10..=0), 4 => seconds(1..=20_000)].prop_map(|at| Step::Expire { at }),
        1 => Just(Step::Revoke),
        1 => Just(Step::Delete),
    ];
    let event = prop_oneof![
        3 => (0..=2000 * SECOND).prop_map(Event::Wait),
        3 => (-1..=1_i64).prop_map(|and| Event::WaitForTheNextEnd { and }),
        1 => rules().prop_map(Event::ChangeTheModel),
        12 => step.prop_map(Event::Take),
    ];
    prop::collection::vec(event, 1..60)
}

prop_compose! {
    fn rules()(
        reset in prop::bool::weighted(0.8),
        max_grace in prop::option::weighted(0.8, (1..=3600_i64).prop_map(|seconds| seconds * SECOND)),
        revoke in prop_oneof![Just(Revoke::KeepsHistory), Just(Revoke::Off)],
        delete in prop_oneof![Just(Delete::Allowed), Just(Delete::AfterRevoke), Just(Delete::Forbidden)],
        max_ttl in prop_oneof![Just(NEVER), (60..=20_000_i64).prop_map(|seconds| seconds * SECOND)],
    ) -> Rules {
        Rules { reset, max_grace, revoke, delete, max_ttl }
    }
}

/// The key and its naive twin, on one clock.
struct Life {
    key: Key,
    naive: NaiveKey,
    rules: Rules,
    now: Micros,
    /// Versions of pairs that were once seen dead for good.
    dead_for_good: BTreeSet<i64>,
}

enum After {
    Lives(Box<Key>),
    Gone(Tombstone),
}

impl Life {
    fn begin() -> Self {
        let (key, naive) = (begin(START), NaiveKey::new());
        Self { key, naive, rules: Rules::LOOSE, now: 0, dead_for_good: BTreeSet::new() }
    }

    /// Returns whether the life goes on.
    fn meet(&mut self, event: Event) -> Result<bool, TestCaseError> {
        match event {
            Event::Wait(micros) => self.now += micros,
            Event::WaitForTheNextEnd { and } => {
                self.now = self.naive.ends_ahead(self.now).first().map_or(self.now, |end| self.now.max(end + and));
            }
            Event::ChangeTheModel(rules) => self.rules = rules,
            Event::Take(Step::Expire { at }) => return self.take(Step::Expire { at: self.now + at }),
            Event::Take(step) => return self.take(step),
        }
        Ok(true)
    }

    fn take(&mut self, step: Step) -> Result<bool, TestCaseError> {
        let expected = self.naive.take(step, &self.rules, self.now);
        let after = self.transition(step);
        prop_assert_eq!(after.as_ref().map(|_| ()).map_err(|refused| *refused), expected, "{:?} at {}", step, self.now);
        match after {
            Ok(After::Lives(key)) => self.key = *key,
            Ok(After::Gone(tombstone)) => {
                prop_assert_eq!(tombstone.access_key_ids.len(), self.naive.pairs.len());
                return Ok(false);
            }
            Err(_) => {}
        }
        Ok(true)
    }

    fn transition(&self, step: Step) -> Result<After, Refused> {
        let (key, switches, now) = (self.key.clone(), switches(&self.rules), moment(self.now));
        let fresh = access_key_id(self.naive.pairs.len() as u64 + 1);
        let next = match step {
            Step::Reset => key.reset(fresh, &switches, now),
            Step::Rotate { at_most, quiet_for } => {
                let at_most = TimeDelta::microseconds(at_most);
                let grace = match quiet_for {
                    Some(quiet_for) => Grace::until_quiet(TimeDelta::microseconds(quiet_for), at_most).unwrap(),
                    None => Grace::lasting(at_most).unwrap(),
                };
                key.rotate(fresh, grace, &switches, now)
            }
            Step::Retire => key.retire(now),
            Step::Disable => key.disable(now),
            Step::Enable => key.enable(now),
            Step::Expire { at } => key.expire(moment(at), &switches, now),
            Step::Revoke => key.revoke(&switches, now),
            Step::Delete => return key.delete(&switches, now).map(After::Gone),
        };
        next.map(|key| After::Lives(Box::new(key)))
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        self.check_verdicts()?;
        self.check_pairs()?;
        self.check_that_dead_stays_dead()
    }

    /// Now, and around every end that is known to come.
    fn check_verdicts(&self) -> Result<(), TestCaseError> {
        let around_ends = self.naive.ends_ahead(self.now).into_iter().flat_map(|end| [end - 1, end, end + 1]);
        for at in around_ends.chain([self.now]) {
            for (standing, pair) in standings(&self.key).iter().zip(&self.naive.pairs) {
                prop_assert_eq!(liveness::pair(Some(standing), moment(at)), self.naive.verdict(pair, at), "at {}", at);
            }
        }
        Ok(())
    }

    fn check_pairs(&self) -> Result<(), TestCaseError> {
        let pairs: Vec<_> = self.key.pairs.iter().cloned().collect();
        let versions: Vec<_> = pairs.iter().map(|pair| pair.version).collect();
        prop_assert_eq!(versions, (1..=self.naive.pairs.len() as i64).collect::<Vec<_>>());
        prop_assert_eq!(pairs.iter().filter(|pair| pair.state == PairState::Current).count(), 1);
        prop_assert_eq!(pairs.iter().map(|pair| &pair.access_key_id).collect::<BTreeSet<_>>().len(), pairs.len());

        let live: Vec<_> = pairs.iter().filter(|pair| pair.state.is_live(moment(self.now))).collect();
        let retiring = live.iter().filter(|pair| matches!(pair.state, PairState::Retiring(_))).count();
        prop_assert!(live.len() == 1 + retiring && retiring <= 1, "{:?}", live);

        prop_assert_eq!(Pairs::load(pairs), Ok(self.key.pairs.clone()), "what is saved loads as it was");
        Ok(())
    }

    fn check_that_dead_stays_dead(&mut self) -> Result<(), TestCaseError> {
        for (standing, pair) in standings(&self.key).iter().zip(self.key.pairs.iter()) {
            match liveness::pair(Some(standing), moment(self.now)) {
                Ok(()) => prop_assert!(!self.dead_for_good.contains(&pair.version), "{:?} came back", pair),
                Err(Dead::Disabled) => {}
                Err(_) => {
                    self.dead_for_good.insert(pair.version);
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_key_lives_as_its_naive_twin_does(events in events()) {
        let mut life = Life::begin();
        life.check()?;
        for event in events {
            if !life.meet(event)? {
                break;
            }
            life.check()?;
        }
    }
}
