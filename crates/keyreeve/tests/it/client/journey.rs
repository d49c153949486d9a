//! From an empty server to a revoked key, in commands alone; on both databases.

use testkit::postgres::shared;

use super::desk::{self, Desk};

#[test]
fn an_operator_and_a_customer_get_by_with_commands_alone_on_sqlite() {
    let (server, operator) = desk::open();
    walk(&operator);
    server.stop().succeeded();
}

#[test]
fn an_operator_and_a_customer_get_by_with_commands_alone_on_postgres() {
    let database = shared().unwrap().database().unwrap();
    let (server, operator) = desk::open_with(&["--database", &database.url()]);
    walk(&operator);
    server.stop().succeeded();
}

fn walk(operator: &Desk) {
    let me = operator.run(&["whoami"]).succeeded().out;
    assert!(me.contains("operator_token") && me.contains(&operator.server), "{me}");

    operator.region("waw3-1", "multi");
    let (tenant, ada) = operator.customer("Acme", "waw3-1");
    let tenants = operator.run(&["tenants", "list"]).succeeded().out;
    assert!(tenants.starts_with("ID") && tenants.contains(&tenant) && tenants.contains("Acme"), "{tenants}");

    let invited = ["users", "create", "grace@example.org", "--name", "Grace Hopper", "--role", "member+"];
    let grace = ada.json(&invited);
    assert!(grace["invitation"]["url"].as_str().unwrap().contains("/invitation#kri_"));
    assert_eq!(ada.json(&["users", "list"])["items"].as_array().unwrap().len(), 2);

    let regions = ada.run(&["regions", "offered"]).succeeded().out;
    assert!(regions.contains("NOT CONFIGURED"), "{regions}");
    let create = ["keys", "create", "--region", "waw3-1", "--label", "Production API", "--bucket", "media"];
    let made = ada.run(&[&create[..], &["--format", "env", "--out", "key.env"]].concat()).succeeded();
    let key = made.out.trim().to_owned();
    assert!(key.starts_with("key_"), "{key}");
    assert_eq!(ada.home.mode("key.env"), 0o600);
    assert!(ada.home.read("key.env").contains("export AWS_ENDPOINT_URL_S3='https://s3.waw3-1.example.org'"));

    let listed = ada.run(&["keys", "list", "--region", "waw3-1"]).succeeded().out;
    assert!(listed.contains("Production API") && listed.contains("specific media"), "{listed}");
    assert_eq!(ada.id(&["keys", "list"]), key);

    ada.run(&["keys", "revoke", &key]).refused(2, &["--yes"]);
    assert_eq!(ada.json(&["keys", "show", &key])["status"], "active");
    let revoked = ada.run(&["keys", "revoke", &key, "--yes"]).succeeded().out;
    assert!(revoked.contains(&format!("{key} is revoked.")) && revoked.contains("In force everywhere"), "{revoked}");
    assert_eq!(ada.json(&["keys", "show", &key])["status"], "revoked");

    operator.run(&["tenants", "suspend", &tenant, "--yes"]).succeeded();
    ada.run(&["keys", "list"]).refused(3, &["suspended"]);
    operator.run(&["tenants", "resume", &tenant]).succeeded();
    ada.run(&["keys", "list"]).succeeded();
}
