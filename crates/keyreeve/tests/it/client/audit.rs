//! The audit, exported and verified: whoever changes one character of it is found.

use serde_json::{Value, json};

use super::desk::{self, Desk};
use crate::home::Server;

/// A server where something has happened, and its whole audit.
fn exported() -> (Server, Desk, Vec<String>) {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    ada.json(&["keys", "create", "--region", "waw3-1", "--label", "zażółć"]);
    operator.run(&["partners", "create", "Nordic Cloud"]).succeeded();
    operator.run(&["audit", "export", "--platform", "--out", "audit.ndjson"]).succeeded();
    let lines: Vec<String> = operator.home.read("audit.ndjson").lines().map(str::to_owned).collect();
    assert!(lines.len() > 8, "{}", lines.len());
    (server, operator, lines)
}

fn verify(desk: &Desk, lines: &[String]) -> crate::home::Finished {
    desk.home.write("edited.ndjson", &(lines.join("\n") + "\n"));
    desk.run(&["audit", "verify", "edited.ndjson"])
}

#[test]
fn an_export_verifies_and_says_how_its_chains_end() {
    let (server, operator, lines) = exported();
    let verified = operator.run(&["audit", "verify", "audit.ndjson"]).succeeded();
    assert!(verified.err.contains(&format!("{} events in 3 chains", lines.len())), "{}", verified.err);
    let heads: Vec<&str> = verified.out.lines().collect();
    assert!(heads.len() == 3 && heads.iter().any(|head| head.starts_with("platform:")), "{heads:?}");
    server.stop().succeeded();
    // No server is asked, and nobody has to be logged in.
    let stranger = operator.beside();
    stranger.home.write("audit.ndjson", &operator.home.read("audit.ndjson"));
    stranger.run(&["audit", "verify", "audit.ndjson"]).succeeded();
    let told = stranger.tell(&["audit", "verify", "-"], &operator.home.read("audit.ndjson")).succeeded();
    assert_eq!(told.out, verified.out);
}

/// Every field of every row, one at a time, each in each way it can be changed.
#[test]
fn no_field_of_any_row_can_be_changed() {
    let (server, operator, lines) = exported();
    server.stop().succeeded();
    let mut edits = 0;
    for (at, line) in lines.iter().enumerate() {
        let event: Value = serde_json::from_str(line).unwrap();
        for edited in changed(&event) {
            // A row of each kind is enough for the slow way; the hash does not know kinds.
            if at % 4 != 0 && edits > 60 {
                continue;
            }
            edits += 1;
            let mut forged = lines.clone();
            forged[at] = edited.to_string();
            let found = verify(&operator, &forged);
            assert_eq!(found.code, Some(8), "line {}: {edited}\n{}{}", at + 1, found.out, found.err);
            assert!(found.err.contains("edited.ndjson, line "), "{}", found.err);
        }
    }
    assert!(edits > 60, "{edits}");
}

/// The event with one value changed, for each value in it.
fn changed(event: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    for (name, value) in event.as_object().unwrap() {
        let others = match value {
            Value::String(text) if name == "at" => {
                vec![json!(text.replace("20", "21")), json!(text.replace('Z', "+00:00"))]
            }
            Value::String(text) => vec![json!(format!("{text}x")), json!(text.to_uppercase() + "0"), Value::Null],
            Value::Number(number) => vec![json!(number.as_i64().unwrap() + 1)],
            Value::Null => vec![json!("ten_01jd0000000000000000000000")],
            Value::Object(fields) => {
                let mut more = fields.clone();
                more.insert("zzz".to_owned(), json!("x"));
                let mut others = vec![json!(more), json!({})];
                others.extend(fields.iter().map(|(field, value)| {
                    let mut edited = fields.clone();
                    edited[field] = json!(format!("{}x", value.as_str().unwrap()));
                    json!(edited)
                }));
                others.retain(|other| other != value);
                others
            }
            Value::Bool(_) | Value::Array(_) => Vec::new(),
        };
        for other in others {
            let mut edited = event.clone();
            edited[name] = other;
            found.push(edited);
        }
    }
    found
}

#[test]
fn no_row_can_be_removed_repeated_moved_or_added_to() {
    let (server, operator, lines) = exported();
    server.stop().succeeded();
    let names: Vec<String> =
        lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["chain"].to_string()).collect();
    for at in 0..lines.len() {
        let is_last = names.get(at + 1) != Some(&names[at]);
        let mut without = lines.clone();
        without.remove(at);
        // What was the end of a chain is missed only by whoever knows where it ended.
        if !is_last {
            verify(&operator, &without).refused(8, &["missing"]);
        }
        let mut twice = lines.clone();
        twice.insert(at, lines[at].clone());
        verify(&operator, &twice).refused(8, &["moved or repeated"]);
        if !is_last {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            verify(&operator, &swapped).refused(8, &["edited.ndjson, line "]);
        }
    }
    let mut spaced = lines.clone();
    spaced[0] = spaced[0].replacen(':', ": ", 1);
    verify(&operator, &spaced).refused(8, &["line 1: "]);
    let mut broken = lines.clone();
    broken[2].truncate(20);
    verify(&operator, &broken).refused(8, &["line 3: this is no event"]);
}

#[test]
fn a_missing_end_is_found_by_whoever_remembers_the_head() {
    let (server, operator, lines) = exported();
    let heads = operator.run(&["audit", "verify", "audit.ndjson"]).succeeded().out;
    let head = heads.lines().find(|head| head.starts_with("platform:")).unwrap();
    let last = lines.iter().rposition(|line| line.contains("\"chain\":\"platform\"")).unwrap();
    let mut cut = lines.clone();
    cut.remove(last);
    verify(&operator, &cut).succeeded();
    operator
        .run(&["audit", "verify", "edited.ndjson", "--head", head])
        .refused(8, &["the chain platform ends at event"]);
    let other = format!("{}{}", &head[..head.len() - 1], if head.ends_with('0') { '1' } else { '0' });
    operator
        .run(&["audit", "verify", "audit.ndjson", "--head", &other])
        .refused(8, &["another one than the head says"]);
    operator.run(&["audit", "verify", "audit.ndjson", "--head", head]).succeeded();

    // A later export goes on where this one ended.
    operator.region("gdn1-1", "pair");
    operator.run(&["audit", "export", "--platform", "--action", "region.created", "--out", "later.ndjson"]).succeeded();
    let newest = operator.home.read("later.ndjson").lines().last().unwrap().to_owned();
    operator.home.write("later.ndjson", &(newest + "\n"));
    operator.run(&["audit", "verify", "later.ndjson"]).refused(8, &["missing"]);
    operator.run(&["audit", "verify", "later.ndjson", "--after", head]).succeeded();
    server.stop().succeeded();
}

/// Where the platform's chain ended when the first checkpoint was made, and what that is verified with.
struct Signed {
    sequence: usize,
    key: String,
    noted: String,
}

/// Waits for the first checkpoint, and exports it beside an audit that is newer.
fn signed() -> (Server, Desk, Vec<String>, Signed) {
    let (server, operator) = desk::open();
    let listed = || operator.json(&["audit", "checkpoints"])["items"].as_array().unwrap().first().cloned();
    let first = (0..300).find_map(|_| {
        std::thread::park_timeout(std::time::Duration::from_millis(200));
        listed()
    });
    let first = first.expect("a checkpoint within a minute");
    operator.region("waw3-1", "multi");
    operator.run(&["audit", "export", "--platform", "--out", "audit.ndjson"]).succeeded();
    operator.run(&["audit", "checkpoints", "--out", "checkpoints.ndjson"]).succeeded();
    let lines = operator.home.read("audit.ndjson").lines().map(str::to_owned).collect();
    let text = |name: &str| first[name].as_str().unwrap().to_owned();
    let head = first["heads"][0].as_str().unwrap();
    let sequence = head.strip_prefix("platform:").unwrap().split(':').next().unwrap().parse().unwrap();
    let noted = format!("{}:{}", first["number"], text("signature"));
    (server, operator, lines, Signed { sequence, key: text("key"), noted })
}

#[test]
fn a_checkpoint_that_was_kept_finds_what_was_cut_off_and_who_says_otherwise() {
    let (server, operator, lines, Signed { sequence, key, noted }) = signed();
    let log = server.stop().succeeded().err;
    let (number, signature) = noted.split_once(':').unwrap();
    assert!(log.contains("audit checkpoint") && log.contains(signature) && log.contains(&key), "{log}");

    let verify = |file: &str, key: &str, more: &[&str]| {
        let held = ["audit", "verify", file, "--checkpoints", "checkpoints.ndjson", "--key", key];
        operator.run(&[&held[..], more].concat())
    };
    let verified = verify("audit.ndjson", &key, &["--checkpoint", &noted]).succeeded();
    let vouches = format!("Checkpoints 1 to {number} are as they were signed, and vouch for {sequence} events");
    assert!(verified.err.contains(&vouches), "{}", verified.err);

    // All that was there when it was signed is there; then one event less.
    operator.home.write("edited.ndjson", &(lines[..sequence].join("\n") + "\n"));
    verify("edited.ndjson", &key, &[]).succeeded();
    operator.home.write("edited.ndjson", &(lines[..sequence - 1].join("\n") + "\n"));
    operator.run(&["audit", "verify", "edited.ndjson"]).succeeded();
    verify("edited.ndjson", &key, &[]).refused(8, &["the chain platform was cut off", "1 event is missing"]);

    let other = key.chars().rev().collect::<String>();
    verify("audit.ndjson", &other, &[]).refused(8, &["checkpoints.ndjson, line 1", "none of those that were named"]);
    verify("audit.ndjson", "d75a", &[]).refused(2, &["64 hexadecimal digits"]);
    let later = format!("{}:{signature}", number.parse::<i64>().unwrap() + 1);
    verify("audit.ndjson", &key, &["--checkpoint", &later]).refused(8, &["the last were removed"]);
    verify("audit.ndjson", &key, &["--chain", "ten_x"]).refused(8, &["no checkpoint of the file speaks of"]);
    let edited = operator.home.read("checkpoints.ndjson").replacen("\"at\":\"2", "\"at\":\"3", 1);
    operator.home.write("checkpoints.ndjson", &edited);
    verify("audit.ndjson", &key, &[]).refused(8, &["its signature does not fit"]);
    operator.run(&["audit", "verify", "audit.ndjson", "--checkpoints", "checkpoints.ndjson"]).refused(2, &["--key"]);
}

#[test]
fn the_audit_is_listed_with_its_filters() {
    let (server, operator, _) = exported();
    let listed = operator.run(&["audit", "list", "--action", "region.created"]).succeeded().out;
    assert!(listed.starts_with("AT") && listed.contains("region.created") && !listed.contains("tenant.created"));
    assert_eq!(operator.json(&["audit", "list", "--limit", "3"])["items"].as_array().unwrap().len(), 3);
    server.stop().succeeded();
}
