//! Signing how far the chains of the audit go, and reading what was signed.
//!
//! What counts is the copy that somebody keeps elsewhere: each checkpoint is a line of the log as well.

use std::sync::atomic::{AtomicU64, Ordering};

use authz::Permit;
use authz::action::ListAuditCheckpoints;
use chrono::TimeDelta;
use domain::audit::{AuditAction, Chain, Head, Target};
use domain::checkpoint::{Checkpoint, MOST_HEADS, NONE_BEFORE, PublicKey, Statement};
use domain::hex;
use persistence::{Database, KeyRing, checkpoints, service_keys};
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::context::Context;
use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::service::{Service, system};

/// How long what was done may stay unsigned, unless it is a lot.
const EVERY: TimeDelta = TimeDelta::seconds(60);
const MANY_EVENTS: u64 = 1000;

/// How many chains are looked for at once.
const HEADS_AT_ONCE: i64 = 10_000;

/// The newest first.
pub fn list(service: &Service, permit: &Permit<ListAuditCheckpoints>, listing: &Listing) -> Result<Paged<Checkpoint>> {
    let fetch = |page: &_| service.read(|db| Ok(checkpoints::list(permit, db, page)?));
    service.page(listing, fetch, position)
}

/// From the first on, so that whoever reads along can follow the signatures.
pub fn export(
    service: &Service,
    permit: &Permit<ListAuditCheckpoints>,
    listing: &Listing,
) -> Result<Paged<Checkpoint>> {
    let fetch = |page: &_| service.read(|db| Ok(checkpoints::list_from_first(permit, db, page)?));
    service.page(listing, fetch, position)
}

fn position(checkpoint: &Checkpoint) -> String {
    checkpoint.statement.number.to_string()
}

impl Service {
    /// By which checkpoints are verified. None while a freeze has kept us from drawing the key.
    pub fn checkpoint_key(&self) -> Option<PublicKey> {
        self.signer.as_ref().map(Signer::public)
    }

    /// Signs how far the chains go that have moved, if the last checkpoint is old or much has happened since.
    pub fn sign_checkpoint(&self) -> Result<()> {
        let Some(signer) = &self.signer else { return Ok(()) };
        let (system, _) = system("checkpoint");
        let events = self.database.vitals().audit_events;
        let mut newest = self.read(|db| Ok(checkpoints::newest(system, db)?))?;
        let age = newest.as_ref().map(|newest| self.clock.now() - newest.statement.at);
        if !is_due(age, events.saturating_sub(signer.events.load(Ordering::Relaxed))) {
            return Ok(());
        }
        let heads = self.read(|db| Ok(checkpoints::unsigned_heads(system, db, HEADS_AT_ONCE)?))?;
        for heads in heads.chunks(MOST_HEADS) {
            newest = match self.sign(signer, newest.as_ref(), heads) {
                Ok(Some(signed)) => Some(signed),
                // Another replica was faster, or everything is being moved.
                Ok(None) | Err(Error::Database(persistence::Error::Frozen)) => return Ok(()),
                Err(error) => return Err(error),
            };
        }
        signer.events.store(events, Ordering::Relaxed);
        Ok(())
    }

    /// None if the newest checkpoint is not the newest any more.
    fn sign(&self, signer: &Signer, newest: Option<&Checkpoint>, heads: &[Head]) -> Result<Option<Checkpoint>> {
        let (system, actor) = system("checkpoint");
        let mut context = self.own_context()?;
        let signed = signer.sign(Statement {
            number: newest.map_or(1, |newest| newest.statement.number + 1),
            at: context.now,
            key: signer.public(),
            previous: newest.map_or(NONE_BEFORE, |newest| newest.signature),
            heads: heads.to_vec(),
        });
        let author = context.author(actor);
        // Under the lock of the platform's chain: one replica after the other, and none while there is a freeze.
        let is_signed = self.database.write("sign checkpoint", &author, &Chain::Platform, |db| -> Result<bool> {
            db.nothing_to_record();
            if checkpoints::newest(system, db)?.as_ref() != newest {
                return Ok(false);
            }
            checkpoints::insert(system, db, &signed)?;
            Ok(true)
        })?;
        if !is_signed {
            return Ok(None);
        }
        log(&signed);
        Ok(Some(signed))
    }
}

/// By the age of the newest checkpoint, and what this process has written since. A clock that was put back silences nothing.
fn is_due(age: Option<TimeDelta>, events: u64) -> bool {
    age.is_none_or(|age| age.abs() >= EVERY) || events >= MANY_EVENTS
}

/// Who signs is in the audit: a key that was drawn anew says that somebody has removed the one before.
pub(crate) fn draw_key(database: &Database, ring: &KeyRing, context: &mut Context) -> Result<()> {
    let (system, actor) = system("checkpoint");
    let author = context.author(actor);
    database.write("draw checkpoint key", &author, &Chain::Platform, |db| {
        let keys = service_keys::load(system, db, ring)?;
        // Another replica was faster.
        if keys.is_some_and(|keys| keys.audit_checkpoint.is_some()) {
            db.nothing_to_record();
            return Ok(());
        }
        let seed = service_keys::insert_audit_checkpoint(system, db, ring)?;
        let public = Signer::new(&seed).map(|signer| hex::encode(&signer.public())).unwrap_or_default();
        Ok(db.record(AuditAction::CheckpointKeyDrawn, Target::new("checkpoint_key", public), &[])?)
    })
}

/// All that is needed to put together again what was signed.
fn log(Checkpoint { statement, signature }: &Checkpoint) {
    tracing::info!(
        number = statement.number,
        at = statement.at.timestamp_micros(),
        chains = statement.heads.len(),
        heads = hex::encode(&statement.heads_hash()),
        previous = hex::encode(&statement.previous),
        key = hex::encode(&statement.key),
        signature = hex::encode(signature),
        "audit checkpoint"
    );
}

/// The key, and how many events this process had written when it last signed.
pub(crate) struct Signer {
    pair: Ed25519KeyPair,
    events: AtomicU64,
}

impl Signer {
    pub(crate) fn new(seed: &[u8; 32]) -> Option<Self> {
        Some(Self { pair: Ed25519KeyPair::from_seed_unchecked(seed).ok()?, events: AtomicU64::new(0) })
    }

    fn public(&self) -> PublicKey {
        let mut key = PublicKey::default();
        key.iter_mut().zip(self.pair.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        key
    }

    fn sign(&self, statement: Statement) -> Checkpoint {
        let mut signature = NONE_BEFORE;
        let signed = self.pair.sign(statement.text().as_bytes());
        signature.iter_mut().zip(signed.as_ref()).for_each(|(to, from)| *to = *from);
        Checkpoint { statement, signature }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_due_when_the_last_is_old_or_much_has_happened() {
        assert!(is_due(None, 0));
        assert!(!is_due(Some(TimeDelta::seconds(59)), 999));
        assert!(is_due(Some(TimeDelta::seconds(60)), 0));
        assert!(is_due(Some(TimeDelta::zero()), 1000));
        assert!(is_due(Some(TimeDelta::days(-300)), 0), "the clock was ahead once");
    }
}
