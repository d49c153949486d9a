//! Keys and their secrets: shown once, in the right words, to the right file.

use serde_json::Value;

use super::desk::{self, Desk};
use crate::home::Server;

fn shop() -> (Server, Desk, Desk) {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    (server, operator, ada)
}

const CREATE: [&str; 6] = ["keys", "create", "--region", "waw3-1", "--label", "Nightly backups"];

#[test]
fn each_format_is_written_to_a_new_file_that_only_its_owner_reads() {
    let (server, _, ada) = shop();
    for (format, words) in [
        ("env", "export AWS_SECRET_ACCESS_KEY='"),
        ("aws", "[nightly-backups]\naws_access_key_id = "),
        ("rclone", "type = s3\nprovider = Other\n"),
        ("s3cmd", "\nhost_base = s3.waw3-1.example.org\n"),
        ("json", "\"secret_access_key\": \""),
        ("csv", "key_id,label,access_key_id,secret_access_key,"),
    ] {
        let made = ada.run(&[&CREATE[..], &["--format", format, "--out", format]].concat()).succeeded();
        assert!(made.out.starts_with("key_"), "{}", made.out);
        let text = ada.home.read(format);
        assert!(text.contains(words) && text.contains("waw3-1"), "{text}");
        assert_eq!(ada.home.mode(format), 0o600);
        let secret = ada.json(&["keys", "list"]);
        assert!(!secret.to_string().contains("secret"));
    }
    server.stop().succeeded();
}

#[test]
fn a_file_that_is_there_costs_neither_the_file_nor_a_key() {
    let (server, _, ada) = shop();
    ada.home.write("key.env", "mine");
    ada.run(&[&CREATE[..], &["--format", "env", "--out", "key.env"]].concat()).refused(1, &["is there already"]);
    assert_eq!(ada.home.read("key.env"), "mine");
    assert_eq!(ada.json(&["keys", "list"])["items"], Value::Array(Vec::new()));
    // What the server refuses leaves no empty file behind.
    ada.run(&["keys", "create", "--region", "gdn1-1", "--format", "env", "--out", "new.env"]).refused(1, &[]);
    assert!(!ada.home.has("new.env"));
    server.stop().succeeded();
}

#[test]
fn a_secret_is_not_lost_by_asking_quietly() {
    let (server, _, ada) = shop();
    ada.run(&[&CREATE[..], &["--quiet"]].concat()).refused(2, &["would be lost"]);
    assert_eq!(ada.json(&["keys", "list"])["items"], Value::Array(Vec::new()));
    let made = ada.run(&[&CREATE[..], &["--quiet", "--format", "env"]].concat()).succeeded();
    assert!(made.out.contains("export AWS_SECRET_ACCESS_KEY=") && made.err.is_empty(), "{}", made.err);
    server.stop().succeeded();
}

#[test]
fn a_key_lives_through_all_its_verbs() {
    let (server, _, ada) = shop();
    let made = ada.json(&[&CREATE[..], &["--permission", "read", "--expires", "90d"]].concat());
    let key = made["key"]["id"].as_str().unwrap();
    let first = made["key"]["access_key_id"].as_str().unwrap();
    assert_eq!(made["key"]["permissions"], serde_json::json!(["read"]));
    assert_eq!(made["secret_access_key"].as_str().unwrap().len(), 40);

    let changed =
        ["keys", "change", key, "--label", "Weekly", "--bucket", "media", "--bucket", "backups", "--never-expires"];
    let changed = ada.json(&changed);
    assert_eq!(changed["buckets"]["names"], serde_json::json!(["backups", "media"]));
    assert!(changed["expires_at"].is_null() && changed["label"] == "Weekly");

    let rotated = ada.json(&["keys", "rotate", key, "--grace", "1h"]);
    assert_eq!(rotated["key"]["pairs"].as_array().unwrap().len(), 2);
    ada.run(&["keys", "reset", key]).refused(2, &["--yes"]);
    let reset = ada.json(&["keys", "reset", key, "--yes"]);
    let second = reset["key"]["access_key_id"].as_str().unwrap();
    assert_ne!(first, second);

    let why = ada.run(&["keys", "explain", first]).succeeded().out;
    assert!(why.contains("decision  deny") && why.contains("pair"), "{why}");
    assert!(ada.run(&["keys", "explain", second]).succeeded().out.contains("decision  allow"));

    let disabled = ada.run(&["keys", "disable", key, "--yes"]).succeeded().out;
    assert!(disabled.contains("is disabled"), "{disabled}");
    assert!(ada.run(&["keys", "receipt", key]).succeeded().out.contains("In force everywhere"));
    assert!(ada.run(&["keys", "enable", key, "--wait"]).succeeded().out.contains("is enabled"));
    assert_eq!(ada.json(&["keys", "usage", key])["key_id"], key);
    let claim = ada.json(&["keys", "claim", key, "--expires-in", "1h"]);
    assert!(claim["url"].as_str().unwrap().contains("#krc_"));
    ada.run(&["keys", "revoke", key, "--yes", "--quiet"]).succeeded();
    ada.run(&["keys", "delete", key, "--yes"]).succeeded();
    ada.run(&["keys", "show", key]).refused(4, &[]);
    server.stop().succeeded();
}
