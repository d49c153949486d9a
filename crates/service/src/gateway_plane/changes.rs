//! The feed, as a gateway follows it.
//!
//! The lease is written down before the feed is read: whoever changes something sees the lease and waits for it, or has
//! changed it before the feed was read, and then it is in the answer.

use std::time::Duration;

use authz::Permit;
use authz::action::FollowChanges;
use authz::caller::GatewayToken;
use chrono::TimeDelta;
use domain::change::Change;
use persistence::changes::{self as feed, Look, Told};
use persistence::leases::{self, Renewal};
use tokio::sync::watch;

use super::STALE_TTL;
use super::lease::Moment;
use crate::error::{Error, Result};
use crate::service::{Service, system};

/// What a process of a gateway asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The number after which it wants to hear; none when it remembers nothing.
    pub after: Option<i64>,
    /// Tells the processes of one gateway apart.
    pub instance: String,
    /// What an earlier answer to the same question has written down.
    pub booked: Option<Booked>,
}

/// A lease that is in the database.
#[derive(Debug, Clone, Copy)]
pub struct Booked {
    /// From when it counts: before it was written down.
    since: Moment,
    /// What the process has said that it has applied. What it is told later in the same question it has not.
    applied: i64,
}

#[derive(Debug)]
pub struct ChangesSince {
    /// To be asked after next.
    pub sequence: i64,
    pub lease: TimeDelta,
    pub told: Vec<Told>,
    pub booked: Booked,
}

/// How many changes are in one answer.
const AT_ONCE: i64 = 1000;
/// How long to wait for transactions that are about to end before what is told.
const SETTLING: Duration = Duration::from_millis(100);
const GLANCE: Duration = Duration::from_millis(1);
/// Which part of its time a lease may have been in the books before the same question writes another one down.
const NEW: i32 = 4;

pub fn changes(service: &Service, permit: &Permit<FollowChanges>, wanted: &Wanted) -> Result<ChangesSince> {
    let asker = permit.asker().ok_or(Error::Forbidden)?;
    let look = service.look_after(wanted.after.unwrap_or(i64::MAX - 1))?;
    let after = wanted.after.unwrap_or(look.complete_to);
    let is_gone = wanted.after.is_some() && after < look.beginning && look.beginning < look.complete_to;
    // A number from before a restore may be of a change that is not true any more; from before a move, of another database.
    if after > look.complete_to || is_gone || after < look.epoch_begins {
        return Err(Error::FeedGone);
    }
    if look.is_quarantined {
        return Err(Error::Quarantined);
    }

    let length = service.plane.lease.length();
    let (booked, look) = match wanted.booked {
        Some(booked) if booked.since.elapsed() < length / NEW => (booked, look),
        older => {
            let booked = Booked { since: Moment::now(), applied: older.map_or(after, |older| older.applied) };
            service.book(asker, &wanted.instance, booked.applied, length)?;
            (booked, service.look_after(after)?)
        }
    };
    let (sequence, told) = service.settled_after(after, look)?;
    let told = told.into_iter().filter(|told| concerns(asker, &told.change)).collect();
    // Measured from before it was written down, so that it ends here first.
    let lease = (length - booked.since.elapsed()).max(TimeDelta::zero());
    Ok(ChangesSince { sequence, lease, told, booked })
}

/// What a gateway remembers, and of keys only those in its regions.
fn concerns(asker: &GatewayToken, change: &Change) -> bool {
    match change {
        Change::Key(_, region) => asker.gateway.binding.contains(region),
        Change::Partner(_) | Change::Tenant(_) => true,
        Change::Gateway(_) | Change::Token(_) => false,
    }
}

impl Service {
    /// Wakes when there is something new in the feed.
    pub fn watch_changes(&self) -> watch::Receiver<i64> {
        self.plane.feed.watch_newest()
    }

    fn look_after(&self, after: i64) -> Result<Look> {
        let (system, _) = system("feed");
        self.read(|db| Ok(feed::look(system, db, after, AT_ONCE)?))
    }

    /// Writes the lease of one process down, together with those of others that ask at the same time.
    fn book(&self, asker: &GatewayToken, instance: &str, applied: i64, length: TimeDelta) -> Result<()> {
        let (system, actor) = system("feed");
        let (gateway, name) = (asker.gateway.id.clone(), asker.gateway.name.to_string());
        let renewal = Renewal { gateway, name, instance: instance.to_owned(), applied };
        let author = self.own_context()?.author(actor);
        self.plane.renewals.write(renewal, |renewals| {
            self.database.keep_books("renew gateways' leases", &author, |db| {
                leases::renew_gateways(system, db, renewals, length + STALE_TTL)
            })
        })?;
        self.plane.gateways.leased(&asker.gateway.id, length);
        Ok(())
    }

    /// Everything that is visible, and the number up to which that is all. As soon as something is told in its turn, what
    /// is visible behind it is told before its own, and once more in it; if there is nothing but such, and the
    /// transaction before it does not come to its end, that is told as well.
    fn settled_after(&self, after: i64, mut look: Look) -> Result<(i64, Vec<Told>)> {
        let began = Moment::now();
        loop {
            let newest = look.told.last().map_or(after, |told| told.sequence);
            let is_all = i64::try_from(look.told.len()).is_ok_and(|found| found < AT_ONCE);
            let complete_to = if is_all { look.complete_to } else { look.complete_to.min(newest) };
            let goes_on = look.told.first().is_none_or(|first| first.sequence <= complete_to);
            let is_held_up = !goes_on && began.elapsed().to_std().is_ok_and(|waited| waited >= SETTLING);
            if is_held_up {
                tracing::warn!("a transaction holds up the feed of changes");
            }
            if goes_on || is_held_up {
                return Ok((complete_to.max(after), look.told));
            }
            std::thread::park_timeout(GLANCE);
            look = self.look_after(after)?;
        }
    }
}
