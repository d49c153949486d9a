//! From what a request carries to who is asking: live callers only.

use std::net::IpAddr;

use authz::caller::{Person, Token};
use authz::{Caller, Tenancy};
use domain::api_token::{ApiToken, TokenOwner};
use domain::liveness::{self, Dead};
use domain::tenant::Tenant;
use domain::token::{self, TokenKind};
use domain::user::{User, UserStatus};
use domain::{Role, Timestamp};
use persistence::authentication::{self, SessionStanding, TokenStanding};

use crate::error::{Error, Result};
use crate::service::Service;
use crate::sessions::bearer::{HolderProof, Proof};

impl Service {
    /// Who holds this bearer token, if it is live at this moment.
    pub fn authenticate(&self, bearer: &str, from: Option<IpAddr>, now: Timestamp) -> Result<Caller> {
        match token::kind_of(bearer) {
            Ok(TokenKind::Operator | TokenKind::Partner | TokenKind::Tenant | TokenKind::Gateway) => {
                self.holder_of(bearer, from, now)
            }
            Ok(TokenKind::Refresh | TokenKind::Invitation | TokenKind::Claim | TokenKind::Setup) => {
                Err(Error::UnknownCredentials)
            }
            Err(_) => self.person_behind(&self.bearers.open(bearer, now)?, now),
        }
    }

    /// The same for the console's cookie: a person's session, or the proof that somebody showed an API token. The token
    /// itself is never in a cookie, and a proof is no bearer token.
    pub fn authenticate_cookie(&self, cookie: &str, from: Option<IpAddr>, now: Timestamp) -> Result<Caller> {
        match self.bearers.open(cookie, now) {
            Err(Error::UnknownCredentials) => self.holder_with(&self.bearers.open_holder(cookie, now)?, from, now),
            proof => self.person_behind(&proof?, now),
        }
    }

    fn holder_of(&self, text: &str, from: Option<IpAddr>, now: Timestamp) -> Result<Caller> {
        let hash = self.tokens.of_token(text);
        let changes_before = self.gateway_changes();
        let standing = self.read(|db| Ok(authentication::find_token(db, &hash)?))?;
        let standing = self.admitted(standing, from, now)?;
        match standing.gateway {
            Some(gateway) => Ok(self.remember_gateway(Some(hash), standing.token, gateway, changes_before)),
            None => holder(standing),
        }
    }

    fn holder_with(&self, proof: &HolderProof, from: Option<IpAddr>, now: Timestamp) -> Result<Caller> {
        let standing = self.read(|db| Ok(authentication::find_token_by_id(db, &proof.token)?))?;
        holder(self.admitted(standing, from, now)?)
    }

    /// The gateway behind what it was given when it logged in, or behind its token itself.
    pub fn authenticate_logged_in(&self, text: &str, from: Option<IpAddr>, now: Timestamp) -> Result<Caller> {
        if let Ok(TokenKind::Gateway) = token::kind_of(text) {
            return self.holder_of(text, from, now);
        }
        let proof = self.bearers.open_gateway(text, now)?;
        let changes_before = self.gateway_changes();
        let standing = self.read(|db| Ok(authentication::find_token_by_id(db, &proof.token)?))?;
        let standing = self.admitted(standing, from, now)?;
        let gateway = standing.gateway.ok_or(Error::UnknownCredentials)?;
        Ok(self.remember_gateway(None, standing.token, gateway, changes_before))
    }

    /// The same, if memory knows and may be believed.
    pub fn recall_logged_in(&self, text: &str, from: Option<IpAddr>, now: Timestamp) -> Option<Result<Caller>> {
        if let Ok(TokenKind::Gateway) = token::kind_of(text) {
            return self.recall_gateway(text, from, now);
        }
        match self.bearers.open_gateway(text, now) {
            Ok(proof) => self.recall_gateway_with(&proof.token, from, now),
            Err(refused) => Some(Err(refused)),
        }
    }

    fn admitted(&self, standing: Option<TokenStanding>, from: Option<IpAddr>, now: Timestamp) -> Result<TokenStanding> {
        let standing = standing.ok_or(Error::UnknownCredentials)?;
        check_token(&standing, now)?;
        if !standing.token.may_come_from(from) {
            return Err(Error::WrongAddress);
        }
        self.last_used.note(&standing.token.id, now, from);
        Ok(standing)
    }

    fn person_behind(&self, proof: &Proof, now: Timestamp) -> Result<Caller> {
        let standing = self.read(|db| Ok(authentication::find_session(db, &proof.session)?))?;
        let standing = standing.ok_or(Error::UnknownCredentials)?;
        check_session(&standing, now)?;
        let SessionStanding { session, user, tenant, .. } = standing;
        Ok(Caller::User(Person {
            session: session.id,
            user: user.id,
            role: user.role,
            tenancy: tenancy(tenant),
            expires_at: proof.expires_at,
        }))
    }
}

/// Gateways are remembered, and are no holders of anything but their token.
fn holder(standing: TokenStanding) -> Result<Caller> {
    let ApiToken { id, owner, scopes, networks, vouched_by, expires_at, .. } = standing.token;
    let held = Token { id, scopes, networks, vouched_by, expires_at };
    match (owner, standing.tenant) {
        (TokenOwner::Operator, _) => Ok(Caller::Operator(held)),
        (TokenOwner::Partner(path), _) => Ok(Caller::Partner(held, path)),
        (TokenOwner::Tenant(_), Some(tenant)) => Ok(Caller::Tenant(held, tenancy(tenant))),
        (TokenOwner::Tenant(_), None) | (TokenOwner::Gateway(_), _) => Err(Error::UnknownCredentials),
    }
}

/// A token counts while it has not expired, everybody above it counts, and the person at its beginning may still make
/// tokens: neither it nor what it makes outlives their standing.
fn check_token(standing: &TokenStanding, now: Timestamp) -> Result<()> {
    liveness::until(standing.token.expires_at, now)?;
    if standing.is_held_back {
        return Err(Dead::HeldBack.into());
    }
    match &standing.tenant {
        Some(tenant) => liveness::tenant(tenant, &standing.partners)?,
        None => liveness::partners(&standing.partners)?,
    }
    match &standing.voucher {
        None => Ok(()),
        Some(Some(person)) if person.role == Role::Admin => Ok(check_user(person)?),
        Some(_) => Err(Error::UnknownCredentials),
    }
}

/// A session counts while it has not ended and its person, tenant and partners count.
pub(crate) fn check_session(standing: &SessionStanding, now: Timestamp) -> Result<()> {
    if !standing.session.is_live(now) {
        return Err(Error::Expired);
    }
    check_user(&standing.user)?;
    Ok(liveness::tenant(&standing.tenant, &standing.partners)?)
}

pub(crate) fn check_user(user: &User) -> Result<(), Dead> {
    match user.status() {
        UserStatus::Active => Ok(()),
        UserStatus::Suspended => Err(Dead::Suspended),
        UserStatus::Invited => Err(Dead::Ended),
    }
}

fn tenancy(tenant: Tenant) -> Tenancy {
    Tenancy { id: tenant.id, partner: tenant.partner }
}

impl From<Dead> for Error {
    fn from(dead: Dead) -> Self {
        match dead {
            Dead::Expired => Self::Expired,
            Dead::Suspended => Self::Suspended,
            Dead::Unknown
            | Dead::Revoked
            | Dead::Disabled
            | Dead::Retired
            | Dead::Ended
            | Dead::Deleted
            | Dead::HeldBack => Self::UnknownCredentials,
        }
    }
}
