//! What gateways ask: who a request is from. Answered from memory, for as long as this node may trust its memory.
//!
//! ```text
//! feed of changes ──► follow.rs ──► known_pairs.rs, known_gateways.rs     forget what has changed
//!                        │
//!                        └──► lease.rs     "everything committed before then has been applied"
//! verify.rs ── asks the memory while the lease holds, and the database when it does not
//! ```
//!
//! A node that cannot read the feed stops answering from memory when its lease ends, and whoever revokes a key waits for
//! that moment at the most. So nothing here has to be right about time but how long an interval lasts.

mod changes;
mod feed;
mod follow;
mod guesses;
mod issue;
mod keystone;
mod known_gateways;
mod known_pairs;
mod known_together;
mod lease;
mod owners;
mod renewals;
mod usage;
mod verify;
mod whole;

pub use ::verify::{Denial, RequestContext};
pub use changes::{Booked, ChangesSince, Wanted, changes};
pub use feed::FeedVitals;
pub use follow::Follower;
pub use issue::{SecretIssued, SigningKeyIssued, SigningKeyWanted, issue_secret, issue_signing_keys};
pub use keystone::{KeystoneRole, KeystoneToken, OfKeystone};
pub use known_pairs::{KnownPair, Recalled};
pub use owners::Home;
pub use persistence::changes::Told;
pub use usage::Reported;
pub use verify::{Allowed, Asked, Evidence, FormSaid, IssuedKey, Verdict};
pub use whole::{Header, Whole, WholeRequest};

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use domain::Entropy;
use domain::change::Change;
use domain::id::nameless;
use persistence::leases::Node;
use zeroize::Zeroizing;

use feed::Feed;
use guesses::Guesses;
use issue::Issued;
use known_gateways::KnownGateways;
use known_pairs::KnownPairs;
use lease::Lease;
pub(crate) use lease::Moment;
use renewals::Renewals;
use usage::Usage;
use verify::StandIns;

use crate::service::NodeSetup;

/// How long a node or a gateway may answer from memory without hearing from the feed, unless the operator says otherwise.
pub const LEASE: TimeDelta = TimeDelta::seconds(30);
/// What an operator may say at most: nobody honours for longer what was before a change.
pub const LONGEST_LEASE: TimeDelta = TimeDelta::seconds(300);
/// For how long an answer may be remembered by a gateway that follows the feed.
pub const TTL: TimeDelta = TimeDelta::seconds(300);
/// And for how long after the feed has fallen silent.
pub const STALE_TTL: TimeDelta = TimeDelta::seconds(15);

/// What this node remembers, and how far it may be believed.
pub(crate) struct Plane {
    pub(crate) node: Node,
    pub(crate) lease: Lease,
    pub(crate) feed: Feed,
    pub(crate) pairs: KnownPairs,
    pub(crate) gateways: KnownGateways,
    pub(crate) renewals: Renewals,
    pub(crate) usage: Usage,
    pub(crate) issued: Issued,
    pub(crate) guesses: Guesses,
    pub(crate) stand_ins: StandIns,
    keystone_expiry: TimeDelta,
    is_quarantined: AtomicBool,
}

impl Plane {
    pub(crate) fn new(setup: NodeSetup, entropy: &mut Entropy) -> Self {
        Self {
            node: Node { id: nameless(entropy), name: setup.name },
            lease: Lease::of(setup.lease),
            feed: Feed::default(),
            pairs: KnownPairs::new(setup.most_known_keys),
            gateways: KnownGateways::default(),
            renewals: Renewals::default(),
            usage: Usage::default(),
            issued: Issued::default(),
            guesses: Guesses::default(),
            stand_ins: StandIns::new(Zeroizing::new(entropy.bytes())),
            keystone_expiry: setup.keystone_expiry,
            is_quarantined: AtomicBool::new(false),
        }
    }

    /// Says whether that is news.
    pub(crate) fn set_quarantined(&self, is_quarantined: bool) -> bool {
        self.is_quarantined.swap(is_quarantined, Ordering::AcqRel) != is_quarantined
    }

    pub(crate) fn is_quarantined(&self) -> bool {
        self.is_quarantined.load(Ordering::Acquire)
    }

    /// What is remembered of this is no longer true.
    pub(crate) fn forget(&self, change: &Change) {
        match change {
            Change::Key(access_key_id, _) => self.pairs.forget(access_key_id),
            Change::Tenant(id) => self.pairs.forget_tenant(id),
            Change::Partner(id) => self.pairs.forget_partner(id),
            Change::Gateway(id) => self.gateways.forget(id),
            // Read anew for each request.
            Change::Token(_) => {}
        }
    }
}
