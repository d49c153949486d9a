//! What a use case holds while it reads or writes. They are different types, so that a reader cannot write.

use std::ops::{Deref, DerefMut};

use diesel::prelude::*;
use domain::actor::Actor;
use domain::audit::{AuditAction, Chain, Event, Hash, Origin, Target};
use domain::change::Change;
use domain::id::EventId;
use domain::{Entropy, Timestamp};

use crate::changes::Told;
use crate::dialect::AnyConnection;
use crate::error::{Error, Result};
use crate::{audit, changes};

pub struct Reading<'c> {
    pub(crate) connection: &'c mut AnyConnection,
}

/// Who writes, from where, and when. Drawn once for a request: if the transaction is tried again it is the same.
#[derive(Clone)]
pub struct Author {
    pub actor: Actor,
    pub origin: Origin,
    pub now: Timestamp,
    /// Names the events it records.
    pub seed: [u8; 32],
}

/// One transaction, in one audit chain. It holds the lock on the chain's head from its first statement, so two
/// transactions of one tenant never interleave.
pub struct Writing<'c> {
    reading: Reading<'c>,
    author: &'c Author,
    /// None while keeping books, when there is nothing to record.
    chain: Option<(&'c Chain, Head)>,
    entropy: Entropy,
    left: Trace,
    recorded: u64,
    told: Vec<Told>,
}

/// What a transaction has said to the feed, and how much to the audit.
pub(crate) struct Finished {
    pub(crate) told: Vec<Told>,
    pub(crate) recorded: u64,
}

/// How a transaction comes in.
#[derive(Clone, Copy)]
pub(crate) enum Door<'c> {
    /// Without a chain, to keep books.
    Books,
    /// In its chain, beside those of other chains, and not while there is a freeze.
    Audited(&'c Chain),
    /// After all others, and before any more: who freezes and thaws.
    Alone(&'c Chain),
}

/// How much one transaction may tell; beyond it, something wider has to be told once.
pub const MOST_CHANGES: usize = 1024;

struct Head {
    sequence: i64,
    hash: Hash,
}

/// What a transaction has said about itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trace {
    Nothing,
    Recorded,
    NothingToRecord,
}

impl<'c> Deref for Writing<'c> {
    type Target = Reading<'c>;

    fn deref(&self) -> &Reading<'c> {
        &self.reading
    }
}

impl DerefMut for Writing<'_> {
    fn deref_mut(&mut self) -> &mut <Self as Deref>::Target {
        &mut self.reading
    }
}

impl<'c> Writing<'c> {
    pub(crate) fn begin(connection: &'c mut AnyConnection, author: &'c Author, door: Door<'c>) -> Result<Self> {
        if let Door::Alone(_) = door {
            connection.take_audit_chains()?;
        }
        let chain = match door {
            Door::Books => None,
            Door::Audited(chain) | Door::Alone(chain) => {
                let (sequence, hash, is_frozen) = audit::lock_head(connection, &chain.name())?;
                if is_frozen && matches!(door, Door::Audited(_)) {
                    return Err(Error::Frozen);
                }
                Some((chain, Head { sequence, hash }))
            }
        };
        let entropy = Entropy::from_seed(author.seed);
        Ok(Self {
            reading: Reading { connection },
            author,
            chain,
            entropy,
            left: Trace::Nothing,
            recorded: 0,
            told: Vec::new(),
        })
    }

    /// Says what was told.
    pub(crate) fn finish(self, name: &'static str) -> Result<Finished> {
        let finished = Finished { told: self.told, recorded: self.recorded };
        match (self.left, self.chain) {
            (Trace::Recorded, Some((chain, head))) => {
                audit::move_head(self.reading.connection, &chain.name(), head.sequence, &head.hash)?;
                Ok(finished)
            }
            (Trace::Nothing, Some(_)) => Err(Error::Unaudited(name)),
            (Trace::NothingToRecord, _) | (_, None) => Ok(finished),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.author.now
    }

    pub fn actor(&self) -> &Actor {
        &self.author.actor
    }

    /// Randomness that is the same again if the transaction is tried again.
    pub fn entropy(&mut self) -> &mut Entropy {
        &mut self.entropy
    }

    /// Appends to the audit. The details never hold a secret.
    pub fn record(&mut self, action: AuditAction, target: Target, details: &[(&str, String)]) -> Result<()> {
        let Some((chain, head)) = &mut self.chain else { return Err(Error::Unaudited(action.as_str())) };
        let mut details: Vec<_> = details.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        // In the one order that whoever reads them as JSON can restore, to check the hash.
        details.sort();
        let event = Event {
            id: EventId::draw(&mut self.entropy, self.author.now),
            chain: chain.name(),
            sequence: head.sequence + 1,
            at: self.author.now,
            actor: self.author.actor.clone(),
            action: action.as_str().to_owned(),
            target_kind: target.kind.to_owned(),
            target_id: target.id,
            tenant_id: chain.tenant().cloned(),
            partner_id: chain.partner().map(|path| path.leaf().clone()),
            request_id: self.author.origin.request_id.clone(),
            address: self.author.origin.address,
            details,
        };
        let hash = event.hash(&head.hash);
        audit::append(self.reading.connection, &event, chain.partner(), &hash)?;
        *head = Head { sequence: event.sequence, hash };
        self.left = Trace::Recorded;
        self.recorded += 1;
        Ok(())
    }

    /// The request found everything as it wanted it.
    pub fn nothing_to_record(&mut self) {
        if self.left == Trace::Nothing {
            self.left = Trace::NothingToRecord;
        }
    }

    /// Appends to the change feed, for whoever remembers what this transaction makes untrue.
    pub fn tell(&mut self, change: &Change) -> Result<i64> {
        if self.told.len() >= MOST_CHANGES {
            return Err(Error::Statement("a transaction tells too many changes".to_owned()));
        }
        let at = self.author.now;
        let sequence = changes::append(self.reading.connection, self.told.len(), change, at)?;
        self.told.push(Told { sequence, change: change.clone(), at });
        Ok(sequence)
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        self.reading.connection
    }
}

/// A row that was to be changed as it was read: if it is gone or newer, the transaction starts over.
pub(crate) fn exactly_one(rows: usize) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::Stale) }
}

/// The first row or none; anything that goes wrong stays an error and never looks like "not there".
pub(crate) fn optional<T>(result: QueryResult<T>) -> Result<Option<T>> {
    Ok(result.optional()?)
}
