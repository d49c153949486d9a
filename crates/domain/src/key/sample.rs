//! A key for tests to begin with, and what is needed to make more.

use crate::actor::Actor;
use crate::id::{InstanceId, KeyId, TenantId};
use crate::instance::{NamedBy, StorageInstance};
use crate::key::{AccessKeyId, Grants, Key, NewKey, Terms};
use crate::key_model::{Switches, built_in};
use crate::text::{Label, Name, RegionCode};
use crate::{Entropy, Timestamp};

pub(crate) const START: Timestamp = Timestamp::UNIX_EPOCH;

/// The built-in model that offers most.
pub(crate) fn multi() -> Switches {
    let [_, _, (_, _, multi)] = built_in();
    multi
}

/// The built-in model with one key that is never deleted.
pub(crate) fn one_pair() -> Switches {
    let [_, (_, _, pair), _] = built_in();
    pair
}

pub(crate) fn terms() -> Terms {
    Terms {
        label: Some(Label::parse("Production API").unwrap()),
        description: None,
        grants: Grants::everything(),
        expires_at: None,
    }
}

pub(crate) fn instance() -> StorageInstance {
    let mut entropy = Entropy::from_seed([2; 32]);
    StorageInstance {
        id: InstanceId::draw(&mut entropy, START),
        tenant: TenantId::draw(&mut entropy, START),
        region: RegionCode::parse("waw3-1").unwrap(),
        name: Name::parse("Backups").unwrap(),
        description: None,
        named_by: NamedBy::Tenant,
        created_at: START,
        version: 1,
    }
}

pub(crate) fn new_key(terms: Terms) -> NewKey {
    NewKey {
        id: KeyId::draw(&mut Entropy::from_seed([3; 32]), START),
        access_key_id: access_key_id(1),
        terms,
        created_by: Actor::system("test"),
    }
}

pub(crate) fn key() -> Key {
    Key::create(new_key(terms()), &instance(), 0, &multi(), START).unwrap()
}

/// A different one for each number.
pub(crate) fn access_key_id(number: u8) -> AccessKeyId {
    AccessKeyId::draw(&mut Entropy::from_seed([number; 32]), "NQAK", 20)
}
