//! Numbers for Prometheus. No label ever names a tenant, a person or a key.

use std::fmt::Write;
use std::sync::LazyLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
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

struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram>,
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
    Metrics { registry, requests, durations }
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

pub(crate) fn page() -> String {
    let mut page = String::new();
    if prometheus_client::encoding::text::encode(&mut page, &METRICS.registry).is_err() {
        let _ = write!(page, "# EOF");
    }
    page
}
