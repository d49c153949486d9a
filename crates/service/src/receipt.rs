//! Receipts: the number under which a change went into the feed, and who has confirmed it.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::change::Change;
use persistence::leases::{self, Holder, Lease};
use persistence::{Reading, changes};
use tokio::sync::watch;

use crate::error::Result;
use crate::gateway_plane::{LONGEST_LEASE, STALE_TTL};
use crate::once::Repeatable;
use crate::service::{Service, system};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub sequence: i64,
    /// When the change was made. While somebody has not confirmed it: when the last of those can no longer honour what was
    /// before.
    pub effective_at: Timestamp,
    pub confirmed_by: i64,
    /// Replicas and gateways that may still answer from memory and have not confirmed it.
    pub waiting_for: Vec<String>,
    told_at: Timestamp,
    /// A replica forgets what it has changed itself before it says so.
    is_own: bool,
}

/// Something that was stopped or let go again, with its receipt.
#[derive(Debug)]
pub struct Stopped<T> {
    pub object: T,
    pub receipt: Receipt,
}

/// An answer with a receipt in it, which is held back until everybody has confirmed it, or for as long as its caller
/// waits.
pub trait Receipted {
    fn receipt(&mut self) -> Option<&mut Receipt>;
}

impl Receipt {
    /// As it is when the change has been written and nobody has been asked yet: nothing is confirmed that was not seen.
    pub(crate) fn of(sequence: i64, now: Timestamp) -> Self {
        let waiting_for = vec!["whoever holds a lease".to_owned()];
        let effective_at = now + LONGEST_LEASE + STALE_TTL;
        Self { sequence, effective_at, confirmed_by: 0, waiting_for, told_at: now, is_own: true }
    }

    /// Of the newest change of the same thing.
    pub(crate) fn newest(db: &mut Reading<'_>, change: &Change, now: Timestamp) -> Result<Self> {
        let (sequence, at) = changes::newest(db, change)?.unwrap_or((0, now));
        Ok(Self { is_own: false, ..Self::of(sequence, at) })
    }

    pub fn is_confirmed(&self) -> bool {
        self.waiting_for.is_empty()
    }

    fn stand(&mut self, leases: &[Lease], now: Timestamp) {
        let has_not = |lease: &&Lease| lease.applied < self.sequence;
        let waiting: Vec<&Lease> = leases.iter().filter(has_not).collect();
        self.confirmed_by = i64::try_from(leases.len() - waiting.len()).unwrap_or(i64::MAX);
        let longest = waiting.iter().map(|lease| lease.left.max(TimeDelta::zero())).max();
        self.effective_at = longest.map_or(self.told_at, |left| now + left);
        self.waiting_for = waiting.into_iter().map(described).collect();
    }
}

/// For people who look for the one that is behind.
fn described(lease: &Lease) -> String {
    match &lease.holder {
        Holder::Node(id) => format!("replica {} ({id})", lease.name),
        Holder::Gateway { id, instance } if instance.is_empty() => format!("gateway {} ({id})", lease.name),
        Holder::Gateway { id, instance } => format!("gateway {} ({id}, {instance})", lease.name),
    }
}

impl Service {
    /// Who has confirmed it by now. This replica knows of itself at once; of the others it knows what they have written
    /// down.
    pub fn stand(&self, receipt: &mut Receipt) -> Result<()> {
        let (system, _) = system("receipts");
        let leases = self.read(|db| Ok(leases::live(system, db, receipt.sequence)?))?;
        let knows = if receipt.is_own { receipt.sequence } else { self.plane.feed.applied() };
        receipt.stand(&self.knowing(leases, knows), self.clock.now());
        if receipt.is_own && !self.is_written_down(receipt.sequence) {
            // Until then a restore could bring back what was stopped.
            receipt.waiting_for.push("the journal of this replica".to_owned());
        }
        Ok(())
    }

    /// The same leases, with what this replica knows of itself.
    pub(crate) fn knowing(&self, mut leases: Vec<Lease>, applied: i64) -> Vec<Lease> {
        let own = Holder::Node(self.plane.node.id.clone());
        for lease in leases.iter_mut().filter(|lease| lease.holder == own) {
            lease.applied = lease.applied.max(applied);
        }
        leases
    }

    /// Changes as this replica follows the feed.
    pub fn watch_applied(&self) -> watch::Receiver<i64> {
        self.plane.feed.watch_applied()
    }
}

impl<T> Receipted for Stopped<T> {
    fn receipt(&mut self) -> Option<&mut Receipt> {
        Some(&mut self.receipt)
    }
}

impl Receipted for Receipt {
    fn receipt(&mut self) -> Option<&mut Receipt> {
        Some(self)
    }
}

impl<T: Repeatable> Repeatable for Stopped<T> {
    fn id(&self) -> String {
        self.object.id()
    }

    fn version(&self) -> i64 {
        self.object.version()
    }
}
