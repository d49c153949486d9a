//! What is known of one access key, for one day and region.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::bucket::BucketName;
use domain::key::grants::{BucketNames, Buckets, Permission, Permissions, Prefix, Prefixes};
use domain::key::{Grants, KeyState, PairState};
use domain::liveness::{Dead, Standing};
use domain::networks::{self, Networks};
use domain::tenant_region::Service;
use verify::Candidate;
use verify::sigv4::SigningKey;
use wire::{BucketAccessKind, IssuedSigningKey, KeyGrants, KeyPermission, VerifyDecision};
use zeroize::Zeroizing;

use crate::clock::Moment;
use crate::{Allowed, Trouble};

/// With the rules by which it may be remembered.
pub(crate) struct KnownKey {
    pub(crate) what: Known,
    /// When it was asked for.
    since: Moment,
    ttl: Duration,
    stale_ttl: Duration,
    refresh_after: Duration,
    is_being_refreshed: AtomicBool,
}

pub(crate) enum Known {
    Live(Facts),
    Dead(Dead),
}

#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) allowed: Allowed,
    pub(crate) signing_key: Arc<SigningKey>,
    pub(crate) etag: Option<String>,
    pub(crate) sequence: i64,
}

/// For how long nobody's key stays so without another look. Short, so that a key works within a second of being made
/// even when the feed has nothing to say; and it saves asking again for every request of a client that keeps trying.
const DEAD_FOR: Duration = Duration::from_millis(500);

impl KnownKey {
    /// `before`: what was known, in case nothing has changed.
    pub(crate) fn read(
        issued: IssuedSigningKey<'static>,
        before: Option<&Facts>,
        since: Moment,
        jitter: f64,
    ) -> Result<Self, Trouble> {
        let IssuedSigningKey { not_modified, answer, .. } = issued;
        if answer.decision == VerifyDecision::Deny {
            let dead = dead(answer.reason.as_deref().unwrap_or_default());
            return Ok(Self::lasting(Known::Dead(dead), since, DEAD_FOR, DEAD_FOR, 1.0));
        }
        let signing_key = match (answer.signing_key, before) {
            (Some(key), _) => Arc::new(read_signing_key(&Zeroizing::new(key.key))?),
            (None, Some(before)) if not_modified => before.signing_key.clone(),
            (None, _) => return Err(not_understood("no signing key")),
        };
        let principal = answer.principal.ok_or_else(|| not_understood("no principal"))?;
        let grants = read_grants(&answer.grants.ok_or_else(|| not_understood("no grants"))?)?;
        let cache = answer.cache;
        let seconds = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let facts = Facts {
            allowed: Allowed { principal: Arc::new(principal), grants: Arc::new(grants) },
            signing_key,
            etag: cache.etag,
            sequence: cache.sequence.ok_or_else(|| not_understood("no sequence"))?,
        };
        let (ttl, stale_ttl) = (seconds(cache.ttl_s), seconds(cache.stale_ttl_s.unwrap_or(0)));
        Ok(Self::lasting(Known::Live(facts), since, ttl, stale_ttl, REFRESH_AT * (1.0 + SPREAD * (jitter - 0.5))))
    }

    fn lasting(what: Known, since: Moment, ttl: Duration, stale_ttl: Duration, refresh_at: f64) -> Self {
        let refresh_after = ttl.mul_f64(refresh_at);
        Self { what, since, ttl, stale_ttl, refresh_after, is_being_refreshed: AtomicBool::new(false) }
    }

    pub(crate) fn may_be_used(&self, now: Moment, is_feed_fresh: bool) -> bool {
        let age = now.saturating_sub(self.since);
        age < if is_feed_fresh { self.ttl } else { self.stale_ttl.min(self.ttl) }
    }

    /// True once for whoever comes first when it is time, until [`refreshing_failed`](Self::refreshing_failed).
    pub(crate) fn wants_refreshing(&self, now: Moment) -> bool {
        let is_due = now.saturating_sub(self.since) >= self.refresh_after;
        is_due && matches!(self.what, Known::Live(_)) && !self.is_being_refreshed.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn refreshing_failed(&self) {
        self.is_being_refreshed.store(false, Ordering::Release);
    }

    pub(crate) fn facts(&self) -> Option<&Facts> {
        match &self.what {
            Known::Live(facts) => Some(facts),
            Known::Dead(_) => None,
        }
    }
}

/// At 80 % of the time it has; spread by 10 % of that, so that what was fetched together is not refreshed together.
const REFRESH_AT: f64 = 0.8;
const SPREAD: f64 = 0.1;

impl Known {
    /// Keyreeve says only that a key counts or why not; the rest of its standing is as it must be for that.
    pub(crate) fn standing(&self, now: DateTime<Utc>) -> Option<Standing> {
        let live = Standing {
            owner: Ok(()),
            service: Service::Available,
            key: KeyState::Active,
            expires_at: None,
            pair: PairState::Current,
        };
        match self {
            Self::Live(_) => Some(live),
            Self::Dead(Dead::Unknown) => None,
            Self::Dead(Dead::Expired) => Some(Standing { expires_at: Some(now), ..live }),
            Self::Dead(Dead::Revoked) => Some(Standing { key: KeyState::Revoked(now), ..live }),
            Self::Dead(Dead::Disabled) => Some(Standing { key: KeyState::Disabled(now), ..live }),
            Self::Dead(Dead::Retired) => Some(Standing { pair: PairState::Ended(now), ..live }),
            Self::Dead(dead @ (Dead::Ended | Dead::Suspended | Dead::Deleted | Dead::HeldBack)) => {
                Some(Standing { owner: Err(*dead), ..live })
            }
        }
    }

    pub(crate) fn candidate<'a>(
        &'a self,
        region: &'a str,
        standing: Option<&'a Standing>,
        nothing: &'a Grants,
    ) -> Option<Candidate<'a>> {
        let standing = standing?;
        Some(match self {
            Self::Live(facts) => Candidate {
                region: &facts.allowed.principal.region,
                standing,
                grants: &facts.allowed.grants,
                signing_key: Some(&facts.signing_key),
            },
            Self::Dead(_) => Candidate { region, standing, grants: nothing, signing_key: None },
        })
    }
}

fn dead(reason: &str) -> Dead {
    let reasons = [
        Dead::Expired,
        Dead::Ended,
        Dead::Suspended,
        Dead::Deleted,
        Dead::Revoked,
        Dead::Disabled,
        Dead::Retired,
        Dead::HeldBack,
    ];
    reasons.into_iter().find(|dead| dead.as_str() == reason).unwrap_or(Dead::Unknown)
}

fn read_signing_key(text: &str) -> Result<SigningKey, Trouble> {
    let mut bytes = Zeroizing::new([0; 32]);
    let length = STANDARD.decode_slice(text, &mut *bytes).map_err(|_| not_understood("a signing key"))?;
    if length == bytes.len() { Ok(SigningKey::from_bytes(bytes)) } else { Err(not_understood("a signing key")) }
}

pub(crate) fn read_grants(told: &KeyGrants) -> Result<Grants, Trouble> {
    fn all<T>(texts: &[String], parse: impl Fn(&str) -> Result<T, domain::Invalid>) -> Result<Vec<T>, Trouble> {
        texts.iter().map(|text| parse(text)).collect::<Result<_, _>>().map_err(|_| not_understood("grants"))
    }
    let refused = |_| not_understood("grants");
    let buckets = match told.buckets.access {
        BucketAccessKind::All => Buckets::All,
        BucketAccessKind::Specific => {
            Buckets::Specific(BucketNames::new(all(&told.buckets.names, BucketName::parse)?).map_err(refused)?)
        }
    };
    let permission = |told: &KeyPermission| match told {
        KeyPermission::Read => Permission::Read,
        KeyPermission::Write => Permission::Write,
        KeyPermission::List => Permission::List,
        KeyPermission::Delete => Permission::Delete,
    };
    Ok(Grants {
        buckets,
        prefixes: Prefixes::new(all(&told.prefixes, Prefix::parse)?).map_err(refused)?,
        permissions: Permissions::new(told.permissions.iter().map(permission)).map_err(refused)?,
        networks: Networks::new(all(&told.allowed_addresses, networks::parse)?).map_err(refused)?,
    })
}

pub(crate) fn allowed(principal: Option<crate::Principal>, grants: Option<KeyGrants>) -> Result<Allowed, Trouble> {
    let principal = principal.ok_or_else(|| not_understood("no principal"))?;
    let grants = read_grants(&grants.ok_or_else(|| not_understood("no grants"))?)?;
    Ok(Allowed { principal: Arc::new(principal), grants: Arc::new(grants) })
}

pub(crate) fn not_understood(what: &str) -> Trouble {
    Trouble::NotUnderstood(what.to_owned())
}
