//! How far this node has followed the feed.

use tokio::sync::watch;

pub(crate) struct Feed {
    applied: watch::Sender<i64>,
    newest: watch::Sender<i64>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { applied: watch::channel(0).0, newest: watch::channel(0).0 }
    }
}

impl Feed {
    /// Everything up to this number has been applied here; 0 before anything was.
    pub(crate) fn applied(&self) -> i64 {
        *self.applied.borrow()
    }

    pub(crate) fn watch_applied(&self) -> watch::Receiver<i64> {
        self.applied.subscribe()
    }

    /// The number of the newest change that was seen: on PostgreSQL numbers go on without changes.
    pub(crate) fn watch_newest(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    pub(crate) fn begin(&self, at: i64) {
        self.applied.send_replace(at);
    }

    pub(crate) fn go_on(&self, to: i64, newest: Option<i64>) {
        raise(&self.applied, to);
        if let Some(newest) = newest {
            raise(&self.newest, newest);
        }
    }
}

fn raise(number: &watch::Sender<i64>, to: i64) {
    number.send_if_modified(|number| {
        let rises = to > *number;
        *number = to.max(*number);
        rises
    });
}
