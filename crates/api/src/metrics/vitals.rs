//! What is asked for only when somebody scrapes: the service's vital signs and the process's own.

use std::fmt::Error;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use service::{Holders, JobVitals, PoolVitals, Vitals};

use super::catalogue::{self as about, About};
use super::process::Process;

const OURS: &str = "keyreeve";

/// Encoded after what is counted on the way of each request.
pub(super) fn registries(vitals: Vitals) -> [Registry; 2] {
    let mut ours = Registry::with_prefix(OURS);
    ours.register_collector(Box::new(OfService(vitals)));
    let mut common = Registry::default();
    common.register_collector(Box::new(OfProcess));
    [ours, common]
}

#[derive(Debug)]
struct OfService(Vitals);

#[derive(Debug)]
struct OfProcess;

/// Values of one metric: the labels of each, and its number.
type Samples<'a> = Vec<(Vec<(&'static str, &'a str)>, f64)>;

struct Page<'e>(DescriptorEncoder<'e>);

impl Page<'_> {
    fn number(&mut self, about: &About, value: f64) -> Result<(), Error> {
        sample(about, value, self.describe(about)?)
    }

    fn numbers(&mut self, about: &About, samples: Samples<'_>) -> Result<(), Error> {
        let mut metric = self.describe(about)?;
        samples.into_iter().try_for_each(|(labels, value)| sample(about, value, metric.encode_family(&labels)?))
    }

    fn describe<'s>(&'s mut self, about: &'s About) -> Result<MetricEncoder<'s>, Error> {
        self.0.encode_descriptor(about.name, &format!("{}.", about.means), about.unit.as_ref(), about.kind)
    }
}

fn sample(about: &About, value: f64, encoder: MetricEncoder<'_>) -> Result<(), Error> {
    if matches!(about.kind, MetricType::Counter) {
        ConstCounter::new(value).encode(encoder)
    } else {
        ConstGauge::new(value).encode(encoder)
    }
}

impl Collector for OfService {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let vitals = &self.0;
        let mut page = Page(encoder);
        let build = vec![("version", env!("CARGO_PKG_VERSION")), ("database", vitals.database_kind)];
        page.describe(about::BUILD)?.encode_info(&build)?;

        page.number(about::QUARANTINED, f64::from(vitals.is_quarantined))?;
        page.number(about::KNOWN_PAIRS, vitals.known_pairs as f64)?;
        page.number(about::KNOWN_PAIRS_LIMIT, vitals.most_known_pairs as f64)?;

        page.number(about::FEED_APPLIED, vitals.feed.applied as f64)?;
        page.number(about::FEED_LAG, vitals.feed.silent_for.as_seconds_f64())?;
        page.number(about::FEED_WELL, f64::from(vitals.feed.is_well))?;
        page.number(about::FEED_HELD_UP, vitals.feed.held_up_for.as_seconds_f64())?;
        page.number(about::LEASE_LEFT, vitals.lease_left.as_seconds_f64())?;
        if let Some(leases) = &vitals.leases {
            let of_both = |number: fn(&Holders) -> u64| {
                let of = |holder, holders| (vec![("holder", holder)], number(holders) as f64);
                vec![of("replica", &leases.replicas), of("gateway", &leases.gateways)]
            };
            page.numbers(about::LEASES, of_both(|holders| holders.live))?;
            page.numbers(about::LAGGING, of_both(|holders| holders.lagging))?;
        }

        page.number(about::DATABASE_UP, f64::from(vitals.leases.is_some()))?;
        page.number(about::CLOCK_BEHIND, vitals.clock_behind.as_seconds_f64())?;
        let of_pools = |number: fn(&PoolVitals) -> f64| {
            let of = |pool, vitals| (vec![("pool", pool)], number(vitals));
            vec![of("readers", &vitals.database.readers), of("writers", &vitals.database.writers)]
        };
        page.numbers(about::POOL_SIZE, of_pools(|pool| pool.size.into()))?;
        page.numbers(about::POOL_IN_USE, of_pools(|pool| pool.in_use.into()))?;
        page.numbers(about::POOL_WAITS, of_pools(|pool| pool.waits as f64))?;
        page.numbers(about::POOL_TIMEOUTS, of_pools(|pool| pool.timeouts as f64))?;
        page.number(about::COMMITS, vitals.database.commits as f64)?;
        page.number(about::RETRIES, vitals.database.retries as f64)?;
        page.number(about::AUDIT_EVENTS, vitals.database.audit_events as f64)?;

        page.numbers(about::JOB_RUNS, vitals.jobs.iter().flat_map(runs).collect())?;
        let age = |job: &'_ JobVitals| (vec![("name", job.name)], job.since_well.as_seconds_f64());
        page.numbers(about::JOB_AGE, vitals.jobs.iter().map(age).collect())?;
        page.number(about::UNWRITTEN_USAGE, vitals.unwritten_usage as f64)
    }
}

fn runs(job: &JobVitals) -> [(Vec<(&'static str, &'static str)>, f64); 2] {
    let of = |outcome, count: u64| (vec![("name", job.name), ("outcome", outcome)], count as f64);
    [of("ok", job.went_well), of("failed", job.failed)]
}

impl Collector for OfProcess {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let Some(process) = Process::look() else { return Ok(()) };
        let mut page = Page(encoder);
        page.number(about::PROCESS_CPU, process.cpu_seconds)?;
        page.number(about::PROCESS_MEMORY, process.resident_bytes)?;
        page.number(about::PROCESS_FDS, process.open_fds)?;
        page.number(about::PROCESS_MAX_FDS, process.max_fds)?;
        page.number(about::PROCESS_THREADS, process.threads)?;
        page.number(about::PROCESS_START, process.started_at)
    }
}
