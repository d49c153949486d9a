//! `keyreeve doctor`: what is wrong, and how to mend it. Each cure it names is tried.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use serde_json::Value;
use testkit::postgres::shared;

use crate::home::Home;

#[test]
fn a_healthy_server_has_nothing_to_mend() {
    let home = Home::new();
    home.run(&["doctor"]).succeeded();
    let server = home.serve(&[]);
    let said = home.run(&["doctor"]).succeeded().out;
    for check in
        ["settings", "clock", "network", "files", "journal", "space", "database", "engine", "schema", "master key"]
    {
        assert!(said.lines().any(|line| line.starts_with("ok ") && line.contains(check)), "{check}: {said}");
    }
    server.stop().succeeded();
}

#[test]
fn a_weak_mode_is_found_and_the_command_it_names_mends_it() {
    let home = Home::new();
    home.serve(&[]).stop().succeeded();
    for (file, weak, mode) in [
        ("keyreeve-data", 0o755, "700"),
        ("keyreeve-data/keyreeve.db", 0o640, "600"),
        ("keyreeve-data/master.key", 0o604, "600"),
    ] {
        home.set_mode(file, weak);
        let cure = format!("chmod {mode} {file}");
        home.run(&["doctor"]).refused(1, &["failure", &cure]);
        home.set_mode(file, u32::from_str_radix(mode, 8).unwrap());
        home.run(&["doctor"]).succeeded();
    }
}

#[test]
fn a_password_in_a_file_that_others_read_is_found() {
    let home = Home::new();
    home.write("keyreeve.toml", "database = \"postgres://ada:hunter2@127.0.0.1:1/keyreeve\"\n");
    home.set_mode("keyreeve.toml", 0o644);
    let found = home.run(&["doctor"]);
    found.refused(1, &["keyreeve.toml is open to others", "cannot be reached"]);
    assert!(!found.out.contains("hunter2"), "{}", found.out);
}

#[test]
fn findings_are_there_for_programs_too() {
    let home = Home::new();
    let found = home.run(&["doctor", "--output", "json", "--database", "postgres://127.0.0.1:1/keyreeve"]);
    assert_eq!(found.code, Some(1));
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(found["ok"], false);
    let checks = found["checks"].as_array().unwrap();
    let database = checks.iter().find(|check| check["check"] == "database").unwrap();
    assert_eq!(database["state"], "failure");
    assert!(database["detail"].as_str().unwrap().contains("check --database"));
    let wrong = home.run(&["doctor", "--listen", "nowhere"]);
    wrong.refused(1, &["failure", "listen needs"]);
}

#[test]
fn a_missing_master_key_is_found() {
    let home = Home::new();
    home.serve(&[]).stop().succeeded();
    std::fs::remove_file(home.path("keyreeve-data/master.key")).unwrap();
    home.run(&["doctor"]).refused(1, &["master key", "from your backup"]);
}

#[test]
fn a_postgres_that_lacks_migrations_or_forgets_is_found() {
    let database = shared().unwrap().database().unwrap();
    let (home, url) = (Home::new(), database.url());
    let mut connection = PgConnection::establish(&url).unwrap();
    let table = "CREATE TABLE __diesel_schema_migrations \
        (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";
    connection.batch_execute(table).unwrap();
    home.run(&["doctor", "--database", &url]).refused(1, &["failure  schema", "keyreeve migrate"]);
    home.run(&["migrate", "--database", &url]).succeeded();
    let said = home.run(&["doctor", "--database", &url]).succeeded().out;
    assert!(said.contains("ok       clocks"), "{said}");
    connection.batch_execute(&format!("ALTER DATABASE {} SET synchronous_commit = off", database.name())).unwrap();
    home.run(&["doctor", "--database", &url]).refused(1, &["failure  engine", "synchronous_commit", "postgresql.conf"]);
}
