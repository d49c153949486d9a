//! How a server takes its leave: first it says so, and goes on answering until those who send requests have noticed; then
//! nobody is kept waiting any more.

use std::sync::Arc;

use tokio::sync::watch;

/// The same one for whoever ends the server and for all that it serves.
#[derive(Clone)]
pub struct Drain(Arc<watch::Sender<Phase>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    /// Not ready, and every answer is the last on its connection.
    Leaving,
    /// Whoever waits for something to happen is answered now.
    Closing,
}

impl Default for Drain {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Phase::Serving)))
    }
}

impl Drain {
    pub fn begin(&self) {
        self.0.send_replace(Phase::Leaving);
    }

    pub fn close(&self) {
        self.0.send_replace(Phase::Closing);
    }

    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow() >= Phase::Leaving
    }

    pub(crate) fn is_closing(&self) -> bool {
        *self.0.borrow() == Phase::Closing
    }

    pub(crate) async fn closing(&self) {
        // The sender lives as long as we do.
        let _ = self.0.subscribe().wait_for(|phase| *phase == Phase::Closing).await;
    }
}
