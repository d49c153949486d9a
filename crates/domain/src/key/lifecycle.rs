//! What a key may become. It depends on the clock and on the model's switches, and on nothing else.
//!
//! A key is asked by the switches of today: a change of model takes nothing away from a key that exists, it decides only
//! what may be done next.

use crate::actor::Actor;
use crate::id::{InstanceId, KeyId, TenantId};
use crate::instance::StorageInstance;
use crate::key::AccessKeyId;
use crate::key::pair::{Grace, Pairs};
use crate::key::refused::{Feature, Refused};
use crate::key::terms::Terms;
use crate::key_model::{Delete, Revoke, Switches};
use crate::text::RegionCode;
use crate::{Invalid, Timestamp, time};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub tenant: TenantId,
    pub instance: InstanceId,
    pub region: RegionCode,
    pub terms: Terms,
    pub state: KeyState,
    pub pairs: Pairs,
    pub created_at: Timestamp,
    pub created_by: Actor,
    pub version: i64,
}

/// What somebody has made of a key. Whether it has expired is the clock's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    Active,
    Disabled(Timestamp),
    Revoked(Timestamp),
}

/// What people see of a key, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    Active,
    Disabled,
    Revoked,
    Expired,
}

impl KeyStatus {
    pub const ALL: [Self; 4] = [Self::Active, Self::Disabled, Self::Revoked, Self::Expired];

    /// What is final comes first.
    pub fn of(state: KeyState, expires_at: Option<Timestamp>, now: Timestamp) -> Self {
        match state {
            KeyState::Revoked(_) => Self::Revoked,
            KeyState::Active | KeyState::Disabled(_) if expires_at.is_some_and(|at| at <= now) => Self::Expired,
            KeyState::Disabled(_) => Self::Disabled,
            KeyState::Active => Self::Active,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(Invalid::because("A key's status is active, disabled, revoked or expired."))
    }
}

/// A key that somebody asks for, with a pair drawn or imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub id: KeyId,
    pub access_key_id: AccessKeyId,
    pub terms: Terms,
    pub created_by: Actor,
}

/// What remains of a deleted key: enough to tell everybody who remembers it, and never to use its ids again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    pub id: KeyId,
    pub tenant: TenantId,
    pub instance: InstanceId,
    pub region: RegionCode,
    pub access_key_ids: Vec<AccessKeyId>,
    pub deleted_at: Timestamp,
}

impl Key {
    /// `counting` is how many keys of the instance count towards the model's bound: see [`Key::counts`].
    pub fn create(
        new: NewKey,
        instance: &StorageInstance,
        counting: i64,
        switches: &Switches,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        if let Some(most) = switches.max_keys.filter(|most| counting >= i64::from(*most)) {
            return Err(Refused::TooManyKeys { most });
        }
        Ok(Self {
            id: new.id,
            tenant: instance.tenant.clone(),
            instance: instance.id.clone(),
            region: instance.region.clone(),
            terms: new.terms.for_new_key(switches, now)?,
            state: KeyState::Active,
            pairs: Pairs::begin(new.access_key_id, now),
            created_at: now,
            created_by: new.created_by,
            version: 1,
        })
    }

    pub fn status(&self, now: Timestamp) -> KeyStatus {
        KeyStatus::of(self.state, self.terms.expires_at, now)
    }

    /// Whether it counts towards the model's bound. What is over does not, or a model without deletion would leave
    /// a customer whose only key has expired without a way to another.
    pub fn counts(&self, now: Timestamp) -> bool {
        match self.status(now) {
            KeyStatus::Active | KeyStatus::Disabled => true,
            KeyStatus::Revoked | KeyStatus::Expired => false,
        }
    }

    /// When the current pair is older than the model wants pairs to be.
    pub fn rotate_by(&self, switches: &Switches) -> Option<Timestamp> {
        switches.rotate_after_days.map(|days| self.pairs.current().since + time::days(days.into()))
    }

    /// The old pair dies at the instant at which the new one begins. A disabled key stays disabled: a leaked pair can be
    /// replaced without ever working again.
    pub fn reset(self, access_key_id: AccessKeyId, switches: &Switches, now: Timestamp) -> Result<Self, Refused> {
        if !switches.reset {
            return Err(Refused::ModelForbids(Feature::Reset));
        }
        let key = self.unless_over(now)?;
        Ok(Self { pairs: key.pairs.reset(access_key_id, now), ..key })
    }

    /// Both pairs work until the grace period is over. A pair that was still retiring dies at once.
    pub fn rotate(
        self,
        access_key_id: AccessKeyId,
        grace: Grace,
        switches: &Switches,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let most = switches.rotate_max_grace.ok_or(Refused::ModelForbids(Feature::Rotate))?;
        if grace.at_most() > most {
            return Err(Refused::GraceTooLong { most });
        }
        let key = self.unless_over(now)?;
        Ok(Self { pairs: key.pairs.rotate(access_key_id, grace, now), ..key })
    }

    /// The retiring pair dies before its time: by request, or because it has become quiet.
    pub fn retire(self, now: Timestamp) -> Result<Self, Refused> {
        let key = self.unless_over(now)?;
        if key.pairs.retiring(now).is_none() {
            return Err(Refused::NothingRetires);
        }
        Ok(Self { pairs: key.pairs.retire(now), ..key })
    }

    pub fn disable(self, now: Timestamp) -> Result<Self, Refused> {
        let key = self.unless_over(now)?;
        if matches!(key.state, KeyState::Disabled(_)) {
            return Err(Refused::AlreadyDisabled);
        }
        Ok(Self { state: KeyState::Disabled(now), ..key })
    }

    pub fn enable(self, now: Timestamp) -> Result<Self, Refused> {
        let key = self.unless_over(now)?;
        if !matches!(key.state, KeyState::Disabled(_)) {
            return Err(Refused::NotDisabled);
        }
        Ok(Self { state: KeyState::Active, ..key })
    }

    pub fn change(self, terms: Terms, switches: &Switches, now: Timestamp) -> Result<Self, Refused> {
        let key = self.unless_over(now)?;
        let terms = terms.in_place_of(&key.terms, switches, key.created_at, now)?;
        Ok(Self { terms, ..key })
    }

    /// Ends the key by itself at that moment, within what the model allows.
    pub fn expire(self, at: Timestamp, switches: &Switches, now: Timestamp) -> Result<Self, Refused> {
        let terms = Terms { expires_at: Some(at), ..self.terms.clone() };
        self.change(terms, switches, now)
    }

    /// Final; the key stays as history. One that has expired can still be revoked, so that it may then be deleted.
    pub fn revoke(self, switches: &Switches, now: Timestamp) -> Result<Self, Refused> {
        match (switches.revoke, self.state) {
            (Revoke::Off, _) => Err(Refused::ModelForbids(Feature::Revoke)),
            (Revoke::KeepsHistory, KeyState::Revoked(_)) => Err(Refused::Revoked),
            (Revoke::KeepsHistory, KeyState::Active | KeyState::Disabled(_)) => {
                Ok(Self { state: KeyState::Revoked(now), pairs: self.pairs.retire(now), ..self })
            }
        }
    }

    /// Final; the key is gone.
    pub fn delete(self, switches: &Switches, now: Timestamp) -> Result<Tombstone, Refused> {
        match (switches.delete, self.state) {
            (Delete::Forbidden, _) => Err(Refused::ModelForbids(Feature::Delete)),
            (Delete::AfterRevoke, KeyState::Active | KeyState::Disabled(_)) => Err(Refused::RevokeFirst),
            (Delete::AfterRevoke, KeyState::Revoked(_)) | (Delete::Allowed, _) => Ok(self.bury(now)),
        }
    }

    /// Gone with its storage instance or its tenant, whatever the model says of single keys.
    pub fn bury(self, now: Timestamp) -> Tombstone {
        Tombstone {
            access_key_ids: self.pairs.iter().map(|pair| pair.access_key_id.clone()).collect(),
            id: self.id,
            tenant: self.tenant,
            instance: self.instance,
            region: self.region,
            deleted_at: now,
        }
    }

    fn unless_over(self, now: Timestamp) -> Result<Self, Refused> {
        match self.status(now) {
            KeyStatus::Active | KeyStatus::Disabled => Ok(self),
            KeyStatus::Revoked => Err(Refused::Revoked),
            KeyStatus::Expired => Err(Refused::Expired),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PairState;
    use crate::key::sample::{START, access_key_id, instance, key, multi, new_key, one_pair, terms};

    fn later(minutes: i64) -> Timestamp {
        START + time::minutes(minutes)
    }

    fn grace(minutes: i64) -> Grace {
        Grace::lasting(time::minutes(minutes)).unwrap()
    }

    fn states(key: &Key) -> Vec<PairState> {
        key.pairs.iter().map(|pair| pair.state).collect()
    }

    #[test]
    fn a_reset_ends_the_old_pair_as_the_new_one_begins() {
        let key = key().reset(access_key_id(2), &multi(), later(1)).unwrap();
        assert_eq!(states(&key), [PairState::Ended(later(1)), PairState::Current]);
        assert_eq!(key.pairs.current().access_key_id, access_key_id(2));
        assert_eq!(key.pairs.current().version, 2);
        assert_eq!(key.pairs.current().since, later(1));
    }

    #[test]
    fn a_rotation_lets_the_old_pair_go_on_and_ends_one_older_still() {
        let once = key().rotate(access_key_id(2), grace(60), &multi(), later(1)).unwrap();
        assert_eq!(once.pairs.retiring(later(60)).map(|pair| pair.version), Some(1));
        assert_eq!(once.pairs.retiring(later(61)), None);
        let twice = once.rotate(access_key_id(3), grace(60), &multi(), later(2)).unwrap();
        assert_eq!(states(&twice)[0], PairState::Ended(later(2)));
        assert_eq!(twice.pairs.retiring(later(3)).map(|pair| pair.version), Some(2));
    }

    #[test]
    fn a_reset_ends_a_retiring_pair_too() {
        let rotated = key().rotate(access_key_id(2), grace(60), &multi(), later(1)).unwrap();
        let reset = rotated.reset(access_key_id(3), &multi(), later(2)).unwrap();
        assert_eq!(states(&reset), [PairState::Ended(later(2)), PairState::Ended(later(2)), PairState::Current]);
    }

    #[test]
    fn grace_is_at_most_what_the_model_allows() {
        let most = multi().rotate_max_grace.unwrap();
        let rotate = |grace| key().rotate(access_key_id(2), Grace::lasting(grace).unwrap(), &multi(), START);
        assert!(rotate(most).is_ok());
        assert_eq!(rotate(most + time::minutes(1)), Err(Refused::GraceTooLong { most }));
    }

    #[test]
    fn only_a_retiring_pair_can_be_retired() {
        assert_eq!(key().retire(START), Err(Refused::NothingRetires));
        let rotated = key().rotate(access_key_id(2), grace(60), &multi(), START).unwrap();
        let retired = rotated.clone().retire(later(5)).unwrap();
        assert_eq!(states(&retired)[0], PairState::Ended(later(5)));
        assert_eq!(rotated.retire(later(60)), Err(Refused::NothingRetires), "its time was over already");
    }

    #[test]
    fn disabling_can_be_undone_and_a_reset_does_not_undo_it() {
        let disabled = key().disable(later(1)).unwrap();
        assert_eq!(disabled.clone().disable(later(2)), Err(Refused::AlreadyDisabled));
        let reset = disabled.reset(access_key_id(2), &multi(), later(2)).unwrap();
        assert_eq!(reset.status(later(2)), KeyStatus::Disabled);
        let enabled = reset.enable(later(3)).unwrap();
        assert_eq!(enabled.status(later(3)), KeyStatus::Active);
        assert_eq!(enabled.enable(later(4)), Err(Refused::NotDisabled));
    }

    #[test]
    fn nothing_but_deletion_follows_a_revocation() {
        let revoked = || key().revoke(&multi(), later(1)).unwrap();
        assert_eq!(revoked().revoke(&multi(), later(2)), Err(Refused::Revoked));
        assert_eq!(revoked().reset(access_key_id(2), &multi(), later(2)), Err(Refused::Revoked));
        assert_eq!(revoked().rotate(access_key_id(2), grace(1), &multi(), later(2)), Err(Refused::Revoked));
        assert_eq!(revoked().retire(later(2)), Err(Refused::Revoked));
        assert_eq!(revoked().disable(later(2)), Err(Refused::Revoked));
        assert_eq!(revoked().enable(later(2)), Err(Refused::Revoked));
        assert_eq!(revoked().change(terms(), &multi(), later(2)), Err(Refused::Revoked));
        assert!(revoked().delete(&multi(), later(2)).is_ok());
    }

    #[test]
    fn a_revocation_leaves_no_pair_retiring() {
        let rotated = key().rotate(access_key_id(2), grace(60), &multi(), START).unwrap();
        let revoked = rotated.revoke(&multi(), later(1)).unwrap();
        assert_eq!(states(&revoked), [PairState::Ended(later(1)), PairState::Current]);
    }

    #[test]
    fn an_expired_key_can_only_be_got_rid_of() {
        let key = || key().expire(later(10), &multi(), START).unwrap();
        assert_eq!(key().status(later(9)), KeyStatus::Active);
        assert_eq!(key().status(later(10)), KeyStatus::Expired);
        assert_eq!(key().reset(access_key_id(2), &multi(), later(10)), Err(Refused::Expired));
        assert_eq!(key().disable(later(10)), Err(Refused::Expired));
        assert_eq!(key().expire(later(20), &multi(), later(10)), Err(Refused::Expired), "dead stays dead");
        assert_eq!(key().revoke(&multi(), later(10)).unwrap().status(later(10)), KeyStatus::Revoked);
        assert!(key().delete(&multi(), later(10)).is_ok());
    }

    #[test]
    fn the_model_decides_what_may_be_done() {
        let forbids = |feature| Err(Refused::ModelForbids(feature));
        assert_eq!(key().revoke(&one_pair(), START), forbids(Feature::Revoke));
        assert_eq!(key().rotate(access_key_id(2), grace(1), &one_pair(), START), forbids(Feature::Rotate));
        assert_eq!(key().delete(&one_pair(), START), Err(Refused::ModelForbids(Feature::Delete)));
        let no_reset = Switches { reset: false, ..multi() };
        assert_eq!(key().reset(access_key_id(2), &no_reset, START), forbids(Feature::Reset));
        let revoke_first = Switches { delete: Delete::AfterRevoke, ..multi() };
        assert_eq!(key().delete(&revoke_first, START), Err(Refused::RevokeFirst));
        assert!(key().revoke(&revoke_first, START).unwrap().delete(&revoke_first, START).is_ok());
    }

    #[test]
    fn a_model_with_one_key_refuses_a_second_until_the_first_is_over() {
        let create = |counting| Key::create(new_key(terms()), &instance(), counting, &one_pair(), START);
        assert_eq!(create(1), Err(Refused::TooManyKeys { most: 1 }));
        let only = create(0).unwrap().expire(later(10), &one_pair(), START).unwrap();
        assert!(only.counts(later(9)) && !only.counts(later(10)));
    }

    #[test]
    fn a_tombstone_names_every_pair() {
        let rotated = key().rotate(access_key_id(2), grace(60), &multi(), START).unwrap();
        let tombstone = rotated.delete(&multi(), later(1)).unwrap();
        assert_eq!(tombstone.access_key_ids, [access_key_id(1), access_key_id(2)]);
        assert_eq!(tombstone.deleted_at, later(1));
    }

    #[test]
    fn a_pair_is_due_once_it_is_as_old_as_the_model_allows() {
        assert_eq!(key().rotate_by(&multi()), Some(START + time::days(90)));
        assert_eq!(key().rotate_by(&one_pair()), None);
        let reset = key().reset(access_key_id(2), &multi(), later(1)).unwrap();
        assert_eq!(reset.rotate_by(&multi()), Some(later(1) + time::days(90)));
    }
}
