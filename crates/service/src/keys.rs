//! S3 keys. What may be done to one depends on the switches of its key model today; see `domain::key::lifecycle`.

mod change;
mod create;
mod delete;
mod explain;
mod home;
mod import;
mod made;
mod reset;
mod retire;
mod rotate;
mod stop;
mod usage;

pub use change::{KeyChange, change};
pub use create::{NewKeyOrder, Place, create};
pub use delete::delete;
pub use explain::explain;
pub use import::{ImportOrder, import};
pub use made::{Handed, KeyMade};
pub use persistence::key_usage::Use;
pub use persistence::keys::Filter;
pub use reset::reset;
pub use rotate::rotate;
pub use stop::{disable, enable, revoke};
pub use usage::{KeyUsage, usage};

pub(crate) use home::Home;
pub(crate) use made::Maker;

use std::collections::HashSet;

use authz::action::{ListKeys, ReadKey, ReadKeyPropagation};
use authz::{OnTenant, Permit};
use domain::Timestamp;
use domain::change::Change;
use domain::id::KeyId;
use domain::key::Key;
use domain::key_model::Switches;
use persistence::{Reading, Writing, key_usage, keys, quarantine};

use crate::context::Context;
use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::once::Repeatable;
use crate::receipt::Receipt;
use crate::service::Service;

/// A key as it is shown: with what its model says of it today.
#[derive(Debug, Clone)]
pub struct KeyShown {
    pub key: Key,
    pub rotate_by: Option<Timestamp>,
    /// Of any of its pairs.
    pub last_used_at: Option<Timestamp>,
    /// Since the database was restored.
    pub is_held_back: bool,
    pub now: Timestamp,
}

impl KeyShown {
    pub(crate) fn of(
        permit: &impl OnTenant,
        db: &mut Reading<'_>,
        key: Key,
        switches: &Switches,
        now: Timestamp,
    ) -> Result<Self> {
        let last_used_at = key_usage::last_used(permit, db, &[&key.id])?.remove(&key.id);
        Ok(Self { last_used_at, ..Self::unused(permit, db, key, switches, now)? })
    }

    /// One that the transaction at hand has made.
    pub(crate) fn unused(
        permit: &impl OnTenant,
        db: &mut Reading<'_>,
        key: Key,
        switches: &Switches,
        now: Timestamp,
    ) -> Result<Self> {
        let is_held_back = !quarantine::held_back_of(permit, db, &[&key])?.is_empty();
        Ok(Self { rotate_by: key.rotate_by(switches), key, last_used_at: None, is_held_back, now })
    }
}

pub fn list(
    service: &Service,
    context: &Context,
    permit: &Permit<ListKeys>,
    filter: &Filter,
    listing: &Listing,
) -> Result<Paged<KeyShown>> {
    let fetch = |page: &_| {
        service.read(|db| {
            let found = keys::list(permit, db, context.now, filter, page)?;
            let ids: Vec<&KeyId> = found.keys.iter().map(|key| &key.id).collect();
            let used = key_usage::last_used(permit, db, &ids)?;
            let held_back = quarantine::held_back_of(permit, db, &found.keys.iter().collect::<Vec<_>>())?;
            let held_back: HashSet<KeyId> = held_back.into_iter().cloned().collect();
            let mut homes = home::Homes::default();
            let shown = found.keys.into_iter().map(|key| {
                let rotate_by = key.rotate_by(&homes.of(permit, db, &key.region)?.switches);
                let last_used_at = used.get(&key.id).copied();
                let is_held_back = held_back.contains(&key.id);
                Ok(KeyShown { key, rotate_by, last_used_at, is_held_back, now: context.now })
            });
            Ok((shown.collect::<Result<Vec<_>>>()?, found.looked_to))
        })
    };
    service.page_looked_for(listing, fetch, |shown| shown.key.id.to_string())
}

pub fn read(service: &Service, context: &Context, permit: &Permit<ReadKey>, id: &KeyId) -> Result<KeyShown> {
    service.read(|db| {
        let key = find(permit, db, id)?;
        let home = Home::find(permit, db, &key.region)?;
        KeyShown::of(permit, db, key, &home.switches, context.now)
    })
}

/// How far the newest change of a key has come.
pub fn propagation(
    service: &Service,
    context: &Context,
    permit: &Permit<ReadKeyPropagation>,
    id: &KeyId,
) -> Result<Receipt> {
    let mut receipt = service.read(|db| {
        let key = find(permit, db, id)?;
        Receipt::newest(db, &change_of(&key), context.now)
    })?;
    service.stand(&mut receipt)?;
    Ok(receipt)
}

fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &KeyId) -> Result<Key> {
    keys::find(permit, db, id)?.ok_or(Error::NotFound)
}

/// Tells everybody who remembers any pair of this key.
fn tell(db: &mut Writing<'_>, key: &Key) -> Result<Receipt> {
    let mut sequence = 0;
    for pair in key.pairs.iter() {
        sequence = db.tell(&Change::Key(pair.access_key_id.clone(), key.region.clone()))?;
    }
    Ok(Receipt::of(sequence, db.now()))
}

/// The change under which a key's newest receipt is found: its current pair is told last.
fn change_of(key: &Key) -> Change {
    Change::Key(key.pairs.current().access_key_id.clone(), key.region.clone())
}

impl Repeatable for KeyShown {
    fn id(&self) -> String {
        self.key.id.to_string()
    }

    fn version(&self) -> i64 {
        self.key.version
    }
}
