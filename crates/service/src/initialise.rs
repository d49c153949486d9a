//! The first start on a new database: its service keys and the built-in key models.

use domain::audit::{AuditAction, Chain, Target};
use domain::key_model::{self, KeyModel};
use domain::text::{KeyModelName, Name};
use persistence::service_keys::{self, ServiceKeys};
use persistence::{Database, KeyRing, System, changes, key_models, master_keys};

use crate::checkpoints;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::StartError;

const SYSTEM: System = System::as_part("initialise");

/// Opens the service keys, drawing them first if the database is new. Of several replicas that start at once, one
/// draws and the others open what it drew.
pub(crate) fn service_keys(
    database: &Database,
    ring: &KeyRing,
    context: &mut Context,
) -> Result<ServiceKeys, StartError> {
    if let Some(keys) = load(database, ring)? {
        return if keys.audit_checkpoint.is_some() { Ok(keys) } else { with_signer(database, ring, context) };
    }
    match initialise(database, ring, context) {
        Ok(()) | Err(Error::Database(persistence::Error::Taken)) => {}
        Err(error) => return Err(error.into()),
    }
    load(database, ring)?.ok_or(StartError::NoSchema)
}

/// For a database from before there were checkpoints. While there is a freeze it stays without.
fn with_signer(database: &Database, ring: &KeyRing, context: &mut Context) -> Result<ServiceKeys, StartError> {
    match checkpoints::draw_key(database, ring, context) {
        Ok(()) | Err(Error::Database(persistence::Error::Frozen)) => {}
        Err(error) => return Err(error.into()),
    }
    load(database, ring)?.ok_or(StartError::NoSchema)
}

/// Refuses a ring that could not open everything, and gives canaries to keys that have none.
pub(crate) fn master_keys(database: &Database, ring: &KeyRing, context: &mut Context) -> Result<(), StartError> {
    match database.read(|db| master_keys::check(SYSTEM, db, ring)) {
        Err(persistence::Error::MasterKeyMissing(id)) => return Err(StartError::MasterKeyMissing(id)),
        Err(persistence::Error::Unsealable(_)) => return Err(StartError::WrongMasterKey),
        other => other?,
    }
    let author = context.author(SYSTEM.actor());
    database.keep_books("add canaries", &author, |db| master_keys::add_canaries(SYSTEM, db, ring))?;
    Ok(())
}

/// Lets the feed of changes go on above what it holds, if the database was restored into another cluster.
pub(crate) fn rebase_feed(database: &Database, context: &mut Context) -> Result<()> {
    let author = context.author(SYSTEM.actor());
    database.keep_books("rebase feed", &author, |db| Ok(changes::rebase(SYSTEM, db)?))
}

fn load(database: &Database, ring: &KeyRing) -> Result<Option<ServiceKeys>, StartError> {
    match database.read(|db| service_keys::load(SYSTEM, db, ring)) {
        // The keys that are opened first: who lacks theirs has somebody else's file.
        Err(persistence::Error::Unsealable(_) | persistence::Error::MasterKeyMissing(_)) => {
            Err(StartError::WrongMasterKey)
        }
        other => Ok(other?),
    }
}

fn initialise(database: &Database, ring: &KeyRing, context: &mut Context) -> Result<()> {
    let author = context.author(SYSTEM.actor());
    database.write("initialise", &author, &Chain::Platform, |db| {
        service_keys::insert(SYSTEM, db, ring)?;
        for (name, title, switches) in key_model::built_in() {
            let parse_error = |invalid| Error::at("/name", &invalid);
            let model = KeyModel {
                name: KeyModelName::parse(name).map_err(parse_error)?,
                title: Name::parse(title).map_err(parse_error)?,
                built_in: true,
                switches,
                created_at: db.now(),
                version: 1,
            };
            key_models::insert_built_in(SYSTEM, db, &model)?;
        }
        Ok(db.record(AuditAction::PlatformInitialised, Target::new("platform", "platform"), &[])?)
    })
}
