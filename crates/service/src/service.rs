//! Everything a use case needs to work with, opened once.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use authz::{Action, OneGateway, Partnership, Permit, Tenancy, authorize};
use authz::{Caller, OnPartner, OnTenant};
use chrono::TimeDelta;
use domain::actor::Actor;
use domain::audit::Origin;
use domain::id::{GatewayId, PartnerId, RequestId, TenantId};
use domain::{Entropy, Secret, hex};
use persistence::journal::Journal;
use persistence::service_keys::ServiceKeys;
use persistence::{Database, KeyRing, Reading, Schema, authentication};

use sha2::{Digest, Sha256};

use crate::checkpoints::Signer;
use crate::clock::Clock;
use crate::clock_mark;
use crate::context::{Context, EntropySource};
use crate::cursor::Cursors;
use crate::denials::Denials;
use crate::error::{Error, Result};
use crate::gateway_plane::{LEASE, Plane};
use crate::initialise;
use crate::jobs::Jobs;
use crate::last_used::LastUsed;
use crate::passwords::Passwords;
use crate::quarantine;
use crate::retention::Retention;
use crate::sessions::bearer::Bearers;
use crate::token_hash::TokenHasher;

pub struct Service {
    pub(crate) database: Database,
    ring: RwLock<Arc<KeyRing>>,
    pub(crate) clock: Clock,
    pub(crate) entropy: EntropySource,
    pub(crate) tokens: TokenHasher,
    pub(crate) bearers: Bearers,
    pub(crate) cursors: Cursors,
    pub(crate) signer: Option<Signer>,
    pub(crate) last_used: LastUsed,
    pub(crate) plane: Arc<Plane>,
    pub(crate) denials: Denials,
    pub(crate) jobs: Jobs,
    pub(crate) journal: Arc<OnceLock<Journal>>,
    pub(crate) database_name: String,
    pub(crate) retention: Retention,
    pub(crate) passwords: Passwords,
    public_url: String,
}

/// What a service is started with.
pub struct Setup {
    pub database: Database,
    pub ring: KeyRing,
    pub clock: Clock,
    pub entropy: EntropySource,
    /// Where people reach us: links begin with it. Without a slash at the end.
    pub public_url: String,
    pub node: NodeSetup,
    pub retention: Retention,
    pub passwords: Passwords,
}

/// What one process of ours is called, and how much it may remember.
#[derive(Debug, Clone)]
pub struct NodeSetup {
    pub name: String,
    /// How many access keys it remembers for gateways.
    pub most_known_keys: usize,
    /// For how long it may answer from memory when it hears nothing.
    pub lease: TimeDelta,
    /// For how long a gateway that speaks Keystone's protocol is told to remember an answer.
    pub keystone_expiry: TimeDelta,
}

impl Default for NodeSetup {
    fn default() -> Self {
        let keystone_expiry = TimeDelta::seconds(30);
        Self { name: "keyreeve".to_owned(), most_known_keys: 1_000_000, lease: LEASE, keystone_expiry }
    }
}

/// Why a service does not start, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the database has no schema yet: run `keyreeve migrate`")]
    NoSchema,
    #[error("the database lacks {0} migration(s): run `keyreeve migrate`")]
    SchemaBehind(usize),
    #[error("the database's schema is not one this Keyreeve knows: {0}")]
    SchemaUnknown(String),
    #[error("{0}")]
    Weak(String),
    #[error(
        "the master key does not fit this database: it was set up with another one. \
         Give this replica a copy of that master key file (--master-key-file)"
    )]
    WrongMasterKey,
    #[error(
        "the master key file lacks the key {0}, by which something in the database may be sealed: \
         copy the file of another replica here, or put that key back (--master-key-file)"
    )]
    MasterKeyMissing(String),
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<persistence::Error> for StartError {
    fn from(error: persistence::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Service {
    /// Opens a migrated database, and initialises it if nobody has.
    pub fn start(setup: Setup) -> Result<Self, StartError> {
        let Setup { database, ring, clock, entropy, .. } = &setup;
        if let Some(weakness) = database.weaknesses()?.into_iter().next() {
            return Err(StartError::Weak(weakness));
        }
        match database.schema()? {
            Schema::Current | Schema::Ahead(_) => {}
            Schema::Empty => return Err(StartError::NoSchema),
            Schema::Behind(missing) => return Err(StartError::SchemaBehind(missing)),
            Schema::Unknown(why) => return Err(StartError::SchemaUnknown(why)),
        }
        clock_mark::take_up(database, clock)?;
        let mut context = Context {
            now: clock.now(),
            entropy: entropy.draw()?,
            origin: Origin { request_id: "start".to_owned(), address: None },
            expected: None,
            once: None,
        };
        let keys = initialise::service_keys(database, ring, &mut context)?;
        initialise::master_keys(database, ring, &mut context)?;
        initialise::rebase_feed(database, &mut context)?;
        clock_mark::make(database, &mut context)?;
        let plane = Plane::new(setup.node.clone(), &mut entropy.draw()?);
        Ok(Self::with(setup, &keys, plane))
    }

    fn with(setup: Setup, keys: &ServiceKeys, plane: Plane) -> Self {
        let Setup { mut database, ring, clock, entropy, public_url, retention, passwords, node: _ } = setup;
        let plane = Arc::new(plane);
        // What this process changes it forgets at once, so that who changed it finds it changed; the feed is for others.
        let (own, journal) = (plane.clone(), Arc::<OnceLock<Journal>>::default());
        let journal_of_own = journal.clone();
        database.witness(move |told| {
            told.iter().for_each(|told| own.forget(&told.change));
            if let Some(journal) = journal_of_own.get() {
                quarantine::write_down_own(journal, told);
            }
        });
        Self {
            tokens: TokenHasher::new(keys.token_pepper),
            bearers: Bearers::new(&keys.session),
            cursors: Cursors::new(keys.cursor),
            signer: keys.audit_checkpoint.as_ref().and_then(Signer::new),
            last_used: LastUsed::default(),
            plane,
            denials: Denials::default(),
            jobs: Jobs::default(),
            journal,
            database_name: name_of(&keys.token_pepper),
            retention,
            passwords,
            database,
            ring: RwLock::new(Arc::new(ring)),
            clock,
            entropy,
            public_url,
        }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// The master keys that this process has now.
    pub fn ring(&self) -> Arc<KeyRing> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_ring(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The context of a request that begins now.
    pub fn context(&self, origin: Origin) -> Result<Context> {
        Ok(Context { now: self.clock.now(), entropy: self.entropy.draw()?, origin, expected: None, once: None })
    }

    /// Draws what is nobody's secret.
    pub fn draw_name<T>(&self, draw: impl FnOnce(&mut Entropy) -> T) -> Result<T> {
        self.entropy.draw_name(draw)
    }

    /// The context of work that no request asked for.
    pub fn own_context(&self) -> Result<Context> {
        let mut context = self.context(Origin { request_id: String::new(), address: None })?;
        context.origin.request_id = RequestId::draw(&mut context.entropy, context.now).to_string();
        Ok(context)
    }

    /// The same for work that cannot be undone and can wait: a leap of the machine's clock may be a mistake.
    pub(crate) fn patient_context(&self) -> Result<Context> {
        Ok(Context { now: self.clock.reached(), ..self.own_context()? })
    }

    /// Asks whether the caller may do this to a tenant. A tenant that is not there answers as one that may not be seen.
    pub fn permit_on_tenant<A: Action<Object = Tenancy>>(
        &self,
        context: &Context,
        caller: &Caller,
        id: &str,
    ) -> Result<Permit<A>> {
        let id = TenantId::parse(id).map_err(|_| Error::NotFound)?;
        let located = self.database.read(|db| authentication::locate_tenant(db, &id, context.now))?;
        Ok(authorize(caller, located.ok_or(Error::NotFound)?)?)
    }

    /// The same of a partner.
    pub fn permit_on_partner<A: Action<Object = Partnership>>(&self, caller: &Caller, id: &str) -> Result<Permit<A>> {
        let id = PartnerId::parse(id).map_err(|_| Error::NotFound)?;
        let located = self.database.read(|db| authentication::locate_partner(db, &id))?;
        Ok(authorize(caller, located.ok_or(Error::NotFound)?)?)
    }

    /// The same of a gateway.
    pub fn permit_on_gateway<A: Action<Object = OneGateway>>(&self, caller: &Caller, id: &str) -> Result<Permit<A>> {
        let id = GatewayId::parse(id).map_err(|_| Error::NotFound)?;
        let located = self.database.read(|db| authentication::locate_gateway(db, &id))?;
        Ok(authorize(caller, located.ok_or(Error::NotFound)?)?)
    }

    pub(crate) fn read<T>(&self, work: impl Fn(&mut Reading<'_>) -> Result<T>) -> Result<T> {
        self.database.read(work)
    }

    /// For what is only true together.
    pub(crate) fn read_one_state<T>(&self, work: impl Fn(&mut Reading<'_>) -> Result<T>) -> Result<T> {
        self.database.read_one_state(work)
    }

    /// A link for a person, with what it opens behind the `#`, where no server and no proxy logs it.
    pub fn link(&self, page: &str, secret: &Secret) -> Secret {
        Secret::new(format!("{}/{page}#{}", self.public_url, secret.expose()))
    }
}

/// The same for as long as the service keys are: also in a backup, and in another kind of database.
fn name_of(pepper: &[u8; 32]) -> String {
    let hash = Sha256::new().chain_update("the name of this database").chain_update(pepper).finalize();
    hex::encode(&hash).chars().take(16).collect()
}

impl From<authz::Denied> for Error {
    fn from(denied: authz::Denied) -> Self {
        match denied {
            authz::Denied::Invisible => Self::NotFound,
            authz::Denied::Forbidden => Self::Forbidden,
        }
    }
}

/// The tenant of a permit, or 404 if it went away since the permit was given.
pub(crate) fn tenant_of(permit: &impl OnTenant, db: &mut Reading<'_>) -> Result<domain::tenant::Tenant> {
    persistence::tenants::find(permit, db)?.ok_or(Error::NotFound)
}

/// The partner of a permit, likewise.
pub(crate) fn partner_of(permit: &impl OnPartner, db: &mut Reading<'_>) -> Result<domain::partner::Partner> {
    persistence::partners::find(permit, db)?.ok_or(Error::NotFound)
}

/// Who acts when nobody asked.
pub(crate) fn system(part: &'static str) -> (persistence::System, Actor) {
    let system = persistence::System::as_part(part);
    (system, system.actor())
}
