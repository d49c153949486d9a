//! Fills a database with keys, a million in minutes: stored and sealed by the product's own code, many in a transaction, and
//! past its HTTP.
//!
//! Each has its rows among the keys, the pairs and the audit. The feed hears nothing of them: nobody remembers anything of a
//! key that is new, and the feed is emptied after days.

use std::path::Path;

use domain::audit::{AuditAction, Chain, Origin, Target};
use domain::id::{KeyId, TenantId};
use domain::instance::StorageInstance;
use domain::key::{FreshPair, Grants, Key, NewKey, Terms};
use domain::key_model::{Switches, built_in};
use domain::text::Label;
use domain::{Entropy, Secret};
use persistence::key_pairs::NewSecret;
use persistence::system::SystemOnTenant;
use persistence::{
    Author, DataKey, Database, KeyRing, Options, Page, Place, System, Url, Writing, authentication, instances, keys,
    tenant_keys,
};
use testkit::Signer;

use crate::keyreeve::{REGION, now};

/// How many keys are made in one transaction.
const AT_ONCE: usize = 5_000;

/// The keys that were made, by their numbers.
pub struct Seeded {
    pub ids: Vec<KeyId>,
}

impl Seeded {
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// Whoever holds the pair of a number: drawn from it, and so the same in every database.
    pub fn signer(&self, number: usize) -> Signer {
        let FreshPair { access_key_id, secret_access_key } = pair(number, &switches());
        let secret = secret_access_key.secret().expose().to_owned();
        Signer { access_key_id: access_key_id.to_string(), secret, region: REGION.to_owned() }
    }

    /// So many of them, spread over all.
    pub fn spread(&self, count: usize) -> impl Iterator<Item = Signer> {
        let all = self.count();
        (0..count).map(move |turn| self.signer(scattered(turn, all)))
    }
}

/// So many keys of one tenant, whose only instance in the region they are in.
pub fn seed(database: &str, master_key: &Path, tenant: &str, count: usize) -> Seeded {
    let database = Database::open(Options::at(Url::parse(database).expect("a URL")));
    let ring = Secret::new(std::fs::read_to_string(master_key).expect("the master key"));
    let ring = KeyRing::parse(&ring).expect("a master key");
    let id = TenantId::parse(tenant).expect("a tenant's id");
    let system = System::as_part("bench");
    let tenancy = database.read(|db| authentication::locate_tenant(db, &id, now())).expect("the database");
    let tenant = system.on(tenancy.expect("the tenant"));
    let page = Page { after: None, limit: 1 };
    let shelf = database.read(|db| {
        let instance = instances::list(&tenant, db, None, &page)?.pop().expect("an instance");
        Ok::<_, persistence::Error>(Shelf { data_key: tenant_keys::newest(&tenant, db, &ring)?, instance })
    });
    let shelf = shelf.expect("where keys go");
    let (chain, mut ids) = (Chain::Tenant(id, None), Vec::with_capacity(count));
    while ids.len() < count {
        let numbers = ids.len()..count.min(ids.len() + AT_ONCE);
        let origin = Origin { request_id: "seed".to_owned(), address: None };
        let author = Author { actor: system.actor(), origin, now: now(), seed: seed_of(numbers.start, b"transaction") };
        let made = database.write("seed", &author, &chain, |db| {
            numbers.clone().map(|number| shelf.put(&tenant, db, number)).collect::<persistence::Result<Vec<_>>>()
        });
        ids.extend(made.expect("keys"));
    }
    Seeded { ids }
}

/// Where the keys go, and what seals them.
struct Shelf {
    data_key: DataKey,
    instance: StorageInstance,
}

impl Shelf {
    fn put(&self, tenant: &SystemOnTenant, db: &mut Writing<'_>, number: usize) -> persistence::Result<KeyId> {
        let (switches, now) = (switches(), db.now());
        let FreshPair { access_key_id, secret_access_key } = pair(number, &switches);
        let id = KeyId::draw(db.entropy(), now);
        let label = Label::parse(&format!("key {number}")).expect("a label");
        let terms = Terms { label: Some(label), description: None, grants: Grants::everything(), expires_at: None };
        let new = NewKey { id, access_key_id, terms, created_by: db.actor().clone() };
        let key = Key::create(new, &self.instance, 0, &switches, now).expect("a key");
        let access_key_id = key.pairs.current().access_key_id.to_string();
        let place = Place::S3Secret {
            tenant: key.tenant.as_str(),
            key: key.id.as_str(),
            access_key_id: &access_key_id,
            version: key.pairs.current().version,
        };
        let sealed = self.data_key.seal(place, secret_access_key.secret().expose().as_bytes(), db.entropy())?;
        keys::insert(tenant, db, &key, NewSecret { sealed, made_by: String::new() })?;
        let details =
            [("access_key_id", access_key_id), ("region", key.region.to_string()), ("buckets", "all".to_owned())];
        db.record(AuditAction::KeyCreated, Target::new("key", &key.id), &details)?;
        Ok(key.id)
    }
}

fn switches() -> Switches {
    let models = built_in();
    models.into_iter().find(|(name, ..)| *name == "multi").expect("the model of the region").2
}

fn pair(number: usize, switches: &Switches) -> FreshPair {
    FreshPair::draw(&mut Entropy::from_seed(seed_of(number, b"pair")), switches)
}

fn seed_of(number: usize, purpose: &[u8]) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    seed[8..8 + purpose.len()].copy_from_slice(purpose);
    seed
}

/// All numbers below `all`, once each, in an order in which neighbours are far apart.
fn scattered(turn: usize, all: usize) -> usize {
    const STEP: usize = 611_953;
    let turn = turn % all;
    // The step is prime: it meets all, unless there are as many as a multiple of it.
    if all.is_multiple_of(STEP) { turn } else { turn * STEP % all }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_scattered_is_all_of_it_once() {
        for all in [1, 2, 3, 200, 10_000, 611_953] {
            let seen: BTreeSet<usize> = (0..all).map(|turn| scattered(turn, all)).collect();
            assert_eq!((seen.len(), seen.last()), (all, Some(&(all - 1))), "of {all}");
        }
        assert!(scattered(1, 10_000).abs_diff(scattered(2, 10_000)) > 1000, "neighbours are not stored side by side");
    }

    #[test]
    fn a_number_has_one_pair_and_no_other_number_has_it() {
        let seeded = Seeded { ids: Vec::new() };
        let [first, again, other] = [7, 7, 8].map(|number| seeded.signer(number));
        assert_eq!((&first.access_key_id, &first.secret), (&again.access_key_id, &again.secret));
        assert_ne!(first.access_key_id, other.access_key_id);
        assert_ne!(first.secret, other.secret);
    }
}
