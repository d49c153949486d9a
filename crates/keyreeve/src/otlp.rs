//! Sends finished requests to an OpenTelemetry collector: OTLP over HTTP, as JSON, from a thread of its own. A collector that is away
//! costs spans, and no request any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use api::{FinishedSpans, Outcome, Span};
use serde_json::{Value, json};
use ureq::Agent;

/// How many spans are sent at once, and how long they wait for one another.
const AT_ONCE: usize = 512;
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a collector may take, and how often it is asked again when it is only busy.
const PATIENCE: Duration = Duration::from_secs(5);
const TRIES: usize = 3;

pub(crate) struct Exporter {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

struct Collector {
    agent: Agent,
    url: String,
    resource: Value,
    stop: Arc<AtomicBool>,
}

/// Why spans were not taken.
#[derive(Debug)]
struct Refused {
    why: String,
    /// Whether they might be another time.
    is_passing: bool,
}

impl Exporter {
    /// `endpoint` is where the collector listens, such as `http://127.0.0.1:4318`.
    pub(crate) fn start(endpoint: &str, host: &str, finished: FinishedSpans) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        let collector = Collector {
            agent: agent.into(),
            url: format!("{endpoint}/v1/traces"),
            resource: json!({"attributes": [
                text("service.name", "keyreeve"),
                text("service.version", env!("CARGO_PKG_VERSION")),
                text("service.instance.id", host),
            ]}),
            stop: stop.clone(),
        };
        Self { stop, thread: thread::spawn(move || collector.export(&finished)) }
    }

    /// Sends what is left, if somebody takes it.
    pub(crate) fn finish(self) {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        let _ = self.thread.join();
    }
}

impl Collector {
    fn export(&self, finished: &FinishedSpans) {
        let mut was_well = true;
        loop {
            let is_over = self.stop.load(Ordering::Acquire);
            let interval = if is_over { Duration::ZERO } else { INTERVAL };
            let Some(spans) = finished.gather(AT_ONCE, interval) else { return };
            if !spans.is_empty() {
                let sent = self.send(&spans);
                finished.note(if sent.is_ok() { Outcome::Exported } else { Outcome::Failed }, spans.len());
                was_well = self.say(sent, was_well);
            }
            if is_over && spans.len() < AT_ONCE {
                return;
            }
        }
    }

    /// A streak of failures is one line in the log, and one more when it is over.
    fn say(&self, sent: Result<(), Refused>, was_well: bool) -> bool {
        match &sent {
            Err(Refused { why, .. }) if was_well => {
                tracing::error!(collector = self.url, why, "traces are not taken; trying again quietly");
            }
            Ok(()) if !was_well => tracing::info!("traces are taken again"),
            Ok(()) | Err(_) => {}
        }
        sent.is_ok()
    }

    fn send(&self, spans: &[Span]) -> Result<(), Refused> {
        let body = self.message(spans).to_string();
        let mut last = self.post(&body);
        for _ in 1..TRIES {
            let is_worth_it = last.as_ref().is_err_and(|refused| refused.is_passing);
            if !is_worth_it || self.stop.load(Ordering::Acquire) {
                break;
            }
            thread::park_timeout(INTERVAL);
            last = self.post(&body);
        }
        last
    }

    fn post(&self, body: &str) -> Result<(), Refused> {
        let answer = self.agent.post(&self.url).header("content-type", "application/json").send(body);
        let answer = answer.map_err(|error| Refused { why: error.to_string(), is_passing: true })?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status => Err(Refused {
                why: format!("it answers {status}"),
                is_passing: matches!(status, 429 | 502 | 503 | 504),
            }),
        }
    }

    /// An `ExportTraceServiceRequest`, as OTLP writes it in JSON: ids in hexadecimal, long numbers as text.
    fn message(&self, spans: &[Span]) -> Value {
        let spans: Vec<Value> = spans.iter().map(written).collect();
        json!({"resourceSpans": [{
            "resource": self.resource,
            "scopeSpans": [{"scope": {"name": "keyreeve"}, "spans": spans}],
        }]})
    }
}

fn written(span: &Span) -> Value {
    const SERVER: u8 = 2;
    const ERROR: u8 = 2;
    let began = span.began.timestamp_micros().max(0).unsigned_abs() * 1000;
    let ended = began + u64::try_from(span.took.as_nanos()).unwrap_or_default();
    let mut written = json!({
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": format!("{} {}", span.method, span.route),
        "kind": SERVER,
        "startTimeUnixNano": began.to_string(),
        "endTimeUnixNano": ended.to_string(),
        "attributes": [
            text("http.request.method", span.method),
            text("http.route", &span.route),
            {"key": "http.response.status_code", "value": {"intValue": span.status.to_string()}},
            text("keyreeve.request_id", &span.request_id),
        ],
    });
    if let (Some(parent), Some(fields)) = (&span.parent_span_id, written.as_object_mut()) {
        fields.insert("parentSpanId".to_owned(), json!(parent));
    }
    if let (500.., Some(fields)) = (span.status, written.as_object_mut()) {
        fields.insert("status".to_owned(), json!({"code": ERROR}));
    }
    written
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}
