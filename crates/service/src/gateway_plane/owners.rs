//! Whose pairs are remembered, and what they have in common: it is held once, and forgotten all at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::account::Account;
use domain::id::{InstanceId, PartnerId, TenantId};
use domain::key::Grants;
use domain::partner::PartnerPath;
use domain::tenant_region::GatewaySecrets;
use domain::text::RegionCode;
use persistence::DataKey;

use super::known_pairs::KnownPair;

/// Where keys live: what all of one storage instance share.
#[derive(PartialEq, Eq)]
pub struct Home {
    pub tenant: TenantId,
    pub partner: Option<PartnerPath>,
    pub instance: InstanceId,
    /// What gateways use as the account.
    pub namespace: String,
    /// What S3's own answers call it.
    pub account: Account,
    pub region: RegionCode,
    pub gateway_secrets: GatewaySecrets,
}

#[derive(Default)]
pub(super) struct Owners(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// How often any of them have changed.
    changes: u64,
    by_tenant: HashMap<TenantId, Owner>,
}

struct Owner {
    partner: Option<PartnerPath>,
    is_outdated: Arc<AtomicBool>,
    data_keys: Vec<(i64, Arc<DataKey>)>,
    shared: Shared,
}

/// What the last pairs of a tenant had, for the next that has the same. A tenant may have an instance for each of its
/// keys: few are kept.
#[derive(Default)]
struct Shared {
    homes: Vec<Arc<Home>>,
    grants: Vec<Arc<Grants>>,
}

const FEW: usize = 4;

impl Owners {
    pub(super) fn changes(&self) -> u64 {
        self.lock().changes
    }

    pub(super) fn forget_tenant(&self, id: &TenantId) {
        self.lock().forget(|tenant, _| tenant == id);
    }

    pub(super) fn forget_partner(&self, id: &PartnerId) {
        self.lock().forget(|_, owner| is_below(owner.partner.as_ref(), id));
    }

    pub(super) fn forget_all(&self) {
        self.lock().forget(|_, _| true);
    }

    pub(super) fn data_key(&self, tenant: &TenantId, version: i64) -> Option<Arc<DataKey>> {
        let known = self.lock();
        let owner = known.by_tenant.get(tenant)?;
        owner.data_keys.iter().find(|(known, _)| *known == version).map(|(_, key)| key.clone())
    }

    /// Puts the pair under its owner's mark, unless something wide has changed since it was read.
    pub(super) fn adopt(&self, pair: &mut KnownPair, changes_before: u64) -> bool {
        let mut known = self.lock();
        if known.changes != changes_before {
            return false;
        }
        let owner = known.by_tenant.entry(pair.home.tenant.clone()).or_insert_with(|| Owner {
            partner: pair.home.partner.clone(),
            is_outdated: Arc::default(),
            data_keys: Vec::new(),
            shared: Shared::default(),
        });
        owner.adopt(pair);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget(&mut self, is_changed: impl Fn(&TenantId, &Owner) -> bool) {
        self.changes += 1;
        self.by_tenant.retain(|tenant, owner| {
            let is_changed = is_changed(tenant, owner);
            if is_changed {
                owner.is_outdated.store(true, Ordering::Release);
            }
            !is_changed
        });
    }
}

impl Owner {
    fn adopt(&mut self, pair: &mut KnownPair) {
        pair.is_outdated = self.is_outdated.clone();
        share(&mut self.shared.homes, &mut pair.home);
        share(&mut self.shared.grants, &mut pair.grants);
        if let Some((sealed, data_key)) = &pair.secret
            && !self.data_keys.iter().any(|(version, _)| *version == sealed.by())
        {
            self.data_keys.push((sealed.by(), data_key.clone()));
        }
    }
}

/// One for all that are equal, as long as it is among the last.
fn share<T: PartialEq>(last: &mut Vec<Arc<T>>, own: &mut Arc<T>) {
    if let Some(same) = last.iter().find(|other| ***other == **own) {
        *own = same.clone();
        return;
    }
    if last.len() >= FEW {
        last.remove(0);
    }
    last.push(own.clone());
}

impl Home {
    pub(super) fn is_below(&self, partner: &PartnerId) -> bool {
        is_below(self.partner.as_ref(), partner)
    }
}

fn is_below(path: Option<&PartnerPath>, partner: &PartnerId) -> bool {
    path.is_some_and(|path| path.ids().any(|above| above == partner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_is_held_once_and_few_are_kept() {
        let mut last = Vec::new();
        let [mut first, mut again] = [Arc::new(1), Arc::new(1)];
        share(&mut last, &mut first);
        share(&mut last, &mut again);
        assert!(Arc::ptr_eq(&first, &again));
        for other in 2..20 {
            share(&mut last, &mut Arc::new(other));
        }
        assert_eq!(last.iter().map(|one| **one).collect::<Vec<_>>(), [16, 17, 18, 19]);
    }
}
