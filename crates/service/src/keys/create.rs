use authz::action::CreateKey;
use authz::{Caller, OnTenant, Permit};
use domain::audit::{AuditAction, Target};
use domain::bucket::BucketName;
use domain::id::{InstanceId, KeyId};
use domain::instance::StorageInstance;
use domain::key::grants::Buckets;
use domain::key::{AccessKeyId, FreshPair, Grants, Key, NewKey, SecretAccessKey, Terms};
use domain::text::RegionCode;
use domain::{Invalid, Secret};
use persistence::{Page, Reading, Writing, buckets, claims, instances, keys};

use super::{Handed, Home, KeyMade, KeyShown, Maker, tell};
use crate::claims::ClaimMade;
use crate::context::Context;
use crate::error::{Error, Named, Result};
use crate::guardrails::Rails;
use crate::service::{Service, tenant_of};

/// A key that somebody asks for.
pub struct NewKeyOrder {
    pub place: Place,
    pub terms: Terms,
}

/// A region, where the tenant has one storage instance there; otherwise the instance itself.
pub enum Place {
    Region(RegionCode),
    Instance(InstanceId),
}

/// The pair of a new key, and what having it means.
pub(super) struct NewPair<'a> {
    pub(super) access_key_id: AccessKeyId,
    pub(super) secret: &'a SecretAccessKey,
    pub(super) maker: Maker<'a>,
    pub(super) action: AuditAction,
    pub(super) if_taken: Error,
}

pub fn create(
    service: &Service,
    context: &mut Context,
    permit: &Permit<CreateKey>,
    order: NewKeyOrder,
) -> Result<KeyMade> {
    let author = context.author_of(permit.caller());
    service.write_once(
        "create key",
        context,
        &author,
        &permit.chain(),
        |db| {
            tenant_of(permit, db)?.unless_being_deleted()?;
            let (instance, home) = instance_at(permit, db, &order.place)?;
            let rails = Rails::over(permit, db, permit.caller())?;
            service.make_key(permit, db, &instance, home, order.terms.clone(), &rails)
        },
        |db, id, link| service.made_again(permit, db, id, permit.caller(), link),
    )
}

impl Service {
    /// A new key in the transaction at hand.
    pub(crate) fn make_key(
        &self,
        permit: &impl OnTenant,
        db: &mut Writing<'_>,
        instance: &StorageInstance,
        home: Home,
        terms: Terms,
        rails: &Rails<'_>,
    ) -> Result<KeyMade> {
        let fresh = FreshPair::draw(db.entropy(), &home.switches);
        let pair = NewPair {
            access_key_id: fresh.access_key_id.clone(),
            secret: &fresh.secret_access_key,
            maker: Maker::within(rails),
            action: AuditAction::KeyCreated,
            // A drawn id that is taken is drawn again.
            if_taken: Error::Database(persistence::Error::Retry),
        };
        let key = self.insert_key(permit, db, instance, &home, terms, rails, pair)?;
        let now = db.now();
        let shown = KeyShown::unused(permit, db, key, &home.switches, now)?;
        self.hand_out(permit, db, shown, fresh, home, rails)
    }

    /// The same with a pair, drawn or brought along.
    #[expect(clippy::too_many_arguments, reason = "all that a key is made of")]
    pub(super) fn insert_key(
        &self,
        permit: &impl OnTenant,
        db: &mut Writing<'_>,
        instance: &StorageInstance,
        home: &Home,
        terms: Terms,
        rails: &Rails<'_>,
        pair: NewPair<'_>,
    ) -> Result<Key> {
        check_buckets(permit, db, &terms.grants)?;
        let now = db.now();
        let terms = within(permit, db, rails, home, terms)?;
        let id = KeyId::draw(db.entropy(), now);
        let new = NewKey { id, access_key_id: pair.access_key_id, terms, created_by: db.actor().clone() };
        // Counting takes longer the more there are, so it is done only where it matters.
        let counting = match home.switches.max_keys {
            Some(_) => keys::count_counting(permit, db, now, Some(instance))?,
            None => 0,
        };
        let key = Key::create(new, instance, counting, &home.switches, now)?;
        let secret = self.seal_pair(permit, db, &key, pair.secret, &pair.maker)?;
        keys::insert(permit, db, &key, secret).taken_means(pair.if_taken)?;
        tell(db, &key)?;
        db.record(pair.action, Target::new("key", &key.id), &details(&key))?;
        Ok(key)
    }

    /// What the request that is being retried has made, with its secret or the link to it.
    pub(crate) fn made_again(
        &self,
        permit: &impl OnTenant,
        db: &mut Reading<'_>,
        id: &str,
        caller: &Caller,
        link: Option<Secret>,
    ) -> Result<Option<KeyMade>> {
        let Ok(id) = KeyId::parse(id) else { return Ok(None) };
        let Some(key) = keys::find(permit, db, &id)? else { return Ok(None) };
        let handed = match link {
            None => self.open_pair(permit, db, &key, &Maker(caller.identity()))?.map(Handed::Secret),
            Some(token) => claims::of_pair(permit, db, &key.pairs.current().access_key_id)?
                .filter(|claim| claim.opened_at.is_none())
                .map(|claim| Handed::Link(ClaimMade { claim, token })),
        };
        let Some(handed) = handed else { return Ok(None) };
        let home = Home::find(permit, db, &key.region)?;
        let since = key.pairs.current().since;
        let shown = KeyShown::of(permit, db, key, &home.switches, since)?;
        Ok(Some(KeyMade { shown, handed, region: home.region, receipt: None }))
    }
}

/// The terms as the guardrails over the tenant allow them.
fn within(permit: &impl OnTenant, db: &mut Writing<'_>, rails: &Rails<'_>, home: &Home, terms: Terms) -> Result<Terms> {
    let now = db.now();
    rails.ask(|binding| binding.agree_to_place(&home.region.code, &home.key_model))?;
    if rails.limit_the_number_of_keys() {
        let counting = keys::count_counting(permit, db, now, None)?;
        rails.ask(|binding| binding.agree_to_another_key(counting))?;
    }
    rails.ask(|binding| binding.agree_to_new(terms, home.switches.max_ttl, now))
}

/// With its home, where new keys may be made.
pub(super) fn instance_at(
    permit: &impl OnTenant,
    db: &mut Reading<'_>,
    place: &Place,
) -> Result<(StorageInstance, Home)> {
    match place {
        Place::Instance(id) => {
            let why = Invalid::because("There is no storage instance with this id.");
            let instance = instances::find(permit, db, id)?.ok_or_else(|| Error::at("/instance", &why))?;
            let home = Home::find(permit, db, &instance.region)?.unless_unavailable()?;
            Ok((instance, home))
        }
        Place::Region(code) => {
            let why = Invalid::because("There is no region with this code.");
            let home = match Home::find(permit, db, code) {
                Err(Error::NotFound) => return Err(Error::at("/region", &why)),
                home => home?.unless_unavailable()?,
            };
            let mut found = instances::list(permit, db, Some(&home.region.code), &Page { after: None, limit: 2 })?;
            match (found.pop(), found.is_empty()) {
                (Some(only), true) => Ok((only, home)),
                (None, _) => Err(Error::RegionUnavailable),
                (Some(_), false) => {
                    let why = Invalid::because("There are several storage instances in this region: name one.");
                    Err(Error::at("/instance", &why))
                }
            }
        }
    }
}

/// Where a tenant registers its buckets, a scope may name no other.
pub(super) fn check_buckets(permit: &impl OnTenant, db: &mut Reading<'_>, grants: &Grants) -> Result<()> {
    let Buckets::Specific(names) = &grants.buckets else { return Ok(()) };
    let names: Vec<&BucketName> = names.iter().collect();
    let Some(known) = buckets::known_among(permit, db, &names)? else { return Ok(()) };
    let unknown = names.iter().enumerate().filter(|(_, name)| !known.contains(name));
    let violations: Vec<_> = unknown
        .map(|(index, name)| crate::Violation {
            pointer: format!("/buckets/names/{index}"),
            detail: format!("The tenant has no bucket named {name}."),
        })
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

pub(super) fn details(key: &Key) -> Vec<(&'static str, String)> {
    let Terms { label, grants, expires_at, .. } = &key.terms;
    let buckets = match &grants.buckets {
        Buckets::All => "all".to_owned(),
        Buckets::Specific(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    let mut details = vec![
        ("access_key_id", key.pairs.current().access_key_id.to_string()),
        ("region", key.region.to_string()),
        ("buckets", buckets),
    ];
    if let Some(label) = label {
        details.push(("label", label.to_string()));
    }
    if let Some(expires_at) = expires_at {
        details.push(("expires_at", expires_at.to_rfc3339()));
    }
    details
}
