//! What is agreed about a key: its name, its purpose, what it may do and for how long. All of it may be changed.

use crate::key::Grants;
use crate::key::grants::Buckets;
use crate::key::refused::{Feature, Refused};
use crate::key_model::{Presence, Switches};
use crate::text::{Description, Label};
use crate::{Timestamp, time};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub label: Option<Label>,
    pub description: Option<Description>,
    pub grants: Grants,
    /// The key counts before this moment, never at it.
    pub expires_at: Option<Timestamp>,
}

impl Terms {
    /// For a new key. Where the model bounds lifetimes and no expiry is named, it is the latest possible.
    pub(super) fn for_new_key(self, switches: &Switches, now: Timestamp) -> Result<Self, Refused> {
        let expires_at = self.expires_at.or(switches.max_ttl.map(|ttl| now + ttl));
        Self { expires_at, ..self }.agreed(None, switches, now, now)
    }

    /// In place of `before`. What stays as it was is not judged again: it was right under the model of its day.
    pub(super) fn in_place_of(
        self,
        before: &Self,
        switches: &Switches,
        created_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        self.agreed(Some(before), switches, created_at, now)
    }

    fn agreed(
        self,
        before: Option<&Self>,
        switches: &Switches,
        created_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let terms = Self { expires_at: self.expires_at.map(time::to_micros), ..self };
        terms.require_texts(before, switches)?;
        terms.require_offered_scopes(before, switches)?;
        terms.require_possible_expiry(before, switches, created_at, now)?;
        Ok(terms)
    }

    fn require_texts(&self, before: Option<&Self>, switches: &Switches) -> Result<(), Refused> {
        let lacks =
            |wanted, has: fn(&Self) -> bool| wanted == Presence::Required && !has(self) && before.is_none_or(has);
        if lacks(switches.label, |terms| terms.label.is_some()) {
            return Err(Refused::LabelRequired);
        }
        if lacks(switches.description, |terms| terms.description.is_some()) {
            return Err(Refused::DescriptionRequired);
        }
        Ok(())
    }

    fn require_offered_scopes(&self, before: Option<&Self>, switches: &Switches) -> Result<(), Refused> {
        let unchanged = before.is_some_and(|terms| terms.grants.buckets == self.grants.buckets);
        if switches.bucket_scopes || unchanged || self.grants.buckets == Buckets::All {
            Ok(())
        } else {
            Err(Refused::ModelForbids(Feature::BucketScopes))
        }
    }

    /// An earlier end is always possible, a later one only within the lifetime that the model gives.
    fn require_possible_expiry(
        &self,
        before: Option<&Self>,
        switches: &Switches,
        created_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Refused> {
        if before.is_some_and(|terms| terms.expires_at == self.expires_at) {
            return Ok(());
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(Refused::ExpiryNotAhead);
        }
        let end = |expires_at: Option<Timestamp>| expires_at.unwrap_or(Timestamp::MAX_UTC);
        let is_earlier = before.is_some_and(|terms| end(self.expires_at) < end(terms.expires_at));
        match switches.max_ttl.map(|ttl| created_at + ttl) {
            Some(latest) if end(self.expires_at) > latest && !is_earlier => Err(Refused::ExpiryTooLate { latest }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bucket::BucketName;
    use crate::key::grants::BucketNames;
    use crate::key::sample::{START, key, multi, terms};

    fn within_days(days: i64) -> Switches {
        Switches { max_ttl: Some(time::days(days)), ..multi() }
    }

    fn until_day(day: i64) -> Terms {
        Terms { expires_at: Some(START + time::days(day)), ..terms() }
    }

    fn limited() -> Terms {
        let names = BucketNames::new([BucketName::parse("media").unwrap()]).unwrap();
        Terms { grants: Grants { buckets: Buckets::Specific(names), ..Grants::everything() }, ..terms() }
    }

    fn changed(before: Terms, after: Terms, switches: &Switches) -> Result<Terms, Refused> {
        after.in_place_of(&before, switches, START, START + time::days(1))
    }

    #[test]
    fn required_texts_must_be_there_and_must_not_be_lost() {
        let nameless = || Terms { label: None, ..terms() };
        assert_eq!(nameless().for_new_key(&multi(), START), Err(Refused::LabelRequired));
        assert_eq!(changed(terms(), nameless(), &multi()), Err(Refused::LabelRequired));
        assert!(changed(nameless(), nameless(), &multi()).is_ok(), "the key is older than the rule");
        let described = Switches { description: Presence::Required, ..multi() };
        assert_eq!(terms().for_new_key(&described, START), Err(Refused::DescriptionRequired));
    }

    #[test]
    fn a_limit_to_some_buckets_needs_a_model_that_offers_it() {
        let without = Switches { bucket_scopes: false, ..multi() };
        let forbidden = Err(Refused::ModelForbids(Feature::BucketScopes));
        assert!(limited().for_new_key(&multi(), START).is_ok());
        assert_eq!(limited().for_new_key(&without, START), forbidden);
        assert_eq!(changed(terms(), limited(), &without), forbidden);
        assert!(changed(limited(), limited(), &without).is_ok(), "what was agreed stays");
        assert!(changed(limited(), terms(), &without).is_ok());
    }

    #[test]
    fn a_new_keys_expiry_lies_ahead_and_within_the_models_lifetime() {
        let latest = START + time::days(90);
        assert_eq!(until_day(0).for_new_key(&multi(), START), Err(Refused::ExpiryNotAhead));
        assert!(until_day(90).for_new_key(&within_days(90), START).is_ok());
        assert_eq!(until_day(91).for_new_key(&within_days(90), START), Err(Refused::ExpiryTooLate { latest }));
        let unsaid = terms().for_new_key(&within_days(90), START).unwrap();
        assert_eq!(unsaid.expires_at, Some(latest), "the latest possible where none is named");
        assert_eq!(terms().for_new_key(&multi(), START).unwrap().expires_at, None);
    }

    #[test]
    fn an_expiry_is_kept_as_the_databases_keep_it() {
        let exact = START + time::days(1);
        let finer = Terms { expires_at: Some(exact + chrono::TimeDelta::nanoseconds(999)), ..terms() };
        assert_eq!(finer.for_new_key(&multi(), START).unwrap().expires_at, Some(exact));
    }

    #[test]
    fn a_changed_expiry_counts_from_the_keys_beginning() {
        let too_late = |day| Err(Refused::ExpiryTooLate { latest: START + time::days(day) });
        assert!(changed(until_day(30), until_day(90), &within_days(90)).is_ok());
        assert_eq!(changed(until_day(30), until_day(91), &within_days(90)), too_late(90));
        assert_eq!(changed(until_day(30), terms(), &within_days(90)), too_late(90));
        assert_eq!(changed(until_day(30), until_day(1), &within_days(90)), Err(Refused::ExpiryNotAhead));
    }

    #[test]
    fn a_key_older_than_the_models_bound_keeps_its_end_or_gets_an_earlier_one() {
        let strict = within_days(10);
        assert!(changed(terms(), terms(), &strict).is_ok());
        assert!(changed(until_day(60), until_day(60), &strict).is_ok());
        assert!(changed(until_day(60), until_day(50), &strict).is_ok());
        assert!(changed(terms(), until_day(50), &strict).is_ok(), "any end is earlier than none");
        assert!(changed(until_day(60), until_day(61), &strict).is_err());
        assert!(key().change(until_day(50), &strict, START).is_ok());
    }
}
