//! The feed, as a gateway follows it.
//!
//! The lease is written down before the feed is read: whoever changes something sees the lease and waits for it, or has
//! changed it before the feed was read, and then it is in the answer.

use std::time::Duration;

use authz::Permit;
use authz::action::FollowChanges;
use chrono::TimeDelta;
use domain::change::Change;
use persistence::changes::Told;
use persistence::{changes as feed, leases};
use tokio::sync::watch;

use super::STALE_TTL;
use super::lease::Moment;
use crate::error::{Error, Result};
use crate::service::{Service, system};

/// What a process of a gateway asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The number up to which it has applied everything; none when it remembers nothing.
    pub after: Option<i64>,
    /// Tells the processes of one gateway apart.
    pub instance: String,
}

#[derive(Debug)]
pub struct ChangesSince {
    /// To be asked after next.
    pub sequence: i64,
    pub lease: TimeDelta,
    pub told: Vec<Told>,
}

/// How many changes are in one answer.
const AT_ONCE: i64 = 1000;
/// How long to wait for transactions that are about to end between those that have.
const SETTLING: Duration = Duration::from_millis(100);
const GLANCE: Duration = Duration::from_millis(1);

pub fn changes(service: &Service, permit: &Permit<FollowChanges>, wanted: &Wanted) -> Result<ChangesSince> {
    let asker = permit.asker().ok_or(Error::Forbidden)?;
    let (system, actor) = system("feed");
    let look = service.read(|db| Ok(feed::look(system, db, i64::MAX - 1, 1)?))?;
    let head = look.complete_to;
    let after = wanted.after.unwrap_or(head);
    let beginning = service.read(|db| Ok(feed::beginning(system, db)?))?;
    if after > head || (wanted.after.is_some() && after < beginning && beginning < head) {
        return Err(Error::FeedGone);
    }
    // A number from before a restore may be of a change that is not true any more; from before a move, of another database.
    if after < look.epoch_begins {
        return Err(Error::FeedGone);
    }
    if look.is_quarantined {
        return Err(Error::Quarantined);
    }

    let (since, length) = (Moment::now(), service.plane.lease.length());
    let author = service.own_context()?.author(actor);
    service.database.keep_books("renew a gateway's lease", &author, |db| -> Result<()> {
        Ok(leases::renew_gateway(system, db, &asker.gateway, &wanted.instance, after, length + STALE_TTL)?)
    })?;
    service.plane.gateways.leased(&asker.gateway.id, length);

    let (sequence, told) = service.settled_after(after)?;
    let told = told.into_iter().filter(|told| concerns(asker, &told.change)).collect();
    // Measured from before it was written down, so that it ends here first.
    Ok(ChangesSince { sequence, lease: (length - since.elapsed()).max(TimeDelta::zero()), told })
}

/// What a gateway remembers, and of keys only those in its regions.
fn concerns(asker: &authz::caller::GatewayToken, change: &Change) -> bool {
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

    /// Everything that is visible now, and the number up to which that is all. If some transaction between does not
    /// come to its end, what follows it is told before its turn, and once more in it.
    fn settled_after(&self, after: i64) -> Result<(i64, Vec<Told>)> {
        let (system, _) = system("feed");
        let began = Moment::now();
        let mut visible = None;
        loop {
            let look = self.read(|db| Ok(feed::look(system, db, after, AT_ONCE)?))?;
            let newest = look.told.last().map_or(after, |told| told.sequence);
            let wanted = *visible.get_or_insert(newest);
            let is_all = i64::try_from(look.told.len()).is_ok_and(|found| found < AT_ONCE);
            let complete_to = if is_all { look.complete_to } else { look.complete_to.min(newest) };
            if look.complete_to >= wanted {
                let told = look.told.into_iter().filter(|told| told.sequence <= complete_to).collect();
                return Ok((complete_to.max(after), told));
            }
            if began.elapsed().to_std().is_ok_and(|waited| waited >= SETTLING) {
                tracing::warn!("a transaction holds up the feed of changes");
                return Ok((complete_to.max(after), look.told));
            }
            std::thread::park_timeout(GLANCE);
        }
    }
}
