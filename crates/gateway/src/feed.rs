//! Follows the feed of changes, for as long as the client lives.

use std::sync::Arc;
use std::time::Duration;

use wire::Changes;

use crate::connection::Connection;
use crate::memory::Memory;
use crate::metrics::{Call, Feed, Metrics};
use crate::{Clock, Trouble};

/// How long a question waits for something to change. Each answer renews the lease from when its question was sent, so
/// this is well below a lease.
const WAIT: Duration = Duration::from_secs(5);
/// What a lost connection is noticed by.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(crate) struct Follower {
    pub(crate) connection: Arc<Connection>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) metrics: Arc<dyn Metrics>,
    pub(crate) clock: Clock,
    /// Of this process, and of no other: two that share one would confirm for each other.
    pub(crate) instance: String,
}

impl Follower {
    pub(crate) async fn follow(self) {
        let mut after = None;
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.step(after).await {
                Ok(next) => {
                    after = next;
                    pause = SHORTEST_PAUSE;
                }
                Err(trouble) => {
                    self.metrics.followed(Feed::Lost(&trouble));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Asks once, and says after what to ask next.
    async fn step(&self, after: Option<i64>) -> Result<Option<i64>, Trouble> {
        let since = self.clock.moment();
        // A lease that has run out is not waited for.
        let wait = if after.is_some() && self.memory.lease.holds(since) { WAIT } else { Duration::ZERO };
        let mut path = format!("/v1/gateway/changes?instance={}&wait_s={}", self.instance, wait.as_secs());
        if let Some(after) = after {
            path.push_str(&format!("&after={after}"));
        }
        let Some(changes) = self.connection.poll::<Changes>(Call::Changes, &path, wait).await? else {
            self.memory.forget_everything();
            self.metrics.followed(Feed::StartedOver);
            return Ok(None);
        };
        if after.is_none() {
            self.memory.begin(changes.sequence);
            self.metrics.followed(Feed::Begun);
        } else {
            self.memory.apply(&changes);
            if !changes.changes.is_empty() {
                self.metrics.followed(Feed::Heard(changes.changes.len()));
            }
        }
        let lease = Duration::from_secs(u64::try_from(changes.lease_s).unwrap_or(0));
        self.memory.lease.extend(since, lease);
        Ok(Some(changes.sequence))
    }
}
