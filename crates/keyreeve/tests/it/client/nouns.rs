//! The nouns of those who run the platform: each verb once, as it is meant.

use serde_json::json;

use super::desk;

#[test]
fn partners_are_laid_guardrails_on_and_stopped_in_an_emergency() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let partner = operator.id(&["partners", "create", "Nordic Cloud", "--require-expiry"]);
    let below = operator.json(&["partners", "create", "Fjord", "--parent", &partner, "--max-ttl", "30d"]);
    assert_eq!(below["effective_guardrails"]["require_expiry"], true);
    assert_eq!(below["effective_guardrails"]["max_ttl_seconds"], 30 * 86_400);
    let tenant = operator.id(&["tenants", "create", "Acme", "--partner", &partner]);
    operator.run(&["regions", "offer", "waw3-1", "--tenant", &tenant]).succeeded();
    let expires = ["keys", "create", "--tenant", &tenant, "--region", "waw3-1", "--label", "x", "--expires", "7d"];
    operator.json(&expires);
    operator.run(&expires[..8]).refused(4, &["expiry"]);

    let rules = ["partners", "guardrails", &partner, "--require-bucket-scope"];
    let dry = operator.run(&[&rules[..], &["--dry-run"]].concat()).succeeded().out;
    assert!(dry.contains("require_bucket_scope  1") && dry.contains(&tenant), "{dry}");
    let laid = operator.json(&rules);
    assert_eq!(laid["guardrails"]["require_bucket_scope"], true);
    assert_eq!(laid["guardrails"]["require_expiry"], false);
    assert_eq!(operator.json(&["partners", "change", &partner, "--name", "Nordic"])["name"], "Nordic");

    operator.run(&["partners", "suspend", &partner, "--yes"]).succeeded();
    operator.run(&["partners", "resume", &partner]).succeeded();
    let preview = operator.json(&["partners", "emergency-stop", &partner, "--preview"]);
    assert_eq!((&preview["partners"], &preview["keys"]), (&json!(2), &json!(1)));
    let stop = ["partners", "emergency-stop", &partner, "--reason", "The portal's token was published"];
    operator.run(&stop).refused(2, &["tenants: 1, keys: 1", "--yes"]);
    let stopped = operator.run(&[&stop[..], &["--yes", "--wait"]].concat()).succeeded().out;
    assert!(stopped.contains("is stopped.") && stopped.contains("In force everywhere"), "{stopped}");
    operator.run(&["partners", "undo-emergency-stop", &partner]).succeeded();
    assert_eq!(operator.json(&["partners", "show", &partner])["status"], "active");
    let posture = operator.run(&["posture", "show", "--partner", &partner]).succeeded().out;
    assert!(posture.contains("all_buckets") && posture.contains("Acme"), "{posture}");
    let empty = operator.id(&["partners", "create", "Empty"]);
    operator.run(&["partners", "delete", &empty, "--yes"]).succeeded();
    assert_eq!(operator.id(&["partners", "list"]).lines().count(), 2);
    server.stop().succeeded();
}

#[test]
fn tokens_are_made_rotated_and_deleted_at_every_level() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (tenant, ada) = operator.customer("Acme", "waw3-1");
    let partner = operator.id(&["partners", "create", "Nordic Cloud"]);
    let gateway = operator.id(&["gateways", "create", "edge", "--region", "waw3-1", "--capability", "verify"]);
    for holder in [&["--platform"][..], &["--partner", &partner], &["--tenant", &tenant], &["--gateway", &gateway]] {
        let create =
            [&["tokens", "create", "--description", "Portal", "--expires", "30d", "--quiet"][..], holder].concat();
        operator.run(&create).refused(2, &["would be lost"]);
        let id = operator.run(&[&create[..], &["--out", "new.token"]].concat()).succeeded().out.trim().to_owned();
        assert_eq!(operator.home.mode("new.token"), 0o600);
        // A gateway's token is known, and opens nothing here.
        let known = if holder[0] == "--gateway" { 4 } else { 0 };
        assert_eq!(operator.run(&["whoami", "--token-file", "new.token"]).code, Some(known), "{holder:?}");
        let rotate = [&["tokens", "rotate", &id, "--grace", "0s", "--out", "next.token"][..], holder].concat();
        let next = operator.run(&rotate).succeeded().out;
        assert!(next.starts_with("id  ") && !next.contains("\ntoken "), "{next}");
        operator.run(&["whoami", "--token-file", "new.token"]).refused(3, &[]);
        assert_eq!(operator.run(&["whoami", "--token-file", "next.token"]).code, Some(known), "{holder:?}");
        let listed = operator.run(&[&["tokens", "list"][..], holder].concat()).succeeded().out;
        assert!(listed.contains("Portal"), "{listed}");
        let id = next.split_whitespace().nth(1).unwrap();
        operator.run(&[&["tokens", "delete", id, "--yes"][..], holder].concat()).succeeded();
        operator.run(&["whoami", "--token-file", "next.token"]).refused(3, &[]);
        for file in ["new.token", "next.token"] {
            std::fs::remove_file(operator.home.path(file)).unwrap();
        }
    }
    // Where nobody says whose, those of whoever asks.
    ada.run(&["tokens", "create", "--description", "Mine", "--expires", "1d", "--out", "t", "--quiet"]).succeeded();
    assert!(operator.run(&["tokens", "list", "--tenant", &tenant]).succeeded().out.contains("Mine"));
    server.stop().succeeded();
}

#[test]
fn gateways_key_models_instances_and_buckets_have_their_verbs() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "instance");
    let gateway = operator.id(&["gateways", "create", "edge", "--region", "waw3-1", "--capability", "verify"]);
    let changed = operator.json(&["gateways", "change", &gateway, "--capability", "verify", "--capability", "changes"]);
    assert_eq!(changed["capabilities"], json!(["verify", "changes"]));
    assert!(operator.run(&["gateways", "list"]).succeeded().out.contains("edge"));
    operator.run(&["gateways", "status", &gateway]).succeeded();
    operator.run(&["gateways", "show", &gateway]).succeeded();
    operator.run(&["gateways", "delete", &gateway, "--yes"]).succeeded();

    let mut model = operator.json(&["key-models", "show", "instance"]);
    model["name"] = json!("mine");
    operator.home.write("model.json", &model.to_string());
    operator.run(&["key-models", "create", "--file", "model.json"]).succeeded();
    operator.home.write("change.json", r#"{"title": "Ours"}"#);
    assert_eq!(operator.json(&["key-models", "change", "mine", "--file", "change.json"])["title"], "Ours");
    assert!(operator.run(&["key-models", "list"]).succeeded().out.contains("Ours"));
    operator.run(&["key-models", "delete", "mine", "--yes"]).succeeded();

    // A key that comes with its storage instance is as much a secret as any other.
    let (tenant, ada) = operator.customer("Acme", "waw3-1");
    let made = ada.run(&["instances", "list"]).succeeded().out;
    assert!(made.contains("waw3-1"), "{made}");
    let create = ["instances", "create", "--tenant", &tenant, "--region", "waw3-1", "--name", "Backups"];
    operator.run(&[&create[..], &["--format", "aws", "--out", "first.aws"]].concat()).succeeded();
    assert!(operator.home.read("first.aws").contains("aws_secret_access_key = "));
    let quiet = operator.run(&[&create[..], &["--quiet"]].concat()).succeeded().out;
    assert!(quiet.contains("secret_access_key"), "{quiet}");
    let instance = ada.id(&["instances", "list"]).lines().next().unwrap().to_owned();
    assert_eq!(ada.json(&["instances", "change", &instance, "--description", "x"])["description"], "x");
    assert!(ada.json(&["instances", "change", &instance, "--description", ""])["description"].is_null());
    ada.run(&["instances", "show", &instance]).succeeded();
    operator.run(&["instances", "delete", &instance, "--tenant", &tenant, "--yes"]).succeeded();

    ada.run(&["buckets", "register", "media"]).succeeded();
    assert_eq!(ada.id(&["buckets", "list"]), "media");
    ada.run(&["buckets", "show", "media"]).succeeded();
    ada.run(&["buckets", "unregister", "media", "--yes"]).succeeded();
    server.stop().succeeded();
}

#[test]
fn people_are_invited_changed_suspended_and_removed() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let (_, ada) = operator.customer("Acme", "waw3-1");
    let grace = ada.id(&["users", "create", "grace@example.org", "--name", "Grace", "--role", "member"]);
    let invited = ada.json(&["users", "invite", &grace]);
    assert!(invited["invitation"]["token"].as_str().unwrap().starts_with("kri_"));
    assert_eq!(ada.json(&["users", "change", &grace, "--role", "member+"])["role"], "member+");
    ada.run(&["users", "suspend", &grace]).refused(2, &["--yes"]);
    ada.run(&["users", "suspend", &grace, "--yes"]).succeeded();
    ada.run(&["users", "resume", &grace]).succeeded();
    ada.run(&["users", "delete", &grace, "--yes"]).succeeded();
    ada.run(&["users", "show", &grace]).refused(4, &[]);

    ada.home.write("new", "an even better password");
    let change = ["change-password", "--current-file", "password", "--new-file", "new"];
    ada.run(&change).succeeded();
    ada.run(&change).refused(1, &[]);
    ada.run(&["login", "--email", "ada@acme.example.org", "--password-file", "new"]).succeeded();
    server.stop().succeeded();
}

#[test]
fn a_tenant_is_deleted_and_restored() {
    let (server, operator) = desk::open();
    let tenant = operator.id(&["tenants", "create", "Acme", "--external-ref", "C-1"]);
    assert!(operator.json(&["tenants", "change", &tenant, "--external-ref", ""])["external_ref"].is_null());
    operator.run(&["tenants", "delete", &tenant, "--delay", "1d", "--yes"]).succeeded();
    assert_eq!(operator.id(&["tenants", "list", "--status", "deleting"]), tenant);
    operator.run(&["tenants", "restore", &tenant]).succeeded();
    assert_eq!(operator.json(&["tenants", "show", &tenant])["status"], "active");
    server.stop().succeeded();
}

#[test]
fn where_nothing_was_restored_there_is_nothing_to_decide() {
    let (server, operator) = desk::open();
    assert_eq!(operator.json(&["quarantine", "show"])["quarantined"], false);
    assert_eq!(operator.json(&["quarantine", "held-back"])["items"], json!([]));
    operator.run(&["quarantine", "lift"]).refused(2, &["--yes"]);
    operator.run(&["quarantine", "release"]).refused(2, &["SUBJECT"]);
    assert_eq!(operator.json(&["quarantine", "confirm", "--all"])["decided"], 0);
    operator.run(&["quarantine", "release", "KRAAAAAAAAAAAAAAAAAA", "--yes"]).refused(4, &["status 404"]);
    operator.run(&["quarantine", "lift", "--yes"]).succeeded();
    server.stop().succeeded();
}
