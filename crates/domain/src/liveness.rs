//! The one answer to "does this still count?". Every path that honours a credential asks here.

use crate::Timestamp;
use crate::key::{Key, KeyState, KeyStatus, Pair, PairState};
use crate::partner::Partner;
use crate::tenant::{Tenant, TenantStatus};
use crate::tenant_region::Service;

/// Why a credential no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dead {
    /// Nobody ever made it, or nothing is left of it.
    Unknown,
    Expired,
    Ended,
    Suspended,
    Deleted,
    Revoked,
    Disabled,
    /// The pair, not the key: another has taken its place.
    Retired,
    /// The database was restored to a state before it was changed, and no operator has decided about it.
    HeldBack,
}

impl Dead {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
            Self::Revoked => "revoked",
            Self::Disabled => "disabled",
            Self::Retired => "retired",
            Self::HeldBack => "held_back",
        }
    }
}

/// Whether anything of this tenant counts: itself, and every partner above it.
pub fn tenant(tenant: &Tenant, partners_above: &[Partner]) -> Result<(), Dead> {
    match tenant.status() {
        TenantStatus::Deleting => Err(Dead::Deleted),
        TenantStatus::Suspended => Err(Dead::Suspended),
        TenantStatus::Active => partners(partners_above),
    }
}

/// After a restore nothing counts of what has changed since, until an operator has decided about it.
pub fn unless_held_back(is_held_back: bool, owner: Result<(), Dead>) -> Result<(), Dead> {
    if is_held_back { Err(Dead::HeldBack) } else { owner }
}

/// Whether anything of the last of these partners counts: suspending one suspends all below it.
pub fn partners(path: &[Partner]) -> Result<(), Dead> {
    if path.iter().any(Partner::is_suspended) { Err(Dead::Suspended) } else { Ok(()) }
}

pub fn until(expires_at: Timestamp, now: Timestamp) -> Result<(), Dead> {
    if now < expires_at { Ok(()) } else { Err(Dead::Expired) }
}

/// All that decides whether one access key id counts: small enough to be remembered for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What [`tenant`] says of the key's owner. It changes by an act, never by the clock.
    pub owner: Result<(), Dead>,
    /// Of the key's region, to its owner.
    pub service: Service,
    pub key: KeyState,
    pub expires_at: Option<Timestamp>,
    pub pair: PairState,
}

impl Standing {
    pub fn of(key: &Key, pair: &Pair, owner: Result<(), Dead>, service: Service) -> Self {
        Self { owner, service, key: key.state, expires_at: key.terms.expires_at, pair: pair.state }
    }

    /// From when on it is dead by the clock alone. No answer about it may be remembered for longer.
    pub fn lapses_at(&self) -> Option<Timestamp> {
        let grace_end = match self.pair {
            PairState::Retiring(retirement) => Some(retirement.until),
            PairState::Current | PairState::Ended(_) => None,
        };
        self.expires_at.into_iter().chain(grace_end).min()
    }
}

/// Whether an access key id counts, given what is known of it. The widest reason is named first.
pub fn pair(standing: Option<&Standing>, now: Timestamp) -> Result<(), Dead> {
    let standing = standing.ok_or(Dead::Unknown)?;
    standing.owner?;
    if standing.service == Service::Unavailable {
        return Err(Dead::Suspended);
    }
    match KeyStatus::of(standing.key, standing.expires_at, now) {
        KeyStatus::Revoked => return Err(Dead::Revoked),
        KeyStatus::Expired => return Err(Dead::Expired),
        KeyStatus::Disabled => return Err(Dead::Disabled),
        KeyStatus::Active => {}
    }
    if standing.pair.is_live(now) { Ok(()) } else { Err(Dead::Retired) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;
    use crate::guardrails::Guardrails;
    use crate::id::{PartnerId, TenantId};
    use crate::key::pair::Retirement;
    use crate::partner::PartnerPath;
    use crate::text::Name;
    use crate::time;
    use chrono::TimeDelta;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn live() -> Standing {
        Standing {
            owner: Ok(()),
            service: Service::Available,
            key: KeyState::Active,
            expires_at: Some(NOW + time::days(1)),
            pair: PairState::Current,
        }
    }

    fn retiring_until(until: Timestamp) -> PairState {
        PairState::Retiring(Retirement { since: NOW, until, quiet_for: None })
    }

    #[test]
    fn each_thing_that_can_end_a_pair_ends_it() {
        assert_eq!(pair(Some(&live()), NOW), Ok(()));
        assert_eq!(pair(None, NOW), Err(Dead::Unknown));
        type Spoil = fn(&mut Standing);
        let cases: [(Spoil, Dead); 8] = [
            (|s| s.owner = Err(Dead::Deleted), Dead::Deleted),
            (|s| s.owner = Err(Dead::Suspended), Dead::Suspended),
            (|s| s.service = Service::Unavailable, Dead::Suspended),
            (|s| s.key = KeyState::Revoked(NOW), Dead::Revoked),
            (|s| s.key = KeyState::Disabled(NOW), Dead::Disabled),
            (|s| s.expires_at = Some(NOW), Dead::Expired),
            (|s| s.pair = PairState::Ended(NOW), Dead::Retired),
            (|s| s.pair = retiring_until(NOW), Dead::Retired),
        ];
        for (spoil, reason) in cases {
            let mut standing = live();
            spoil(&mut standing);
            assert_eq!(pair(Some(&standing), NOW), Err(reason));
        }
    }

    #[test]
    fn a_moment_before_its_end_a_pair_counts_and_at_its_end_it_does_not() {
        let moment = TimeDelta::microseconds(1);
        let end = NOW + time::minutes(5);
        let retiring = Standing { pair: retiring_until(end), ..live() };
        let expiring = Standing { expires_at: Some(end), ..live() };
        for (standing, reason) in [(retiring, Dead::Retired), (expiring, Dead::Expired)] {
            assert_eq!(standing.lapses_at(), Some(end));
            assert_eq!(pair(Some(&standing), end - moment), Ok(()));
            assert_eq!(pair(Some(&standing), end), Err(reason));
        }
    }

    #[test]
    fn no_clock_brings_back_what_somebody_ended() {
        let ended = Standing { pair: PairState::Ended(NOW), ..live() };
        let revoked = Standing { key: KeyState::Revoked(NOW), ..live() };
        assert_eq!(pair(Some(&ended), NOW - time::days(1)), Err(Dead::Retired));
        assert_eq!(pair(Some(&revoked), NOW - time::days(1)), Err(Dead::Revoked));
    }

    #[test]
    fn a_moment_is_before_its_end_and_at_its_end_it_is_over() {
        let moment = TimeDelta::microseconds(1);
        assert_eq!(until(NOW, NOW - moment), Ok(()));
        assert_eq!(until(NOW, NOW - time::days(9)), Ok(()));
        assert_eq!(until(NOW, NOW), Err(Dead::Expired));
        assert_eq!(until(NOW, NOW + moment), Err(Dead::Expired));
    }

    #[test]
    fn a_tenant_counts_while_it_does_and_everybody_above_it() {
        let id = TenantId::draw(&mut Entropy::from_seed([1; 32]), NOW);
        let active = Tenant {
            id,
            name: Name::parse("Acme").unwrap(),
            partner: None,
            external_ref: None,
            created_at: NOW,
            suspended_at: None,
            delete_at: None,
            version: 1,
        };
        let suspended = Tenant { suspended_at: Some(NOW), ..active.clone() };
        let deleted = Tenant { delete_at: Some(NOW), ..suspended.clone() };
        let (above, stopped) = (partner(), Partner { suspended_at: Some(NOW), ..partner() });
        assert_eq!(tenant(&active, &[]), Ok(()));
        assert_eq!(tenant(&active, &[above.clone(), above.clone()]), Ok(()));
        for path in [[stopped.clone(), above.clone()], [above.clone(), stopped.clone()]] {
            assert_eq!((partners(&path), tenant(&active, &path)), (Err(Dead::Suspended), Err(Dead::Suspended)));
        }
        assert_eq!(tenant(&suspended, &[above]), Err(Dead::Suspended));
        assert_eq!(tenant(&deleted, &[stopped]), Err(Dead::Deleted));
    }

    fn partner() -> Partner {
        let id = PartnerId::draw(&mut Entropy::from_seed([2; 32]), NOW);
        Partner {
            path: PartnerPath::root(id),
            name: Name::parse("Nordic").unwrap(),
            created_at: NOW,
            suspended_at: None,
            stop: None,
            guardrails: Guardrails::default(),
            version: 1,
        }
    }

    #[test]
    fn what_is_held_back_is_dead_whatever_its_owner_is() {
        for owner in [Ok(()), Err(Dead::Suspended)] {
            assert_eq!(unless_held_back(true, owner), Err(Dead::HeldBack));
            assert_eq!(unless_held_back(false, owner), owner);
        }
    }

    #[test]
    fn each_reason_has_a_name_of_its_own() {
        let all = [
            (Dead::Unknown, "unknown"),
            (Dead::Expired, "expired"),
            (Dead::Ended, "ended"),
            (Dead::Suspended, "suspended"),
            (Dead::Deleted, "deleted"),
            (Dead::Revoked, "revoked"),
            (Dead::Disabled, "disabled"),
            (Dead::Retired, "retired"),
            (Dead::HeldBack, "held_back"),
        ];
        for (dead, name) in all {
            assert_eq!(dead.as_str(), name);
        }
    }
}
