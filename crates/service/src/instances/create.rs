use authz::action::CreateInstance;
use authz::{Caller, OnTenant, Permit};
use domain::audit::{AuditAction, Target};
use domain::id::InstanceId;
use domain::instance::{NewInstance, StorageInstance};
use domain::key::{Grants, Terms};
use domain::text::{Description, Label, Name, RegionCode};
use domain::{Invalid, Secret};
use persistence::{Page, Reading, Writing, instances, keys};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::guardrails::Rails;
use crate::keys::{Home, KeyMade};
use crate::once::Repeatable;
use crate::service::{Service, tenant_of};

/// A storage instance that somebody asks for.
pub struct NewInstanceOrder {
    pub region: RegionCode,
    pub name: Name,
    pub description: Option<Description>,
}

/// A storage instance, and its first key where the key model makes one with it.
pub struct InstanceMade {
    pub instance: StorageInstance,
    pub initial_key: Option<KeyMade>,
}

pub fn create(
    service: &Service,
    context: &mut Context,
    permit: &Permit<CreateInstance>,
    order: &NewInstanceOrder,
) -> Result<InstanceMade> {
    let author = context.author_of(permit.caller());
    service.write_once(
        "create instance",
        context,
        &author,
        &permit.chain(),
        |db| {
            tenant_of(permit, db)?.unless_being_deleted()?;
            let why = Invalid::because("There is no region with this code.");
            let home = match Home::find(permit, db, &order.region) {
                Err(Error::NotFound) => return Err(Error::at("/region", &why)),
                home => home?.unless_unavailable()?,
            };
            service.make_instance(permit, db, home, order.name.clone(), order.description.clone(), permit.caller())
        },
        |db, id, link| service.instance_made_again(permit, db, id, permit.caller(), link),
    )
}

impl Service {
    /// A new storage instance in the transaction at hand.
    pub(crate) fn make_instance(
        &self,
        permit: &impl OnTenant,
        db: &mut Writing<'_>,
        home: Home,
        name: Name,
        description: Option<Description>,
        caller: &Caller,
    ) -> Result<InstanceMade> {
        let rails = Rails::over(permit, db, caller)?;
        rails.ask(|binding| binding.agree_to_place(&home.region.code, &home.key_model))?;
        let now = db.now();
        let new = NewInstance {
            id: InstanceId::draw(db.entropy(), now),
            tenant: permit.tenant().clone(),
            region: home.region.code.clone(),
            name,
            description,
        };
        let in_region = instances::count_in(permit, db, &home.region.code)?;
        let instance = StorageInstance::create(new, in_region, &home.switches, now)?;
        instances::insert(permit, db, &instance)?;
        let details = [("name", instance.name.to_string()), ("region", instance.region.to_string())];
        db.record(AuditAction::InstanceCreated, Target::new("instance", &instance.id), &details)?;
        let initial_key =
            if home.switches.initial_key { self.make_initial_key(permit, db, &instance, home, &rails)? } else { None };
        Ok(InstanceMade { instance, initial_key })
    }

    /// Nobody asked for it, so a guardrail that forbids it refuses nothing: there is none.
    fn make_initial_key(
        &self,
        permit: &impl OnTenant,
        db: &mut Writing<'_>,
        instance: &StorageInstance,
        home: Home,
        rails: &Rails<'_>,
    ) -> Result<Option<KeyMade>> {
        match self.make_key(permit, db, instance, home, initial_terms()?, rails) {
            Err(Error::Guardrail { .. }) => Ok(None),
            made => made.map(Some),
        }
    }

    fn instance_made_again(
        &self,
        permit: &impl OnTenant,
        db: &mut Reading<'_>,
        id: &str,
        caller: &Caller,
        link: Option<Secret>,
    ) -> Result<Option<InstanceMade>> {
        let Ok(id) = InstanceId::parse(id) else { return Ok(None) };
        let Some(instance) = instances::find(permit, db, &id)? else { return Ok(None) };
        let filter = keys::Filter { instance: Some(id), ..keys::Filter::default() };
        let first = Page { after: None, limit: 1 };
        let initial = keys::list(permit, db, instance.created_at, &filter, &first)?.keys.pop();
        let initial_key = match initial.filter(|key| key.created_at == instance.created_at) {
            None => None,
            // If it was changed since, its secret cannot be given again.
            Some(key) if key.version != 1 => return Ok(None),
            Some(key) => self.made_again(permit, db, key.id.as_str(), caller, link)?,
        };
        Ok(Some(InstanceMade { instance, initial_key }))
    }
}

/// Nobody was asked, so it says itself what it is.
fn initial_terms() -> Result<Terms> {
    const INITIAL: &str = "Initial key";
    let invalid = |why: Invalid| Error::at("/initial_key", &why);
    Ok(Terms {
        label: Some(Label::parse(INITIAL).map_err(invalid)?),
        description: Some(Description::parse(INITIAL).map_err(invalid)?),
        grants: Grants::everything(),
        expires_at: None,
    })
}

impl Repeatable for InstanceMade {
    fn id(&self) -> String {
        self.instance.id.to_string()
    }

    fn version(&self) -> i64 {
        self.instance.version
    }

    fn secret(&self) -> Option<&Secret> {
        self.initial_key.as_ref().and_then(Repeatable::secret)
    }
}
