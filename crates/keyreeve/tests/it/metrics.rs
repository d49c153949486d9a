//! What the metrics say while something is wrong: the rest is there all the same.

use testkit::postgres::shared;

use crate::home::{Home, until};

#[test]
fn a_database_that_is_away_is_seen() {
    let database = shared().unwrap().database().unwrap();
    let home = Home::new();
    let server = home.serve_with_metrics(&["--database", &database.url()]);
    let page = server.metrics();
    for line in ["keyreeve_database_up 1.0", "keyreeve_feed_well 1.0", "keyreeve_leases{holder=\"replica\"} 1.0"] {
        assert!(page.lines().any(|found| found == line), "{line}");
    }
    drop(database);
    let page = until("the feed to fail", || {
        let page = server.metrics();
        page.contains("\nkeyreeve_feed_well 0.0\n").then_some(page)
    });
    assert!(page.contains("\nkeyreeve_database_up 0.0\n"));
    assert!(!page.contains("keyreeve_leases"), "nobody knows");
    for name in ["keyreeve_feed_lag_seconds ", "keyreeve_lease_left_seconds ", "process_resident_memory_bytes "] {
        assert!(page.lines().any(|found| found.starts_with(name)), "{name}");
    }
    assert!(page.ends_with("# EOF\n"));
    server.stop();
}

#[test]
fn jobs_are_there_before_they_first_run() {
    let home = Home::new();
    let server = home.serve_with_metrics(&[]);
    let page = server.metrics();
    for name in ["keep house", "write down denials", "write down key usage", "write down last use"] {
        for line in [
            "keyreeve_job_runs_total{name=\"NAME\",outcome=\"failed\"} 0.0",
            "keyreeve_job_since_success_seconds{name=\"NAME\"} ",
        ] {
            assert!(page.contains(&line.replace("NAME", name)), "{name}");
        }
    }
    // The last rounds are at the end.
    server.stop().succeeded();
}
