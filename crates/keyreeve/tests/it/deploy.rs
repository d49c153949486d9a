//! What is in `deploy` fits this binary: metrics that rules and dashboard ask for, alerts that are explained, settings that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::home::Home;

fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of all series that a server shows, once something has been asked of it.
fn series() -> BTreeSet<String> {
    let home = Home::new();
    let server = home.serve_with_metrics(&[]);
    assert!(server.is_live());
    let page = server.metrics();
    server.stop().succeeded();
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

/// The names of series in expressions of PromQL.
fn asked_for(expressions: &str) -> BTreeSet<String> {
    let words = expressions.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("keyreeve_") || word.starts_with("process_")).map(str::to_owned).collect()
}

/// Every `expr` of the dashboard and of its variables.
fn expressions(value: &Value, found: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        match value.as_str() {
            Some(text) if name == "expr" || name == "query" => found.push(text.to_owned()),
            Some(_) | None => expressions(value, found),
        }
    }
    value.as_array().into_iter().flatten().for_each(|item| expressions(item, found));
}

/// What stands behind a beginning, up to the end of its line.
fn after<'t>(text: &'t str, beginning: &str) -> BTreeSet<&'t str> {
    text.lines().filter_map(|line| line.trim().strip_prefix(beginning)).map(str::trim).collect()
}

#[test]
fn rules_and_dashboard_ask_for_what_there_is() {
    let series = series();
    let dashboard: Value = serde_json::from_str(&repository("deploy/grafana/keyreeve.json")).unwrap();
    let mut of_dashboard = Vec::new();
    expressions(&dashboard, &mut of_dashboard);
    assert!(of_dashboard.len() > 30);
    let rules = repository("deploy/prometheus/rules.yaml");
    let rules: Vec<_> = rules.lines().filter(|line| !line.contains("alert:")).collect();
    let runbook = repository("docs/operations/alerts.md");
    for (what, text) in
        [("the dashboard", of_dashboard.join("\n")), ("the rules", rules.join("\n")), ("the runbook", runbook)]
    {
        let missing: Vec<_> = asked_for(&text).difference(&series).cloned().collect();
        assert_eq!(missing, Vec::<String>::new(), "{what}: {series:?}");
    }
}

#[test]
fn every_alert_is_explained_and_tested() {
    let rules = repository("deploy/prometheus/rules.yaml");
    let alerts = after(&rules, "- alert: ");
    assert!(alerts.len() > 10);
    let runbook = repository("docs/operations/alerts.md");
    assert_eq!(after(&runbook, "## "), alerts);
    let tests = repository("deploy/prometheus/rules_test.yaml");
    for alert in alerts {
        assert!(rules.contains(&format!("alerts.md#{}\n", alert.to_lowercase())), "{alert} has no link");
        let of_alert = format!("alertname=\"{alert}\"");
        assert_eq!(tests.matches(&of_alert).count(), 2, "{alert} is tested both ways");
    }
}

#[test]
fn settings_in_files_are_settings() {
    let home = Home::new();
    home.write("keyreeve.toml", &repository("deploy/systemd/keyreeve.toml"));
    let shown = home.run(&["config", "show", "--config", "keyreeve.toml"]).succeeded().out;
    assert!(shown.contains("/var/lib/keyreeve"));

    let files = [
        "container/Containerfile",
        "compose/compose.yaml",
        "kustomize/base/configuration.yaml",
        "kustomize/overlays/production/configuration.yaml",
    ];
    for file in files {
        let text = repository(&format!("deploy/{file}"));
        let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
        for variable in words.filter(|word| word.starts_with("KEYREEVE_") && *word != "KEYREEVE_IMAGE") {
            let name = variable.strip_prefix("KEYREEVE_").unwrap().to_lowercase();
            assert!(name == "config" || name.is_empty() || shown.contains(&format!("\n{name} ")), "{file}: {variable}");
        }
    }
}
