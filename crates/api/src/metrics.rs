//! Numbers for Prometheus. No label ever names a tenant, a person or a key.

mod catalogue;
mod process;
mod vitals;

use std::cell::RefCell;
use std::sync::LazyLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry};
use service::Vitals;

pub use catalogue::catalogue;
use catalogue::{self as about, About};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: &'static str,
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

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Exported {
    outcome: &'static str,
}

struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram>,
    decisions: Family<Decision, Counter>,
    lookups: Family<Lookup, Counter>,
    receipts: Family<Settled, Histogram>,
    spans: Family<Exported, Counter>,
    /// Of the families above, those that every verification counts: to look them up would take longer than to count.
    allowed: Counter,
    from_memory: Counter,
    from_database: Counter,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let (decisions, lookups) = (Family::<Decision, Counter>::default(), Family::<Lookup, Counter>::default());
    let looked_up_in = |source| lookups.get_or_create_owned(&Lookup { source });
    let mut metrics = Metrics {
        registry: Registry::with_prefix("keyreeve"),
        requests: Family::default(),
        durations: Family::new_with_constructor(durations),
        allowed: decisions.get_or_create_owned(&Decision::of(None)),
        from_memory: looked_up_in("memory"),
        from_database: looked_up_in("database"),
        decisions,
        lookups,
        receipts: Family::new_with_constructor(durations),
        spans: Family::default(),
    };
    metrics.register(about::REQUESTS, metrics.requests.clone());
    metrics.register(about::DURATION, metrics.durations.clone());
    metrics.register(about::DECISIONS, metrics.decisions.clone());
    metrics.register(about::LOOKUPS, metrics.lookups.clone());
    metrics.register(about::RECEIPTS, metrics.receipts.clone());
    metrics.register(about::SPANS, metrics.spans.clone());
    metrics.begin_at_zero();
    metrics
});

fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 14))
}

impl Metrics {
    fn register(&mut self, about: &About, metric: impl Metric) {
        match &about.unit {
            Some(unit) => self.registry.register_with_unit(about.name, about.means, unit.clone(), metric),
            None => self.registry.register(about.name, about.means, metric),
        }
    }

    /// What has not happened yet is there all the same: a rate over it begins with the first time, and not the second. (What
    /// every verification counts is there already.)
    fn begin_at_zero(&self) {
        for state in ["confirmed", "pending"] {
            drop(self.receipts.get_or_create(&Settled { state }));
        }
        for outcome in ["exported", "dropped", "failed"] {
            drop(self.spans.get_or_create(&Exported { outcome }));
        }
    }
}

impl Decision {
    fn of(reason: Option<&'static str>) -> Self {
        let decision = if reason.is_some() { "deny" } else { "allow" };
        Self { decision, reason: reason.unwrap_or_default() }
    }
}

/// Methods that are not HTTP's own share one name: a label is not for strangers to choose.
pub(crate) fn known_method(method: &str) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    known.into_iter().find(|known| *known == method).unwrap_or("other")
}

/// Where requests of one kind are counted.
struct Place {
    requests: Request,
    count: Counter,
    duration: Histogram,
}

impl Place {
    fn of(requests: Request) -> Self {
        let route = Route { method: requests.method, route: requests.route.clone() };
        let count = METRICS.requests.get_or_create_owned(&requests);
        Self { requests, count, duration: METRICS.durations.get_or_create_owned(&route) }
    }

    fn is_for(&self, method: &str, route: &str, status: u16) -> bool {
        let requests = &self.requests;
        requests.status == status && requests.route == route && requests.method == method
    }
}

pub(crate) fn request(method: &'static str, route: &str, status: u16, took: Duration) {
    thread_local! {
        /// The last one: most requests are like the one before them.
        static LAST: RefCell<Option<Place>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_some_and(|place| !place.is_for(method, route, status)) {
            *last = None;
        }
        let place = last.get_or_insert_with(|| Place::of(Request { method, route: route.to_owned(), status }));
        place.count.inc();
        place.duration.observe(took.as_secs_f64());
    });
}

/// A verdict; no reason for a yes.
pub(crate) fn decided(reason: Option<&'static str>) {
    match reason {
        None => METRICS.allowed.inc(),
        reason => METRICS.decisions.get_or_create(&Decision::of(reason)).inc(),
    };
}

pub(crate) fn looked_up_in_memory(count: u64) {
    METRICS.from_memory.inc_by(count);
}

pub(crate) fn looked_up_in_database(count: u64) {
    METRICS.from_database.inc_by(count);
}

pub(crate) fn settled(is_confirmed: bool, took: Duration) {
    let state = if is_confirmed { "confirmed" } else { "pending" };
    METRICS.receipts.get_or_create(&Settled { state }).observe(took.as_secs_f64());
}

pub(crate) fn spans(outcome: &'static str, count: u64) {
    METRICS.spans.get_or_create(&Exported { outcome }).inc_by(count);
}

/// The whole page, with the vital signs of this moment.
pub(crate) fn page(vitals: Vitals) -> String {
    let mut page = String::new();
    let written = encode_registry(&mut page, &METRICS.registry)
        .and_then(|()| vitals::registries(vitals).iter().try_for_each(|registry| encode_registry(&mut page, registry)))
        .and_then(|()| encode_eof(&mut page));
    // Writing to memory does not fail; if it did, half a page would have no end and be refused.
    debug_assert!(written.is_ok());
    page
}
