//! Metrics: all of them described, none that names anybody, and each moved by what it counts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Signer, on_both_databases};

use crate::openapi::is_checked_in;
use crate::place::{Place, REGION};

/// Every label there may be. What a new one holds has to be bounded, and name nobody; `job` and `instance` are Prometheus' own.
const LABELS: [&str; 14] = [
    "database", "decision", "holder", "le", "method", "name", "outcome", "pool", "reason", "route", "source", "state",
    "status", "version",
];

/// The names that the catalogue describes.
fn described() -> BTreeSet<String> {
    let catalogue = keyreeve_api::metric_catalogue();
    let rows = catalogue.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

/// The names that are on a page.
fn shown(page: &str) -> BTreeSet<String> {
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let name = |(name, kind): (&str, &str)| match kind {
        "counter" => format!("{name}_total"),
        "info" => format!("{name}_info"),
        _ => name.to_owned(),
    };
    types.map(name).collect()
}

/// Each sample with its labels, as it is written.
fn samples(page: &str) -> BTreeMap<&str, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name, value.parse().unwrap())).collect()
}

/// How much a sample has grown.
fn growth(before: &str, after: &str, sample: &str) -> f64 {
    samples(after)[sample] - samples(before).get(sample).copied().unwrap_or_default()
}

#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "waited too long for {what}");
    }
}

#[test]
fn the_catalogue_is_checked_in() {
    is_checked_in("docs/metrics.md", &keyreeve_api::metric_catalogue());
}

on_both_databases! {
    fn every_metric_is_described_and_every_description_has_its_metric(server: &Server) {
        server.operator().get("/v1/me").expect(200);
        let page = server.metrics();
        assert_eq!(shown(&page), described());
        assert!(page.ends_with("# EOF\n"));
    }

    fn no_label_names_anybody(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = server.gateway(&[REGION], &["verify"]);
        let made = place.make("Production API");
        let signer = Signer::of(&made);
        gateway.client.post("/v1/gateway/verify", signer.request(server.now())).expect(200);
        place.admin.get(&format!("{}?limit=7", place.key(&made))).expect(200);
        let page = server.metrics();

        let labels = page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('{')?.1.split_once('}'));
        let labels: BTreeSet<_> = labels.flat_map(|(labels, _)| labels.split("\",")).map(|label| label.split('=').next().unwrap()).collect();
        assert!(labels.iter().all(|label| LABELS.contains(label)), "{labels:?}");

        let tenant = place.tenant.path("").rsplit('/').next().unwrap().to_owned();
        let key = place.key(&made).rsplit('/').next().unwrap().to_owned();
        for id in [tenant, key, made.text_at("/key/access_key_id"), "Acme".to_owned(), "limit=7".to_owned()] {
            assert!(!page.contains(&id), "{id} is on the page");
        }
        for prefix in ["ten_", "key_", "gw_", "usr_", "ptr_", "tok_", "ins_", "req_"] {
            assert!(!page.contains(prefix), "an id is on the page: {prefix}");
        }
    }

    fn what_happens_is_counted(server: &Server) {
        let place = Place::of(server, "multi");
        let gateway = server.gateway(&[REGION], &["verify"]);
        let before = server.metrics();
        let made = place.make("Production API");
        let signer = Signer::of(&made);
        let verify = || gateway.client.post("/v1/gateway/verify", signer.request(server.now())).expect(200);
        // It is forgotten once more when the feed tells of its making.
        until("the pair to be remembered", || {
            verify();
            let now = server.metrics();
            samples(&now)["keyreeve_known_pairs"] == 1.0
                && growth(&before, &now, "keyreeve_pair_lookups_total{source=\"memory\"}") >= 1.0
        });
        place.admin.post(&format!("{}/revoke", place.key(&made)), json!({})).expect(200);
        verify();
        let after = server.metrics();

        let growth = |sample| growth(&before, &after, sample);
        assert_eq!(growth("keyreeve_audit_events_total"), 2.0, "the key's creation and its end");
        // Tests of the same process count into the same page.
        assert!(growth("keyreeve_verify_decisions_total{decision=\"allow\",reason=\"\"}") >= 2.0);
        assert!(growth("keyreeve_verify_decisions_total{decision=\"deny\",reason=\"revoked\"}") >= 1.0);
        assert!(growth("keyreeve_pair_lookups_total{source=\"database\"}") >= 1.0);
        assert!(growth("keyreeve_receipt_duration_seconds_count{state=\"confirmed\"}") >= 1.0);
        assert_eq!(growth("keyreeve_usage_unwritten"), 1.0, "one key was used, and nobody has written it down");

        let after = samples(&after);
        assert_eq!(after["keyreeve_database_up"], 1.0);
        assert_eq!(after["keyreeve_leases{holder=\"replica\"}"], 1.0);
        assert_eq!(after["keyreeve_pool_connections_limit{pool=\"readers\"}"], if server.is_on_postgres() { 4.0 } else { 8.0 });
        until("the feed to be applied", || {
            let now = server.metrics();
            let now = samples(&now);
            now["keyreeve_feed_well"] == 1.0
                && now["keyreeve_feed_applied_sequence"] > 0.0
                && now["keyreeve_lease_left_seconds"] > 0.0
                && now["keyreeve_leases_lagging{holder=\"replica\"}"] == 0.0
        });
    }

    fn a_transaction_that_does_not_end_is_seen_to_hold_up_the_feed(server: &Server) {
        let held_up = || samples(&server.metrics())["keyreeve_feed_held_up_seconds"];
        let place = Place::of(server, "multi");
        until("nothing to hold up the feed", || held_up() == 0.0);
        let Some(transaction) = server.open_transaction() else { return };
        place.make("Production API");
        until("the feed to be held up", || held_up() > 0.0);
        drop(transaction);
        until("the feed to go on", || held_up() == 0.0);
    }

    fn another_replica_is_counted_until_it_goes(server: &Server) {
        let replicas = || samples(&server.metrics())["keyreeve_leases{holder=\"replica\"}"];
        if !server.is_on_postgres() {
            // An embedded database is one process's own.
            assert_eq!(replicas(), 1.0);
            return;
        }
        let other = server.replica();
        assert_eq!(replicas(), 2.0);
        drop(other);
        assert_eq!(replicas(), 1.0);
    }
}
