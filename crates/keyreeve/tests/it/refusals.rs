//! What serve refuses to run with, and that `config check` says all of it at once and changes nothing.

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::home::{Home, fixture};

#[test]
fn plain_http_that_others_can_reach_needs_a_word() {
    let home = Home::new();
    for address in ["0.0.0.0:0", "[::]:0"] {
        home.run(&["serve", "--listen", address]).refused(1, &["plain HTTP", "--tls-certificate", "--insecure"]);
    }
    home.run(&["serve", "--metrics-listen", "0.0.0.0:0"]).refused(1, &["metrics", "--insecure"]);
    assert!(!home.has("keyreeve-data"));
    let all = ["--listen", "0.0.0.0:0", "--metrics-listen", "off", "--insecure"];
    home.run(&[&["config", "check"][..], &all].concat()).succeeded();
}

#[test]
fn a_schema_that_is_not_ours_is_refused_and_left_alone() {
    let home = Home::new();
    let file = home.path("other.db");
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    connection.batch_execute("CREATE TABLE invoices (number INTEGER)").unwrap();
    drop(connection);
    for command in [&["serve"][..], &["config", "check"], &["migrate"], &["bootstrap", "--out", "token"]] {
        let arguments = [command, &["--database", "sqlite:other.db"]].concat();
        home.run(&arguments).refused(1, &["other.db", "not Keyreeve's"]);
    }
    assert!(!home.has("token") && !home.has("keyreeve-data/master.key"));
}

#[test]
fn a_schema_of_a_newer_version_is_refused() {
    let home = Home::new();
    home.run(&["migrate"]).succeeded();
    let file = home.path("keyreeve-data/keyreeve.db");
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    connection
        .batch_execute(
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999'); UPDATE compatibility SET needs = '9999'",
        )
        .unwrap();
    home.run(&["serve"]).refused(1, &["9999", "newer Keyreeve"]);
    home.run(&["migrate"]).refused(1, &["9999"]);
}

#[test]
fn half_of_tls_is_refused() {
    let home = Home::new();
    let (certificate, key) = (fixture("localhost.pem"), fixture("localhost.key"));
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    home.run(&["serve", "--tls-certificate", certificate]).refused(1, &["--tls-key"]);
    home.run(&["serve", "--tls-key", key]).refused(1, &["--tls-certificate"]);
    home.run(&["serve", "--tls-key", key, "--tls-certificate", "gone.pem"]).refused(1, &["gone.pem"]);
    home.run(&["serve", "--tls-key", certificate, "--tls-certificate", certificate]).refused(1, &["localhost.pem"]);
    home.run(&["serve", "--tls-key", key, "--tls-certificate", key]).refused(1, &["localhost.key"]);
}

#[test]
fn an_address_that_is_taken_is_refused_unless_nobody_asked_for_it() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    home.run(&["serve", "--listen", &address]).refused(1, &[&address, "--listen"]);
    home.run(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", &address])
        .refused(1, &[&address, "--metrics-listen"]);
}

#[test]
fn check_tells_every_reason_at_once_and_changes_nothing() {
    let home = Home::new();
    home.write("key", "c2hvcnQ=\n");
    let arguments = ["--listen", "0.0.0.0:80", "--tls-key", "gone.key", "--master-key-file", "key"];
    let reasons = ["plain HTTP", "--tls-certificate", "32 bytes"];
    home.run(&[&["config", "check"][..], &arguments].concat()).refused(1, &reasons);
    home.run(&[&["serve"][..], &arguments].concat()).refused(1, &reasons);
    assert!(!home.has("keyreeve-data"));
    home.run(&["config", "check"]).succeeded();
    assert!(!home.has("keyreeve-data"));
}

#[test]
fn a_database_that_is_away_is_said_in_one_line_without_its_password() {
    let home = Home::new();
    let url = "postgres://ada:hunter2@127.0.0.1:1/keyreeve";
    for command in [&["serve"][..], &["config", "check"], &["migrate"], &["bootstrap", "--out", "token"]] {
        let finished = home.run(&[command, &["--database", url]].concat());
        finished.refused(1, &["cannot be reached", "ada:***@127.0.0.1:1", "--database"]);
        assert!(!finished.err.contains("hunter2") && finished.err.lines().count() == 1, "{}", finished.err);
    }
    assert!(!home.has("token"));
    for typo in ["postgres://ada:hunter2/x@127.0.0.1:1/k", "postgres://ada:%hunter2@127.0.0.1:1/k"] {
        let finished = home.run(&["migrate", "--database", typo]);
        finished.refused(1, &["cannot be reached (invalid"]);
        assert!(!finished.err.contains("hunter2"), "{}", finished.err);
    }
}

#[test]
fn a_journal_that_cannot_be_kept_or_proves_nothing_is_refused() {
    let home = Home::new();
    home.serve(&[]).stop().succeeded();
    let commands: [&[&str]; 2] =
        [&["config", "check"], &["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"]];
    let refused = |file: &str, words: &[&str]| {
        for command in commands {
            home.run(&[command, &["--journal-file", file]].concat()).refused(1, words);
        }
        home.run(&["doctor", "--journal-file", file]).refused(1, words);
    };
    let (usual, other) = ("keyreeve-data/changes.journal", "--journal-file");
    refused("nowhere/journal", &["nowhere/journal", "cannot be used"]);
    refused("keyreeve-data", &["not a file", other]);
    refused("keyreeve-data/keyreeve.db", &["is the database", other]);
    refused("keyreeve-data/../keyreeve-data/master.key", &["is the master key file", other]);
    home.write("damaged", "keyreeve-journal 1 3f0c2a51d6b7e980 0 0000000000000000\n");
    refused("damaged", &["changed by hand, or damaged, in line 1"]);
    for mode in [0o620, 0o602, 0o666] {
        home.set_mode(usual, mode);
        refused(usual, &["can be changed by others", "chmod 600 keyreeve-data/changes.journal"]);
    }
    home.set_mode(usual, 0o644);
    home.run(&["config", "check"]).succeeded();
    home.serve(&[]).stop().succeeded();
}

#[test]
fn a_journal_that_is_yet_to_be_made_is_fine_where_it_can_be() {
    let home = Home::new();
    for file in ["keyreeve-data/changes.journal", "journal"] {
        home.run(&["config", "check", "--journal-file", file]).succeeded();
    }
    home.run(&["config", "check", "--journal-file", "keyreeve-data/below/journal"])
        .refused(1, &["keyreeve-data/below"]);
    assert!(!home.has("keyreeve-data") && !home.has("journal"), "nothing was changed");
    // On PostgreSQL a server may have no place for one: unless somebody named it, that is no reason not to serve.
    let database = testkit::postgres::shared().unwrap().database().unwrap();
    let url = database.url();
    home.run(&["master-key", "new", "--out", "key"]).succeeded();
    let elsewhere = ["--database", &url, "--data-dir", "key/below", "--master-key-file", "key"];
    home.run(&[&["config", "check"][..], &elsewhere].concat()).succeeded();
    home.run(&[&["config", "check", "--journal-file", "key/below/journal"][..], &elsewhere].concat())
        .refused(1, &["key/below"]);
}
