//! Follows the feed: forgets what has changed, and keeps this node's lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::TimeDelta;
use persistence::changes::Look;
use persistence::clock::Mark;
use persistence::{Bell, Listener, changes, leases, master_keys};

use super::lease::{Lease, Moment};
use crate::clock::Agreement;
use crate::error::Result;
use crate::service::{Service, system};

/// How much is read at once.
const AT_ONCE: i64 = 10_000;
/// How often a lease is renewed in its time when nothing happens.
const HEARTBEATS: u32 = 6;
/// After so long without a lease a node begins anew: well within the time for which the feed is kept.
const AWAY: TimeDelta = TimeDelta::hours(1);
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_millis(100);
/// How soon to look again when something was told before its turn: a transaction that began earlier is about to end.
const SOON: Duration = Duration::from_millis(10);
/// How often the line to PostgreSQL is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// Two threads for as long as it lives: one that follows, one that listens for what other processes tell.
pub struct Follower {
    stop: Arc<AtomicBool>,
    bell: Arc<Bell>,
    service: Arc<Service>,
    threads: Vec<JoinHandle<()>>,
}

impl Follower {
    /// Has followed once, if the database could be reached.
    pub fn start(service: &Arc<Service>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let bell = service.database.bell().clone();
        let mut place = Place::default();
        let was_well = step(service, &mut place);
        let follow = {
            let (service, stop, bell) = (service.clone(), stop.clone(), bell.clone());
            move || follow(&service, &stop, &bell, place, was_well)
        };
        let listen = {
            let (service, stop, bell) = (service.clone(), stop.clone(), bell.clone());
            move || listen(&service, &stop, &bell)
        };
        let mut threads = vec![thread::spawn(follow)];
        if !service.database.url().is_embedded() {
            threads.push(thread::spawn(listen));
        }
        Self { stop, bell, service: service.clone(), threads }
    }

    /// Gives the lease back, so that nobody waits for a node that is gone.
    pub fn finish(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if self.stop.swap(true, Ordering::AcqRel) {
            return;
        }
        self.bell.ring();
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            let _ = thread.join();
        }
        self.service.plane.lease.end();
        // If it cannot be given back, it runs out.
        let _ = self.service.give_back_lease();
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where the following has come to.
#[derive(Default)]
struct Place {
    clock: Agreement,
    has_begun: bool,
    is_well: bool,
    renewed: Option<Moment>,
    /// Something was seen that comes after what has been applied for good.
    is_ahead: bool,
}

fn follow(service: &Service, stop: &AtomicBool, bell: &Bell, mut place: Place, mut was_well: bool) {
    while !stop.load(Ordering::Acquire) {
        bell.wait(match (was_well, place.is_ahead) {
            (false, _) => PAUSE,
            (true, true) => SOON,
            (true, false) => service.plane.lease.heartbeat(),
        });
        if stop.load(Ordering::Acquire) {
            return;
        }
        was_well = step(service, &mut place);
    }
}

/// Whether it went well. A streak of failures is one line in the log, and one more when it is over.
fn step(service: &Service, place: &mut Place) -> bool {
    service.watch_clock(&mut place.clock);
    match service.follow_once(place) {
        Ok(()) => {
            service.plane.feed.went_well(place.is_ahead);
            if !place.is_well {
                tracing::info!("the feed of changes is followed");
            }
            place.is_well = true;
        }
        Err(error) => {
            service.plane.feed.failed();
            if place.is_well || !place.has_begun {
                tracing::error!(%error, "the feed of changes cannot be followed; trying again quietly");
            }
            place.is_well = false;
        }
    }
    place.is_well
}

fn listen(service: &Service, stop: &AtomicBool, bell: &Bell) {
    let mut listener: Option<Listener> = None;
    while !stop.load(Ordering::Acquire) {
        let heard = match &mut listener {
            Some(listener) => listener.has_heard(),
            None => service.database.listen().map(|fresh| {
                listener = Some(fresh);
                // Whatever was told before there was somebody to hear it.
                true
            }),
        };
        match heard {
            Ok(true) => bell.ring(),
            Ok(false) => {}
            Err(_) => listener = None,
        }
        thread::park_timeout(if listener.is_some() { GLANCE } else { PAUSE });
    }
}

impl Lease {
    fn heartbeat(&self) -> Duration {
        self.length().to_std().unwrap_or_default() / HEARTBEATS
    }
}

impl Service {
    /// Reads what is new, forgets what it makes untrue, and only then says that this node has seen it.
    fn follow_once(&self, place: &mut Place) -> Result<()> {
        let (system, _) = system("feed");
        let heartbeat = self.plane.lease.heartbeat();
        if !place.has_begun {
            // What a fresh node remembers is nothing, which is always true.
            let look = self.read(|db| Ok(changes::look(system, db, i64::MAX - 1, 1)?))?;
            self.plane.feed.begin(look.complete_to);
            self.heed_quarantine(&look);
            place.has_begun = true;
        }
        let mut has_looked_again = false;
        loop {
            let since = Moment::now();
            let applied = self.plane.feed.applied();
            let look = self.read(|db| Ok(changes::look(system, db, applied, AT_ONCE)?))?;
            let was_away = place.renewed.is_some_and(|renewed| renewed.elapsed() > AWAY);
            if look.complete_to < applied || look.epoch_begins > applied || was_away {
                // The database was put back to an earlier state, or what was told meanwhile may be gone from it.
                self.compare_again()?;
                self.plane.pairs.forget_everything();
                self.plane.gateways.forget_everything();
                self.plane.feed.begin(look.complete_to);
                place.renewed = None;
                continue;
            }
            self.heed_quarantine(&look);
            let is_all = i64::try_from(look.told.len()).is_ok_and(|found| found < AT_ONCE);
            for told in &look.told {
                self.plane.forget(&told.change);
            }
            let last = look.told.last().map(|told| told.sequence);
            let complete_to = if is_all { look.complete_to } else { look.complete_to.min(last.unwrap_or(applied)) };
            // Before anybody is told that this node knows of it.
            self.write_down_changes(&look.told, complete_to)?;
            place.is_ahead = last.is_some_and(|last| last > complete_to);
            if let Some(last) = last {
                self.plane.feed.saw(last);
            }
            let mut is_believed = true;
            if is_all {
                // Others wait for what they can see of us. On SQLite there are no others.
                let is_due = !self.plane.lease.holds()
                    || place.renewed.is_none_or(|renewed| renewed.elapsed().to_std().is_ok_and(|it| it >= heartbeat));
                if is_due || (last.is_some() && !self.database.url().is_embedded()) {
                    self.renew_lease(&look, complete_to, is_due)?;
                    // Who found no lease in the meantime has waited for nobody, and may have changed what was just looked at.
                    is_believed = place.renewed.is_some_and(|before| before.elapsed() < self.plane.lease.length());
                    place.renewed = Some(since);
                    if is_believed {
                        self.plane.lease.extend(since);
                    }
                }
            }
            self.plane.feed.go_on(complete_to);
            if is_all && (is_believed || has_looked_again) {
                return Ok(());
            }
            has_looked_again |= !is_believed;
        }
    }

    /// Nothing is verified while the database says so, and nothing that was remembered counts on either side of that.
    fn heed_quarantine(&self, look: &Look) {
        if self.plane.set_quarantined(look.is_quarantined) {
            self.plane.pairs.forget_everything();
            if look.is_quarantined {
                tracing::error!(
                    "quarantined: nothing is verified until an operator lifts it, by POST /v1/quarantine/lift"
                );
            } else {
                tracing::warn!("the quarantine is lifted");
            }
        }
    }

    /// A node whose lease may have run out is asked for its master keys again: nobody has waited for it meanwhile.
    fn renew_lease(&self, look: &Look, applied: i64, may_have_run_out: bool) -> Result<()> {
        let (system, actor) = system("feed");
        let author = self.own_context()?.author(actor);
        let until = look.clock + self.plane.lease.length().num_microseconds().unwrap_or(0);
        let ring = self.ring();
        let mark = self.database.keep_books("renew the node's lease", &author, |db| -> Result<Option<Mark>> {
            if may_have_run_out {
                master_keys::check_and_hold(system, db, &ring)?;
            }
            leases::renew_node(system, db, &self.plane.node, look, applied, until, &ring)?;
            // Between beats it is a change that is confirmed, and nothing is to come in its way.
            if may_have_run_out { self.write_down_time(db) } else { Ok(None) }
        })?;
        self.heed_reset(mark);
        Ok(())
    }

    fn give_back_lease(&self) -> Result<()> {
        let (system, actor) = system("feed");
        let author = self.own_context()?.author(actor);
        self.database.keep_books("end the node's lease", &author, |db| -> Result<()> {
            self.write_down_time(db)?;
            Ok(leases::end_node(system, db, &self.plane.node)?)
        })
    }
}
