//! Numbers for Prometheus. No label ever names a tenant, a person or a key.

use std::fmt::Write;
use std::sync::LazyLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Decision {
    decision: &'static str,
    /// Empty where the answer is yes.
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Lookup {
    source: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Settled {
    state: &'static str,
}

struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram>,
    decisions: Family<Decision, Counter>,
    lookups: Family<Lookup, Counter>,
    receipts: Family<Settled, Histogram>,
    quarantined: Gauge,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let mut registry = Registry::with_prefix("keyreeve");
    let requests = Family::<Request, Counter>::default();
    registry.register("http_requests", "Requests answered, by method, route and status", requests.clone());
    let durations =
        Family::<Route, Histogram>::new_with_constructor(|| Histogram::new(exponential_buckets(0.0005, 2.0, 14)));
    registry.register_with_unit(
        "http_request_duration",
        "How long requests took, by method and route",
        Unit::Seconds,
        durations.clone(),
    );
    let decisions = Family::<Decision, Counter>::default();
    registry.register("verify_decisions", "Verdicts for gateways, by decision and reason", decisions.clone());
    let lookups = Family::<Lookup, Counter>::default();
    registry.register(
        "pair_lookups",
        "Pairs that gateways asked about, by where the answer was found",
        lookups.clone(),
    );
    let receipts =
        Family::<Settled, Histogram>::new_with_constructor(|| Histogram::new(exponential_buckets(0.0005, 2.0, 14)));
    registry.register_with_unit(
        "receipt_duration",
        "How long changes waited until everybody had confirmed them, by the state in which they were answered",
        Unit::Seconds,
        receipts.clone(),
    );
    let quarantined = Gauge::default();
    registry.register("quarantined", "1 while nothing is verified after a restore", quarantined.clone());
    Metrics { registry, requests, durations, decisions, lookups, receipts, quarantined }
});

/// Methods that are not HTTP's own share one name: a label is not for strangers to choose.
pub(crate) fn request(method: &str, route: &str, status: u16, took: Duration) {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let method = known.into_iter().find(|known| *known == method).unwrap_or("other").to_owned();
    let route = route.to_owned();
    METRICS
        .durations
        .get_or_create(&Route { method: method.clone(), route: route.clone() })
        .observe(took.as_secs_f64());
    METRICS.requests.get_or_create(&Request { method, route, status }).inc();
}

/// A verdict; no reason for a yes.
pub(crate) fn decided(reason: Option<&'static str>) {
    let decision = if reason.is_some() { "deny" } else { "allow" };
    METRICS.decisions.get_or_create(&Decision { decision, reason: reason.unwrap_or_default() }).inc();
}

/// As it stood when a gateway asked last.
pub(crate) fn quarantined(is_quarantined: bool) {
    METRICS.quarantined.set(i64::from(is_quarantined));
}

pub(crate) fn looked_up(source: &'static str, count: u64) {
    METRICS.lookups.get_or_create(&Lookup { source }).inc_by(count);
}

pub(crate) fn settled(is_confirmed: bool, took: Duration) {
    let state = if is_confirmed { "confirmed" } else { "pending" };
    METRICS.receipts.get_or_create(&Settled { state }).observe(took.as_secs_f64());
}

pub(crate) fn page() -> String {
    let mut page = String::new();
    if prometheus_client::encoding::text::encode(&mut page, &METRICS.registry).is_err() {
        let _ = write!(page, "# EOF");
    }
    page
}
