//! Keys by the thousand, in and out, broken off at any moment.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::desk::{self, Desk};
use crate::home::{Server, until};

fn shop() -> (Server, Desk, String) {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (tenant, _) = operator.customer("Acme", "waw3-1");
    (server, operator, tenant)
}

fn id(number: usize) -> String {
    format!("MOVEDFROMELSEWHERE{number:05}")
}

fn lines(count: usize) -> String {
    let line = |number| {
        let (id, label) = (id(number), format!("Key {number}"));
        json!({"region": "waw3-1", "access_key_id": id, "secret_access_key": "s3cr3t/s3cr3t+s3cr3t=", "label": label})
    };
    (0..count).map(|number| format!("{}\n", line(number))).collect()
}

fn there(desk: &Desk, tenant: &str) -> Vec<String> {
    let listed = desk.json(&["keys", "list", "--tenant", tenant]);
    let ids = listed["items"].as_array().unwrap().iter();
    ids.map(|key| key["access_key_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn keys_come_from_lines_and_from_tables() {
    let (server, operator, tenant) = shop();
    operator.home.write("keys.ndjson", &lines(250));
    let import = ["keys", "import", "keys.ndjson", "--tenant", &tenant];
    let done = operator.run(&import).succeeded();
    assert!(done.err.contains("imported 250 of 250 keys") && !operator.home.has("keys.ndjson.state"), "{}", done.err);
    assert_eq!(there(&operator, &tenant).len(), 250);

    // A second time nothing is made twice, and each line says why.
    let again = operator.run(&[&import[..], &["--output", "json"]].concat());
    again.refused(7, &["250 of 250 keys were refused"]);
    let report: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!((&report["created"], &report["refused"]), (&json!(0), &json!(250)));
    assert_eq!(report["results"][7]["problem"]["type"], "/problems/access-key-id-taken");

    let table =
        "access_key_id,secret_access_key,label,buckets\r\nTABLEFROMELSEWHERE1,s3cr3ts3cr3t,One,media;backups\r\n";
    operator.home.write("keys.csv", table);
    operator.run(&["keys", "import", "keys.csv", "--region", "waw3-1", "--tenant", &tenant]).succeeded();
    let found = ["keys", "list", "--access-key-id", "TABLEFROMELSEWHERE1", "--tenant", &tenant];
    assert_eq!(operator.json(&found)["items"][0]["buckets"]["names"], json!(["backups", "media"]));
    server.stop().succeeded();
}

#[test]
fn an_input_with_a_mistake_imports_nothing() {
    let (server, operator, tenant) = shop();
    operator.home.write("keys.ndjson", &(lines(3) + "{\"access_key_id\": \"X\", \"secret\": \"hunter2\"}\n"));
    let refused = operator.run(&["keys", "import", "keys.ndjson", "--tenant", &tenant]);
    refused.refused(1, &["line 4: there is no field \"secret\"", "nothing was imported"]);
    assert!(!refused.err.contains("hunter2") && there(&operator, &tenant).is_empty());
    server.stop().succeeded();
}

/// Ended without warning, again and again: in the end every key is there once, and the report says so.
#[test]
fn an_import_that_is_killed_goes_on_and_makes_nothing_twice() {
    let (server, operator, tenant) = shop();
    let count = 500;
    operator.home.write("keys.ndjson", &lines(count));
    let import = ["keys", "import", "keys.ndjson", "--tenant", &tenant, "--output", "json"];
    let mut kills = 0;
    let report = loop {
        let running = operator.start(&import);
        let grown = operator.home.has("keys.ndjson.state").then(|| operator.home.read("keys.ndjson.state").len());
        let mut running = running;
        // Let it write down something new, and end it in the middle of whatever it does then.
        until("the import to come on", || {
            let now = operator.home.has("keys.ndjson.state").then(|| operator.home.read("keys.ndjson.state").len());
            (now > grown || running.has_ended()).then_some(())
        });
        if kills < 6 && !running.has_ended() {
            running.signal(Signal::KILL);
            running.wait();
            kills += 1;
            continue;
        }
        break running.finish().succeeded().out;
    };
    assert!(kills >= 3, "{kills}");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["created"], &report["refused"]), (&json!(count), &json!(0)));
    let there = there(&operator, &tenant);
    assert_eq!(there.len(), count);
    assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), (0..count).map(id).collect());
    server.stop().succeeded();
}

#[test]
fn an_import_remembers_what_it_is_of_and_no_secret() {
    let (server, operator, tenant) = shop();
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    operator.home.write("keys.ndjson", &lines(10));
    server.stop().succeeded();
    let import = ["keys", "import", "keys.ndjson", "--tenant", &tenant];
    operator.run(&import).refused(6, &["cannot be reached"]);
    let state = operator.home.read("keys.ndjson.state");
    assert!(!state.contains("s3cr3t") && operator.home.mode("keys.ndjson.state") == 0o600);
    let server = operator.home.serve_at(&address, &[]);
    operator.home.write("keys.ndjson", &lines(11));
    operator.run(&import).refused(1, &["is of another import"]);
    operator.home.write("keys.ndjson", &lines(10));
    // It was half way through a line when it was ended.
    operator.home.write("keys.ndjson.state", &(state + "{\"ended\": {\"outc"));
    operator.run(&import).succeeded();
    server.stop().succeeded();
}

#[test]
fn an_export_that_was_broken_off_goes_on() {
    let (server, operator, tenant) = shop();
    operator.home.write("keys.ndjson", &lines(600));
    operator.run(&["keys", "import", "keys.ndjson", "--tenant", &tenant, "--quiet"]).succeeded();
    let export = ["keys", "export", "--tenant", &tenant, "--out"];
    operator.run(&[&export[..], &["whole.ndjson"]].concat()).succeeded();
    let whole = operator.home.read("whole.ndjson");
    assert_eq!(whole.lines().count(), 600);
    assert!(!whole.contains("s3cr3t") && !operator.home.has("whole.ndjson.state"));
    operator.run(&[&export[..], &["whole.ndjson"]].concat()).refused(1, &["is there already"]);

    // As a command leaves it that was ended after its first page, in the middle of writing the second.
    let mut running = operator.start(&[&export[..], &["part.ndjson"]].concat());
    until("the first page", || {
        let state = operator.home.has("part.ndjson.state").then(|| operator.home.read("part.ndjson.state"));
        let has_begun = state.is_some_and(|state| !state.contains("\"count\":0,"));
        (has_begun || running.has_ended()).then_some(())
    });
    running.signal(Signal::KILL);
    running.wait();
    if operator.home.has("part.ndjson.state") {
        let half = operator.home.read("part.ndjson") + "{\"id\": \"key_0";
        operator.home.write("part.ndjson", &half);
        let other = ["keys", "export", "--tenant", &tenant, "--region", "waw3-1", "--out", "part.ndjson"];
        operator.run(&other).refused(1, &["is of another export"]);
        let gone_on = operator.run(&[&export[..], &["part.ndjson"]].concat()).succeeded();
        assert!(gone_on.err.contains("going on after "), "{}", gone_on.err);
    }
    assert_eq!(operator.home.read("part.ndjson"), whole);
    let told = operator.run(&["keys", "export", "--tenant", &tenant]).succeeded();
    assert_eq!(told.out, whole);
    server.stop().succeeded();
}

/// With less memory than the input has bytes, up to a mistake in its last line.
#[test]
fn an_input_is_never_held_as_a_whole() {
    const LINES: usize = 4_000;
    let (server, operator, tenant) = shop();
    let line = format!("{}{}\n", lines(1).trim_end(), " ".repeat(60_000));
    operator.home.write("keys.ndjson", &(line.repeat(LINES) + "{}\n"));
    // In KiB: the program itself maps about a third of it.
    let limited = operator.limited(200_000, &["keys", "import", "keys.ndjson", "--tenant", &tenant]);
    limited.refused(1, &[&format!("line {}: ", LINES + 1), "nothing was imported"]);
    server.stop().succeeded();
}
