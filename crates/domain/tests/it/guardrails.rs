//! Guardrails on the way down: whatever the levels say, what holds is the strictest of each.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use keyreeve_domain::guardrails::{Binding, Guardrail, Guardrails};
use keyreeve_domain::id::PartnerId;
use keyreeve_domain::key::{Grants, Terms};
use keyreeve_domain::partner::{Partner, PartnerPath};
use keyreeve_domain::text::{KeyModelName, Name, RegionCode};
use keyreeve_domain::{Entropy, Timestamp};
use proptest::option;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const REGIONS: [&str; 3] = ["waw3-1", "fra1-1", "lon1-1"];
const MODELS: [&str; 3] = ["instance", "pair", "multi"];

fn some_of(names: [&'static str; 3]) -> impl Strategy<Value = BTreeSet<&'static str>> {
    prop::collection::btree_set(prop::sample::select(names.to_vec()), 1..=3)
}

prop_compose! {
    fn guardrails()(
        max_ttl in option::of(60..1_000_i64),
        require_expiry: bool,
        require_bucket_scope: bool,
        regions in option::of(some_of(REGIONS)),
        models in option::of(some_of(MODELS)),
        max_keys_per_tenant in option::of(1..9_u32),
        partners_may_not_see_secrets: bool,
    ) -> Guardrails {
        Guardrails {
            max_ttl: max_ttl.map(TimeDelta::seconds),
            require_expiry,
            require_bucket_scope,
            allowed_regions: regions.map(|names| names.iter().map(|name| RegionCode::parse(name).unwrap()).collect()),
            allowed_key_models: models.map(|names| names.iter().map(|name| KeyModelName::parse(name).unwrap()).collect()),
            max_keys_per_tenant,
            partners_may_not_see_secrets,
        }
    }
}

fn path(levels: &[Guardrails]) -> Vec<Partner> {
    let mut entropy = Entropy::from_seed([1; 32]);
    let mut path: Option<PartnerPath> = None;
    let partner = |guardrails: &Guardrails| {
        let id = PartnerId::draw(&mut entropy, NOW);
        let own = match &path {
            None => PartnerPath::root(id),
            Some(above) => above.child(id).unwrap(),
        };
        path = Some(own.clone());
        let (name, guardrails) = (Name::parse("P").unwrap(), guardrails.clone());
        Partner { path: own, name, created_at: NOW, suspended_at: None, stop: None, guardrails, version: 1 }
    };
    levels.iter().map(partner).collect()
}

/// Whether one level alone lets a key be made: too simple to be wrong.
fn lets(own: &Guardrails, seconds: Option<i64>, region: &RegionCode, model: &KeyModelName, counting: i64) -> bool {
    let in_time = match (own.max_ttl, seconds) {
        (Some(most), Some(seconds)) => seconds <= most.num_seconds(),
        (Some(_), None) => false,
        (None, seconds) => seconds.is_some() || !own.require_expiry,
    };
    in_time
        && !own.require_bucket_scope
        && own.allowed_regions.as_ref().is_none_or(|allowed| allowed.contains(region))
        && own.allowed_key_models.as_ref().is_none_or(|allowed| allowed.contains(model))
        && own.max_keys_per_tenant.is_none_or(|most| counting < i64::from(most))
}

fn terms(seconds: Option<i64>) -> Terms {
    let expires_at = seconds.map(|seconds| NOW + TimeDelta::seconds(seconds));
    Terms { label: None, description: None, grants: Grants::everything(), expires_at }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_one_level_forbids_is_forbidden_and_what_all_allow_is_allowed(
        levels in prop::collection::vec(guardrails(), 0..=4),
        seconds in 1..2_000_i64,
        region in prop::sample::select(REGIONS.to_vec()),
        model in prop::sample::select(MODELS.to_vec()),
        counting in 0..10_i64,
    ) {
        let binding = Binding::of(&path(&levels));
        let (region, model) = (RegionCode::parse(region).unwrap(), KeyModelName::parse(model).unwrap());
        let agreed = binding.agree_to_new(terms(Some(seconds)), None, NOW).is_ok()
            && binding.agree_to_place(&region, &model).is_ok()
            && binding.agree_to_another_key(counting).is_ok();
        prop_assert_eq!(agreed, levels.iter().all(|own| lets(own, Some(seconds), &region, &model, counting)));
    }

    #[test]
    fn a_level_more_never_loosens(levels in prop::collection::vec(guardrails(), 1..=4)) {
        let all = Binding::of(&path(&levels)).effective();
        let above = Binding::of(&path(levels.split_last().unwrap().1)).effective();
        prop_assert_eq!(all.looser_than(&above), []);
        prop_assert_eq!(all.and(&above), all);
    }

    #[test]
    fn the_order_of_levels_does_not_matter(one in guardrails(), other in guardrails()) {
        prop_assert_eq!(one.and(&other), other.and(&one));
        prop_assert_eq!(one.and(&one), one.clone());
        prop_assert_eq!(one.and(&Guardrails::default()), one);
    }

    #[test]
    fn what_is_refused_as_looser_is_what_would_have_no_effect(above in guardrails(), wanted in guardrails()) {
        let refused: Vec<_> = Binding::of(&path(std::slice::from_ref(&above))).refuse_looser(&wanted);
        let strictest = above.and(&wanted);
        let without_effect = [
            (Guardrail::MaxTtl, wanted.max_ttl.is_some() && strictest.max_ttl != wanted.max_ttl),
            (
                Guardrail::MaxKeysPerTenant,
                wanted.max_keys_per_tenant.is_some() && strictest.max_keys_per_tenant != wanted.max_keys_per_tenant,
            ),
            (
                Guardrail::AllowedRegions,
                wanted.allowed_regions.is_some() && strictest.allowed_regions != wanted.allowed_regions,
            ),
            (
                Guardrail::AllowedKeyModels,
                wanted.allowed_key_models.is_some() && strictest.allowed_key_models != wanted.allowed_key_models,
            ),
        ];
        let without_effect: Vec<_> =
            without_effect.into_iter().filter_map(|(guardrail, without)| without.then_some(guardrail)).collect();
        prop_assert_eq!(refused.iter().map(|looser| looser.guardrail).collect::<Vec<_>>(), without_effect);
    }

    #[test]
    fn where_lifetimes_are_bounded_an_unsaid_end_is_the_latest_possible(
        levels in prop::collection::vec(guardrails(), 1..=4),
        model in option::of(60..1_000_i64),
    ) {
        let levels: Vec<_> = levels.into_iter().map(|own| Guardrails { require_bucket_scope: false, ..own }).collect();
        let binding = Binding::of(&path(&levels));
        let bounds = levels.iter().filter_map(|own| own.max_ttl).chain(model.map(TimeDelta::seconds));
        let agreed = binding.agree_to_new(terms(None), model.map(TimeDelta::seconds), NOW);
        match bounds.min() {
            Some(ttl) => prop_assert_eq!(agreed.unwrap().expires_at, Some(NOW + ttl)),
            None => prop_assert_eq!(agreed.is_ok(), levels.iter().all(|own| !own.require_expiry)),
        }
    }

    #[test]
    fn what_a_key_has_may_stay_and_its_end_may_come_earlier(
        levels in prop::collection::vec(guardrails(), 0..=4),
        before in option::of(1..2_000_i64),
        earlier in 0..2_000_i64,
    ) {
        let binding = Binding::of(&path(&levels));
        prop_assert_eq!(binding.agree_to_changed(&terms(before), &terms(before), NOW), Ok(()));
        let sooner = before.map_or(earlier, |before| before.min(earlier));
        prop_assert_eq!(binding.agree_to_changed(&terms(before), &terms(Some(sooner)), NOW), Ok(()));
        let removed = binding.agree_to_changed(&terms(Some(earlier)), &terms(None), NOW);
        let must_end = levels.iter().any(|own| own.require_expiry || own.max_ttl.is_some());
        prop_assert_eq!(removed.is_err(), must_end);
    }
}

#[test]
fn the_strictest_is_named_and_of_several_alike_the_topmost() {
    let within = |seconds| Guardrails { max_ttl: Some(TimeDelta::seconds(seconds)), ..Guardrails::default() };
    for (levels, named) in [([900, 300], 1), ([300, 900], 0), ([300, 300], 0)] {
        let path = path(&levels.map(within));
        let broken = Binding::of(&path).agree_to_new(terms(Some(1_000)), None, NOW).unwrap_err();
        assert_eq!((broken.guardrail, &broken.set_on), (Guardrail::MaxTtl, &path[named].path));
        assert!(broken.rule.contains("300"), "{}", broken.rule);
    }
}
