//! Every metric there is: what it is called, what it says, and what to do when it is bad. `docs/metrics.md` is made of it.

use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

pub(super) struct About {
    /// Without what its unit and its kind put behind it.
    pub(super) name: &'static str,
    pub(super) kind: MetricType,
    pub(super) unit: Option<Unit>,
    labels: &'static [&'static str],
    pub(super) means: &'static str,
    when_bad: &'static str,
}

struct Group {
    title: &'static str,
    prefix: &'static str,
    metrics: &'static [&'static About],
}

const OURS: &str = "keyreeve_";

macro_rules! catalogue {
    ($($title:literal $prefix:expr => {
        $($name:ident: $text:literal, $kind:ident, $unit:expr, [$($label:literal),*], $means:literal, $when_bad:literal;)*
    })*) => {
        $($(pub(super) const $name: &About = &About {
            name: $text,
            kind: MetricType::$kind,
            unit: $unit,
            labels: &[$($label),*],
            means: $means,
            when_bad: $when_bad,
        };)*)*

        const ALL: &[Group] = &[$(Group { title: $title, prefix: $prefix, metrics: &[$($name),*] }),*];
    };
}

catalogue! {
    "Requests" OURS => {
        REQUESTS: "http_requests", Counter, None, ["method", "route", "status"],
            "Requests answered, by method, route and status",
            "Many 5xx: look for `request` lines of that route in the log, then at the database below. Many 429: a caller is too fast.";
        DURATION: "http_request_duration", Histogram, Some(Unit::Seconds), ["method", "route"],
            "How long requests took, by method and route",
            "Slow writes are slow disks of the database; slow `verify` with few writes is a processor that is busy: add a replica.";
    }
    "What gateways ask" OURS => {
        DECISIONS: "verify_decisions", Counter, None, ["decision", "reason"],
            "Verdicts for gateways, by decision and reason; there is no reason for a yes",
            "Many `signature`: a client with a wrong secret. Many `unknown`: somebody guesses, or a gateway asks for another region's keys. Many `skew`: a clock is wrong.";
        LOOKUPS: "pair_lookups", Counter, None, ["source"],
            "Pairs that gateways asked about, by where the answer was found: `memory` or `database`",
            "Mostly `database` after the first minutes: raise `known_keys`, or see whether the lease below holds.";
        QUARANTINED: "quarantined", Gauge, None, [],
            "Whether nothing is verified because the database was restored and nobody has decided about it yet, 1 or 0",
            "1: gateways get 503. Decide, as the page about backups says, and lift the quarantine.";
        KNOWN_PAIRS: "known_pairs", Gauge, None, [],
            "Access keys that this replica remembers",
            "Nothing by itself; compare it with the limit.";
        KNOWN_PAIRS_LIMIT: "known_pairs_limit", Gauge, None, [],
            "How many it may remember: the setting `known_keys`",
            "Reached while many lookups go to the database: raise it, about a kilobyte of memory each.";
    }
    "Revocation" OURS => {
        FEED_APPLIED: "feed_applied_sequence", Gauge, None, [],
            "Number of the newest change that this replica has applied, and everything before it",
            "It stands still while changes are made: see the three below.";
        FEED_LAG: "feed_lag", Gauge, Some(Unit::Seconds), [],
            "Time since this replica last read the feed of changes to its end",
            "Above a sixth of `lease_seconds` it has missed its turn: the database is away or slow. The log says why.";
        FEED_WELL: "feed_well", Gauge, None, [],
            "Whether the last look at the feed succeeded, 1 or 0",
            "0: the database does not answer this replica. It answers from memory until its lease ends, and then 503.";
        FEED_HELD_UP: "feed_held_up", Gauge, Some(Unit::Seconds), [],
            "For how long changes that were seen have waited for a transaction that began before them and does not end",
            "PostgreSQL only. Find it in `pg_stat_activity` by its `xact_start`, and end it: revocations are confirmed late meanwhile.";
        LEASE_LEFT: "lease_left", Gauge, Some(Unit::Seconds), [],
            "For how long this replica may still answer from memory if it hears nothing more",
            "0: every request of a gateway asks the database. See the feed above.";
        LEASES: "leases", Gauge, None, ["holder"],
            "Who may answer from memory at this moment: `replica` or `gateway`, a process each",
            "Fewer than you run: that one is down or cut off.";
        LAGGING: "leases_lagging", Gauge, None, ["holder"],
            "Of those, the ones that have not confirmed the newest change",
            "For longer than a few seconds: revocations answer 202 until its lease has ended. The receipt names it.";
        RECEIPTS: "receipt_duration", Histogram, Some(Unit::Seconds), ["state"],
            "How long changes waited until everybody had confirmed them, by how they were answered: `confirmed` (200) or `pending` (202)",
            "Many `pending`: somebody lags, see above.";
    }
    "Database" OURS => {
        DATABASE_UP: "database_up", Gauge, None, [],
            "Whether the database answered when these metrics were asked for, 1 or 0",
            "0: the management API answers 503. The two metrics of leases are missing meanwhile.";
        POOL_SIZE: "pool_connections_limit", Gauge, None, ["pool"],
            "How many connections there may be: the settings `readers` and `writers`",
            "Nothing by itself.";
        POOL_IN_USE: "pool_connections_in_use", Gauge, None, ["pool"],
            "Connections that somebody works with",
            "All of them for long: see waits and time-outs.";
        POOL_WAITS: "pool_waits", Counter, None, ["pool"],
            "How often somebody got a connection later than at once",
            "Often: raise `readers` or `writers`, if the database has room. SQLite has one writer.";
        POOL_TIMEOUTS: "pool_timeouts", Counter, None, ["pool"],
            "How often somebody got no connection in time, and its caller a 503",
            "At all: the database is slow or away, or there are too few connections.";
        COMMITS: "commits", Counter, None, [],
            "Commits of this process; on SQLite, changes that are made at once share one",
            "Nothing by itself. Far fewer than audit events: many change things at once, and the disk keeps up.";
        RETRIES: "transaction_retries", Counter, None, [],
            "Transactions that were started over because another was in the way",
            "Many for one request: several callers change the same tenant at once.";
        AUDIT_EVENTS: "audit_events", Counter, None, [],
            "Events that this process has committed to the audit",
            "None while changes are made cannot be: a change without its event is not committed. Very many: somebody changes, or is refused, a lot.";
    }
    "Work beside the requests" OURS => {
        JOB_RUNS: "job_runs", Counter, None, ["name", "outcome"],
            "Rounds of each job, by outcome: `ok` or `failed`",
            "Failures: the log says why, once at their beginning.";
        JOB_AGE: "job_since_success", Gauge, Some(Unit::Seconds), ["name"],
            "Time since each job last went well, or since the start",
            "Above some minutes: nothing depends on when a job runs, but what it cleans up or writes down piles up.";
        UNWRITTEN_USAGE: "usage_unwritten", Gauge, None, [],
            "Access keys whose use is counted in memory and not yet written down",
            "It grows without end: the database refuses to be written to. A clean stop writes it down; a crash loses it.";
    }
    "Time" OURS => {
        CLOCK_BEHIND: "clock_behind", Gauge, Some(Unit::Seconds), [],
            "By how much this machine's clock is behind the time that was reached",
            "It was set back, and time goes on from where it was: set it right. If it is right and was ahead before: `keyreeve clock reset`.";
    }
    "Traces" OURS => {
        SPANS: "spans", Counter, None, ["outcome"],
            "Requests that were part of a trace, by what became of that: `exported`, `dropped` since too many waited, or `failed`",
            "`failed`: the collector does not take them, and the log says why. `dropped`: lower `otlp_ratio`. No request waits for either.";
    }
    "Process" OURS => {
        BUILD: "build", Info, None, ["version", "database"],
            "Which version this is, and on which kind of database",
            "More than one version for longer than an upgrade takes: a replica was left behind.";
    }
    "Process, by Prometheus' common names" "" => {
        PROCESS_CPU: "process_cpu", Counter, Some(Unit::Seconds), [],
            "Processor time that was used",
            "All of it for long: add a replica.";
        PROCESS_MEMORY: "process_resident_memory", Gauge, Some(Unit::Bytes), [],
            "Memory that is in use",
            "It goes with `known_keys`; near the machine's limit, lower that.";
        PROCESS_FDS: "process_open_fds", Gauge, None, [],
            "Files and connections that are open",
            "Near the limit below: too many clients at once, or the limit is low.";
        PROCESS_MAX_FDS: "process_max_fds", Gauge, None, [],
            "How many there may be",
            "Less than 10,000: raise `LimitNOFILE` or what takes its place.";
        PROCESS_THREADS: "process_threads", Gauge, None, [],
            "Threads",
            "Nothing by itself.";
        PROCESS_START: "process_start_time", Gauge, Some(Unit::Seconds), [],
            "When the process was started, in seconds since 1970",
            "It changes though nobody restarted anything: it crashed. The end of the log before says how.";
    }
}

impl About {
    /// As Prometheus shows it.
    fn full_name(&self, prefix: &str) -> String {
        let unit = self.unit.as_ref().map(|unit| format!("_{}", unit.as_str())).unwrap_or_default();
        let suffix = match self.kind {
            MetricType::Counter => "_total",
            MetricType::Info => "_info",
            MetricType::Gauge | MetricType::Histogram | MetricType::Unknown => "",
        };
        format!("{prefix}{}{unit}{suffix}", self.name)
    }
}

/// For `docs/metrics.md`.
pub fn catalogue() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         What `/metrics` says on the listener of `metrics_listen`, in the OpenMetrics text format, and what to do when it is bad.\n\
         No label names a tenant, a key, a gateway or a person. Numbers are of one replica unless they say otherwise; the\n\
         unit is at the end of the name. Rules and a dashboard are in `deploy/prometheus` and `deploy/grafana`.\n\
         This page is generated from `crates/api/src/metrics/catalogue.rs`:\n\
         `KEYREEVE_UPDATE=1 scripts/test metrics::`.\n",
    );
    for Group { title, prefix, metrics } in ALL {
        page.push_str(&format!(
            "\n## {title}\n\n| metric | type | labels | says | when it is bad |\n|---|---|---|---|---|\n"
        ));
        for about in *metrics {
            let labels: Vec<_> = about.labels.iter().map(|label| format!("`{label}`")).collect();
            page.push_str(&format!(
                "| `{}` | {} | {} | {}. | {} |\n",
                about.full_name(prefix),
                about.kind.as_str(),
                labels.join(", "),
                about.means,
                about.when_bad
            ));
        }
    }
    page
}
