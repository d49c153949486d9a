//! How this process is doing, for whoever watches it: gathered when somebody asks, and only then.

use chrono::TimeDelta;
use persistence::leases::{self, Holder, Lease};
use persistence::{DatabaseVitals, changes};

use crate::gateway_plane::FeedVitals;
use crate::jobs::JobVitals;
use crate::service::{Service, system};

#[derive(Debug, Clone)]
pub struct Vitals {
    pub feed: FeedVitals,
    /// For how long this node may still answer from memory if it hears nothing more.
    pub lease_left: TimeDelta,
    /// Whoever else answers from memory; nothing while the database cannot be asked.
    pub leases: Option<Leases>,
    /// Whether nothing is verified until an operator has decided about a restore.
    pub is_quarantined: bool,
    /// By how much the machine's clock is behind the time.
    pub clock_behind: TimeDelta,
    pub known_pairs: usize,
    pub most_known_pairs: u64,
    /// Pairs whose use is counted and not yet written down.
    pub unwritten_usage: usize,
    /// `sqlite` or `postgres`.
    pub database_kind: &'static str,
    pub database: DatabaseVitals,
    pub jobs: Vec<JobVitals>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leases {
    pub replicas: Holders,
    pub gateways: Holders,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holders {
    pub live: u64,
    /// Of those, the ones that have not confirmed the newest change.
    pub lagging: u64,
}

impl Service {
    /// Asks the database one question.
    pub fn vitals(&self) -> Vitals {
        Vitals {
            feed: self.plane.feed.vitals(),
            lease_left: self.plane.lease.left(),
            leases: self.leases().ok(),
            is_quarantined: self.plane.is_quarantined(),
            clock_behind: self.clock.behind(),
            known_pairs: self.plane.pairs.count(),
            most_known_pairs: self.plane.pairs.most(),
            unwritten_usage: self.plane.usage.unwritten(),
            database_kind: if self.database.url().is_embedded() { "sqlite" } else { "postgres" },
            database: self.database.vitals(),
            jobs: self.jobs.vitals(),
        }
    }

    fn leases(&self) -> crate::Result<Leases> {
        let (system, _) = system("metrics");
        let (newest, live) = self.read(|db| {
            let newest = changes::newest_number(system, db)?;
            Ok((newest, leases::live(system, db, newest)?))
        })?;
        Ok(Leases::of(&self.knowing(live, self.plane.feed.applied()), newest))
    }
}

impl Leases {
    fn of(live: &[Lease], newest: i64) -> Self {
        let mut leases = Self::default();
        for lease in live {
            let holders = match lease.holder {
                Holder::Node(_) => &mut leases.replicas,
                Holder::Gateway { .. } => &mut leases.gateways,
            };
            holders.live += 1;
            holders.lagging += u64::from(lease.applied < newest);
        }
        leases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_not_confirmed_the_newest_change_lags() {
        let lease = |holder, applied| Lease { holder, name: String::new(), applied, left: TimeDelta::seconds(9) };
        let gateway = || Holder::Gateway { id: "gw_1".to_owned(), instance: String::new() };
        let live = [lease(Holder::Node("a".to_owned()), 7), lease(gateway(), 6), lease(gateway(), 8)];
        let holders = |live, lagging| Holders { live, lagging };
        assert_eq!(Leases::of(&live, 7), Leases { replicas: holders(1, 0), gateways: holders(2, 1) });
    }
}
