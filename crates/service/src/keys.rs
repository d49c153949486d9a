//! S3 keys. What may be done to one depends on the switches of its key model today; see `domain::key::lifecycle`.

mod change;
mod create;
mod delete;
mod home;
mod made;
mod reset;
mod rotate;
mod stop;

pub use change::{KeyChange, change};
pub use create::{NewKeyOrder, Place, create};
pub use delete::delete;
pub use made::KeyMade;
pub use persistence::keys::Filter;
pub use reset::reset;
pub use rotate::rotate;
pub use stop::{disable, enable, revoke};

pub(crate) use home::Home;
pub(crate) use made::Maker;

use authz::action::{ListKeys, ReadKey, ReadKeyPropagation};
use authz::{OnTenant, Permit};
use domain::Timestamp;
use domain::change::Change;
use domain::id::KeyId;
use domain::key::Key;
use persistence::{Reading, Writing, keys};

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
    pub now: Timestamp,
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
            let mut homes = home::Homes::default();
            let shown = found.keys.into_iter().map(|key| shown(permit, db, &mut homes, key, context.now));
            Ok((shown.collect::<Result<Vec<_>>>()?, found.looked_to))
        })
    };
    service.page_looked_for(listing, fetch, |shown| shown.key.id.to_string())
}

pub fn read(service: &Service, context: &Context, permit: &Permit<ReadKey>, id: &KeyId) -> Result<KeyShown> {
    service.read(|db| {
        let key = find(permit, db, id)?;
        shown(permit, db, &mut home::Homes::default(), key, context.now)
    })
}

/// How far the newest change of a key has come.
pub fn propagation(
    service: &Service,
    context: &Context,
    permit: &Permit<ReadKeyPropagation>,
    id: &KeyId,
) -> Result<Receipt> {
    service.read(|db| {
        let key = find(permit, db, id)?;
        Receipt::newest(db, &change_of(&key), context.now)
    })
}

fn find(permit: &impl OnTenant, db: &mut Reading<'_>, id: &KeyId) -> Result<Key> {
    keys::find(permit, db, id)?.ok_or(Error::NotFound)
}

fn shown(
    permit: &impl OnTenant,
    db: &mut Reading<'_>,
    homes: &mut home::Homes,
    key: Key,
    now: Timestamp,
) -> Result<KeyShown> {
    let rotate_by = key.rotate_by(&homes.of(permit, db, &key.region)?.switches);
    Ok(KeyShown { key, rotate_by, now })
}

/// Tells everybody who remembers any pair of this key.
fn tell(db: &mut Writing<'_>, key: &Key) -> Result<Receipt> {
    let mut sequence = 0;
    for pair in key.pairs.iter() {
        sequence = db.tell(&Change::Key(key.id.clone(), pair.access_key_id.clone()))?;
    }
    Ok(Receipt::of(sequence, db.now()))
}

/// The change under which a key's newest receipt is found: its current pair is told last.
fn change_of(key: &Key) -> Change {
    Change::Key(key.id.clone(), key.pairs.current().access_key_id.clone())
}

impl Repeatable for KeyShown {
    fn id(&self) -> String {
        self.key.id.to_string()
    }

    fn version(&self) -> i64 {
        self.key.version
    }
}
