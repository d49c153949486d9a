//! Changing the master key while everything goes on: a new key seals, what older ones have sealed is sealed again, and
//! then they can go.
//!
//! Each step is one small transaction and may be taken twice, by several, or be broken off. What is left to do is in the
//! database alone.

use domain::Timestamp;
use domain::audit::{AuditAction, Chain, Target};
use persistence::leases;
use persistence::master_keys::{self, MasterKeyRecord};
use persistence::rewrap::{self, Shelf};
use persistence::{IsDatabaseError, KeyRing};

use crate::error::Error;
use crate::service::{Service, system};

pub use persistence::rewrap::SealedValues;

/// Of each transaction: few enough that nobody waits for it.
const AT_ONCE: i64 = 50;

/// A master key, as far as the database or this process knows it.
#[derive(Debug, Clone)]
pub struct MasterKey {
    pub id: String,
    /// Whether this process has it.
    pub is_here: bool,
    /// None for one that has never sealed here, or was removed.
    pub known: Option<Known>,
    /// Replicas that answer now and have not got it.
    pub lacking: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Known {
    pub seals: bool,
    pub since: Timestamp,
    pub sealed: SealedValues,
}

/// Why a step is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("replicas that answer now do not have the key yet: {}", .replicas.join(", "))]
    Lacking { replicas: Vec<String> },
    #[error("it was replaced by {by}")]
    Replaced { by: String },
    #[error("it seals")]
    Seals,
    #[error("{} values are sealed by it", .0.total())]
    InUse(SealedValues),
    #[error(transparent)]
    Failed(Error),
}

type Result<T, E = Refused> = std::result::Result<T, E>;

/// All that this process or the database knows of, the newest first.
pub fn list(service: &Service) -> Result<Vec<MasterKey>> {
    let (system, _) = system("master-key");
    let ring = service.ring();
    service.database.read(|db| {
        let records = master_keys::list(system, db)?;
        let unknown = ring.ids().filter(|id| records.iter().all(|record| record.id != *id)).map(str::to_owned);
        let ids: Vec<String> = unknown.chain(records.iter().rev().map(|record| record.id.clone())).collect();
        let describe = |id: String| {
            let known = match records.iter().find(|record| record.id == id) {
                None => None,
                Some(MasterKeyRecord { seals, created_at, .. }) => {
                    Some(Known { seals: *seals, since: *created_at, sealed: rewrap::count(system, db, &id)? })
                }
            };
            let nodes = leases::nodes_with_key(system, db, &id)?;
            let lacking = nodes.into_iter().filter(|(_, has)| !has).map(|(name, _)| name).collect();
            Ok(MasterKey { is_here: ring.has(&id), id, known, lacking })
        };
        ids.into_iter().map(describe).collect()
    })
}

/// Has this process's newest key seal from now on; false if it does. Refused while a replica that answers could not open
/// what is sealed by it.
pub fn promote(service: &Service) -> Result<bool> {
    let (system, actor) = system("master-key");
    let author = own_author(service, actor)?;
    let ring = service.ring();
    let newest = ring.newest();
    service.database.write("promote master key", &author, &Chain::Platform, |db| {
        let before = master_keys::take(system, db)?;
        if before == newest {
            db.nothing_to_record();
            return Ok(false);
        }
        if master_keys::list(system, db)?.iter().any(|record| record.id == newest) {
            return Err(Refused::Replaced { by: before });
        }
        let nodes = leases::nodes_with_key(system, db, newest)?;
        let replicas: Vec<String> = nodes.into_iter().filter(|(_, has)| !has).map(|(name, _)| name).collect();
        if !replicas.is_empty() {
            return Err(Refused::Lacking { replicas });
        }
        master_keys::promote(system, db, &ring, newest)?;
        db.record(AuditAction::MasterKeyPromoted, Target::new("master_key", newest), &[("replaces", before)])?;
        Ok(true)
    })
}

/// How many values are sealed by another key than the one that seals.
pub fn remaining(service: &Service) -> Result<i64> {
    let (system, _) = system("master-key");
    service.database.read(|db| {
        let records = master_keys::list(system, db)?;
        let older = records.iter().filter(|record| !record.seals);
        older.map(|record| Ok(rewrap::count(system, db, &record.id)?.total())).sum()
    })
}

/// What a rotation has come to.
#[derive(Debug, Default)]
pub struct Rotated {
    pub resealed: usize,
    /// Values that do not open where they are: damaged, or moved by somebody. They keep their old key in use.
    pub damaged: Vec<String>,
}

/// Seals again whatever older keys have sealed. Says after each transaction how many values it has sealed.
pub fn reseal(service: &Service, progress: &mut dyn FnMut(usize)) -> Result<Rotated> {
    let (system, actor) = system("master-key");
    let records = service.database.read(|db| Ok::<_, Refused>(master_keys::list(system, db)?))?;
    let mut rotated = Rotated::default();
    for record in records.iter().filter(|record| !record.seals) {
        for shelf in Shelf::ALL {
            let mut skip = 0;
            loop {
                let author = own_author(service, actor.clone())?;
                let ring = service.ring();
                let round = service.database.keep_books("reseal", &author, |db| -> Result<_> {
                    Ok(rewrap::some(system, db, &ring, &record.id, shelf, skip, AT_ONCE)?)
                })?;
                skip += round.damaged.len();
                rotated.resealed += round.resealed;
                rotated.damaged.extend(round.damaged);
                progress(round.resealed);
                if round.seen == 0 {
                    break;
                }
            }
        }
    }
    if rotated.damaged.is_empty() {
        note_rotated(service)?;
    }
    Ok(rotated)
}

/// Once for each key, whoever of several was the last.
fn note_rotated(service: &Service) -> Result<()> {
    let (system, actor) = system("master-key");
    let author = own_author(service, actor)?;
    service.database.write("note rotation", &author, &Chain::Platform, |db| {
        let sealing = master_keys::take(system, db)?;
        let records = master_keys::list(system, db)?;
        let older: Vec<_> = records.iter().filter(|record| !record.seals).collect();
        let mut left = 0;
        for record in &older {
            left += rewrap::count(system, db, &record.id)?.total();
        }
        if left == 0 && !older.is_empty() && master_keys::note_alone(system, db, &sealing)? {
            db.record(AuditAction::MasterKeyRotated, Target::new("master_key", sealing), &[])?;
        }
        db.nothing_to_record();
        Ok(())
    })
}

/// Forgets a key by which nothing is sealed; false if nothing was known of it.
pub fn remove(service: &Service, id: &str) -> Result<bool> {
    let (system, actor) = system("master-key");
    let author = own_author(service, actor)?;
    let removed = service.database.write("remove master key", &author, &Chain::Platform, |db| {
        if master_keys::take(system, db)? == id {
            return Err(Refused::Seals);
        }
        if !master_keys::remove(system, db, id)? {
            db.nothing_to_record();
            return Ok(false);
        }
        db.record(AuditAction::MasterKeyRemoved, Target::new("master_key", id), &[])?;
        Ok(true)
    });
    match removed {
        Err(Refused::Failed(Error::Database(persistence::Error::Referenced))) => {
            let sealed = service.database.read(|db| Ok::<_, Refused>(rewrap::count(system, db, id)?))?;
            Err(Refused::InUse(sealed))
        }
        other => other,
    }
}

impl Service {
    /// Takes other master keys than it was started with, if they can open everything.
    pub fn adopt(&self, ring: KeyRing) -> crate::Result<()> {
        let (system, _) = system("master-key");
        self.read(|db| Ok(master_keys::check(system, db, &ring)?))?;
        self.set_ring(ring);
        Ok(())
    }

    /// Whether it can serve: the database answers, and whatever is sealed in it can be opened.
    pub fn check_readiness(&self) -> crate::Result<()> {
        let (system, _) = system("readiness");
        let ring = self.ring();
        self.read(|db| Ok(master_keys::check(system, db, &ring)?))
    }
}

fn own_author(service: &Service, actor: domain::actor::Actor) -> Result<persistence::Author> {
    Ok(service.own_context().map_err(Refused::Failed)?.author(actor))
}

impl From<persistence::Error> for Refused {
    fn from(error: persistence::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl IsDatabaseError for Refused {
    fn database_error(&self) -> Option<&persistence::Error> {
        if let Self::Failed(error) = self { error.database_error() } else { None }
    }
}
