//! The gateways' tokens this node remembers: by their keyed hash, and by the id that what was made from them names.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use authz::Caller;
use authz::caller::{GatewayToken, Token};
use chrono::TimeDelta;
use domain::api_token::ApiToken;
use domain::gateway::Gateway;
use domain::id::{GatewayId, TokenId};
use domain::{Timestamp, liveness, networks};

use super::STALE_TTL;
use super::lease::Moment;
use crate::error::{Error, Result};
use crate::service::Service;

#[derive(Default)]
pub(crate) struct KnownGateways(RwLock<Known>);

#[derive(Default)]
struct Known {
    changes: u64,
    by_hash: HashMap<[u8; 32], Arc<Held>>,
    by_id: HashMap<TokenId, Arc<Held>>,
    /// Until when any process of a gateway holds a lease that this node has given.
    leased: HashMap<GatewayId, i64>,
}

struct Held {
    caller: Arc<GatewayToken>,
    /// When its use was last noted, in seconds: once a second is enough.
    noted: AtomicI64,
}

impl KnownGateways {
    pub(crate) fn forget(&self, id: &GatewayId) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.changes += 1;
        known.by_hash.retain(|_, held| held.caller.gateway.id != *id);
        known.by_id.retain(|_, held| held.caller.gateway.id != *id);
    }

    pub(crate) fn forget_everything(&self) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.changes += 1;
        known.by_hash.clear();
        known.by_id.clear();
    }

    /// Notes that a process of the gateway was given a lease just now.
    pub(super) fn leased(&self, id: &GatewayId, length: TimeDelta) {
        let until = Moment::now().plus(length);
        self.0.write().unwrap_or_else(PoisonError::into_inner).leased.insert(id.clone(), until);
    }

    /// For how long a gateway may go by an answer when the feed has fallen silent: not at all, unless somebody who
    /// revokes a key would wait for it.
    pub(super) fn stale_ttl(&self, id: &GatewayId) -> TimeDelta {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match known.leased.get(id) {
            Some(until) if Moment::now().is_before(*until) => STALE_TTL,
            Some(_) | None => TimeDelta::zero(),
        }
    }

    fn get(&self, hash: &[u8; 32]) -> Option<Arc<Held>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_hash.get(hash).cloned()
    }

    fn get_by_id(&self, id: &TokenId) -> Option<Arc<Held>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_id.get(id).cloned()
    }

    fn changes(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).changes
    }

    fn remember(&self, hash: Option<[u8; 32]>, caller: &Arc<GatewayToken>, changes_before: u64) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.changes == changes_before {
            let held = Arc::new(Held { caller: caller.clone(), noted: AtomicI64::new(0) });
            if let Some(hash) = hash {
                known.by_hash.insert(hash, held.clone());
            }
            known.by_id.insert(caller.token.id.clone(), held);
        }
    }
}

impl Service {
    /// The gateway that holds this token, if memory knows and may be believed.
    pub fn recall_gateway(&self, bearer: &str, from: Option<IpAddr>, now: Timestamp) -> Option<Result<Caller>> {
        if !self.plane.lease.holds() {
            return None;
        }
        let held = self.plane.gateways.get(&self.tokens.of_token(bearer))?;
        Some(self.recalled(&held, from, now))
    }

    /// The same for what was made from the token, and names it.
    pub(crate) fn recall_gateway_with(
        &self,
        token: &TokenId,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<Result<Caller>> {
        if !self.plane.lease.holds() {
            return None;
        }
        let held = self.plane.gateways.get_by_id(token)?;
        Some(self.recalled(&held, from, now))
    }

    fn recalled(&self, held: &Held, from: Option<IpAddr>, now: Timestamp) -> Result<Caller> {
        let token = &held.caller.token;
        liveness::until(token.expires_at, now)?;
        if !networks::admit(&token.networks, from) {
            return Err(Error::WrongAddress);
        }
        let second = now.timestamp();
        if held.noted.swap(second, Ordering::Relaxed) != second {
            self.last_used.note(&token.id, now, from);
        }
        Ok(Caller::Gateway(held.caller.clone()))
    }

    /// A number to be taken before a gateway's token is read.
    pub(crate) fn gateway_changes(&self) -> u64 {
        self.plane.gateways.changes()
    }

    pub(crate) fn remember_gateway(
        &self,
        hash: Option<[u8; 32]>,
        token: ApiToken,
        gateway: Gateway,
        changes_before: u64,
    ) -> Caller {
        let ApiToken { id, scopes, networks, vouched_by, expires_at, .. } = token;
        let caller = Arc::new(GatewayToken { token: Token { id, scopes, networks, vouched_by, expires_at }, gateway });
        if self.plane.lease.holds() {
            self.plane.gateways.remember(hash, &caller, changes_before);
        }
        Caller::Gateway(caller)
    }
}
