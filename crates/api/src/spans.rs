//! Requests that are part of a trace, on their way to whoever exports them: through a queue that nobody waits for. When it is
//! full a span is dropped, and counted.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use domain::Timestamp;

use crate::http::trace::{Share, Trace};
use crate::metrics;

/// How many spans wait to be exported.
const ROOM: usize = 4096;

/// Where finished requests go.
pub struct Spans {
    queue: SyncSender<Span>,
    share: Share,
}

/// Where they come out.
pub struct FinishedSpans(Receiver<Span>);

/// One request. Nothing in it names a key, a tenant or a person: of a path there is only the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Hexadecimal, as OpenTelemetry writes them.
    pub trace_id: String,
    pub span_id: String,
    pub parent_span_id: Option<String>,
    pub method: &'static str,
    /// Such as `/v1/tenants/{tenant}`.
    pub route: String,
    pub status: u16,
    pub request_id: String,
    pub began: Timestamp,
    pub took: Duration,
}

/// A queue, with the share of requests without a trace of their own that begin one, 0 to 1.
pub fn spans(share: f64) -> (Spans, FinishedSpans) {
    let (sender, receiver) = sync_channel(ROOM);
    (Spans { queue: sender, share: Share(share) }, FinishedSpans(receiver))
}

impl Spans {
    pub(crate) fn share(&self) -> Share {
        self.share
    }

    pub(crate) fn offer(&self, trace: &Trace, span: impl FnOnce() -> Span) {
        if trace.is_sampled && self.queue.try_send(span()).is_err() {
            metrics::spans("dropped", 1);
        }
    }
}

impl FinishedSpans {
    /// As many as there are after so long, but no more than `most`. None when no more will come.
    pub fn gather(&self, most: usize, patience: Duration) -> Option<Vec<Span>> {
        let deadline = Instant::now() + patience;
        let mut gathered = Vec::new();
        while gathered.len() < most {
            match self.0.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(span) => gathered.push(span),
                Err(RecvTimeoutError::Disconnected) if gathered.is_empty() => return None,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        Some(gathered)
    }

    /// Takes note of what has become of some.
    pub fn note(&self, outcome: Outcome, count: usize) {
        metrics::spans(outcome.as_str(), count as u64);
    }
}

/// What becomes of a span that was not dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Exported,
    /// Nobody took it.
    Failed,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Exported => "exported",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Entropy;

    use super::*;

    fn span() -> Span {
        Span {
            trace_id: "1".repeat(32),
            span_id: "2".repeat(16),
            parent_span_id: None,
            method: "GET",
            route: "/v1/me".to_owned(),
            status: 200,
            request_id: "req_1".to_owned(),
            began: Timestamp::UNIX_EPOCH,
            took: Duration::from_millis(1),
        }
    }

    #[test]
    fn a_full_queue_makes_nobody_wait() {
        let (spans, finished) = spans(1.0);
        let trace = Trace::root(spans.share(), &mut Entropy::from_seed([1; 32]));
        for _ in 0..ROOM + 5 {
            spans.offer(&trace, span);
        }
        assert_eq!(finished.gather(ROOM * 2, Duration::ZERO).unwrap().len(), ROOM, "the rest is dropped");
        drop(spans);
        assert_eq!(finished.gather(1, Duration::from_secs(60)), None, "nobody is left to offer any");
    }

    #[test]
    fn what_is_not_sampled_is_not_even_made() {
        let (spans, finished) = spans(0.0);
        let trace = Trace::root(spans.share(), &mut Entropy::from_seed([1; 32]));
        spans.offer(&trace, || panic!("nobody wants it"));
        assert_eq!(finished.gather(1, Duration::ZERO), Some(Vec::new()));
    }
}
