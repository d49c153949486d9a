//! Who counts, as one would keep it on paper: marks on partners, tenants and people, ends of sessions, tokens and pairs.

use chrono::TimeDelta;
use domain::Timestamp;

pub(super) const ACCESS: TimeDelta = TimeDelta::minutes(10);
const IDLE: TimeDelta = TimeDelta::days(7);
const LONGEST: TimeDelta = TimeDelta::days(30);
pub(super) const ROLES: [&str; 3] = ["admin", "member+", "member"];

#[derive(Debug, Default)]
pub(super) struct NaiveWorld {
    pub is_partner_suspended: bool,
    /// Whether each is suspended.
    pub tenants: Vec<bool>,
    pub people: Vec<NaivePerson>,
    pub sessions: Vec<NaiveSession>,
    pub tokens: Vec<NaiveToken>,
    pub keys: Vec<NaiveKey>,
}

#[derive(Debug)]
pub(super) struct NaivePerson {
    pub tenant: usize,
    pub role: usize,
    pub is_removed: bool,
}

#[derive(Debug)]
pub(super) struct NaiveSession {
    pub person: usize,
    pub began: Timestamp,
    pub refreshed: Timestamp,
    pub is_over: bool,
}

#[derive(Debug)]
pub(super) struct NaiveToken {
    pub tenant: usize,
    pub ends: Timestamp,
    pub is_deleted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Active,
    Disabled,
    Revoked,
}

#[derive(Debug)]
pub(super) struct NaiveKey {
    pub tenant: usize,
    pub region: usize,
    pub state: State,
    pub ends: Option<Timestamp>,
    /// Numbers of pairs: the current one, and the one before with its end.
    pub current: usize,
    pub retiring: Option<(usize, Timestamp)>,
}

impl NaiveWorld {
    pub(super) fn tenant_counts(&self, tenant: usize) -> bool {
        !self.is_partner_suspended && !self.tenants[tenant]
    }

    pub(super) fn person_counts(&self, person: usize) -> bool {
        let person = &self.people[person];
        !person.is_removed && self.tenant_counts(person.tenant)
    }

    /// Whether its newest access token is good, which none is before it was made.
    pub(super) fn session_counts(&self, session: usize, now: Timestamp) -> bool {
        let session = &self.sessions[session];
        !session.is_over
            && session.refreshed <= now
            && now < session.refreshed + ACCESS
            && now < session.began + LONGEST
            && self.person_counts(session.person)
    }

    /// Whether its newest refresh token is.
    pub(super) fn may_refresh(&self, session: usize, now: Timestamp) -> bool {
        let session = &self.sessions[session];
        !session.is_over
            && now < session.refreshed + IDLE
            && now < session.began + LONGEST
            && self.person_counts(session.person)
    }

    pub(super) fn token_counts(&self, token: usize, now: Timestamp) -> bool {
        let token = &self.tokens[token];
        !token.is_deleted && now < token.ends && self.tenant_counts(token.tenant)
    }

    /// Whether requests signed with a pair are let in, in its own region.
    pub(super) fn pair_counts(&self, key: usize, pair: usize, now: Timestamp) -> bool {
        let key = &self.keys[key];
        let is_one_of_its = key.current == pair || key.retiring.is_some_and(|(old, until)| old == pair && now < until);
        is_one_of_its && key.status(now) == "active" && self.tenant_counts(key.tenant)
    }
}

impl NaiveKey {
    pub(super) fn status(&self, now: Timestamp) -> &'static str {
        match self.state {
            State::Revoked => "revoked",
            State::Active | State::Disabled if self.ends.is_some_and(|at| at <= now) => "expired",
            State::Disabled => "disabled",
            State::Active => "active",
        }
    }

    /// The problem with which a change is refused.
    pub(super) fn refuses(&self, action: &str, now: Timestamp) -> Option<&'static str> {
        match (self.status(now), action) {
            ("expired", "revoke") => None,
            ("revoked", _) => Some("key-revoked"),
            ("expired", _) => Some("key-expired"),
            ("disabled", "disable") => Some("key-already-disabled"),
            ("active", "enable") => Some("key-not-disabled"),
            _ => None,
        }
    }
}
