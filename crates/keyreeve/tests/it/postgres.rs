//! What is different with a database that several servers share.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use testkit::postgres::shared;

use crate::home::{Home, Running, Server};

#[test]
fn two_servers_started_at_once_on_an_empty_database_both_come_up() {
    let database = shared().unwrap().database().unwrap();
    let (home, url) = (Home::new(), database.url());
    let arguments = ["serve", "--database", &url, "--listen", "127.0.0.1:0", "--metrics-listen", "off"];
    let running: Vec<Running> = (0..4).map(|_| home.start(&arguments, &[])).collect();
    for server in running.into_iter().map(Server::ready).collect::<Vec<_>>() {
        assert!(server.is_live());
        server.stop().succeeded();
    }
}

#[test]
fn several_may_migrate_at_once() {
    let database = shared().unwrap().database().unwrap();
    let (home, url) = (Home::new(), database.url());
    let running: Vec<Running> = (0..4).map(|_| home.start(&["migrate", "--database", &url], &[])).collect();
    for migrated in running {
        migrated.finish().succeeded();
    }
    let again = home.run(&["migrate", "--database", &url]).succeeded();
    assert!(again.out.contains("nothing to do"));
}

#[test]
fn a_schema_that_lacks_migrations_is_for_migrate_to_change() {
    let database = shared().unwrap().database().unwrap();
    let (home, url) = (Home::new(), database.url());
    let mut connection = PgConnection::establish(&url).unwrap();
    let table = "CREATE TABLE __diesel_schema_migrations \
        (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";
    connection.batch_execute(table).unwrap();
    home.run(&["config", "check", "--database", &url]).refused(1, &["keyreeve migrate"]);
    home.run(&["serve", "--database", &url]).refused(1, &["keyreeve migrate"]);
    let migrated = home.run(&["migrate", "--database", &url]).succeeded();
    assert!(migrated.out.contains("Applied"));
    home.run(&["bootstrap", "--database", &url, "--out", "token"]).succeeded();
}

#[test]
fn a_replica_that_others_reach_is_given_its_key() {
    let database = shared().unwrap().database().unwrap();
    let (home, url) = (Home::new(), database.url());
    let exposed = ["--database", &url, "--listen", "0.0.0.0:0", "--metrics-listen", "off", "--insecure"];
    for command in [&["serve"][..], &["config", "check"], &["bootstrap", "--out", "token"]] {
        home.run(&[command, &exposed].concat()).refused(1, &["no master key file", "keyreeve master-key new"]);
    }
    assert!(!home.has("keyreeve-data"));
    home.run(&["master-key", "new", "--out", "key"]).succeeded();
    let given = [&exposed[..], &["--master-key-file", "key"]].concat();
    home.run(&[&["bootstrap", "--out", "token"][..], &given].concat()).succeeded();

    let other = Home::new();
    other.run(&["serve", "--database", &url, "--listen", "127.0.0.1:0"]).refused(1, &["no master key file"]);
    other.run(&["master-key", "new", "--out", "key"]).succeeded();
    let wrong = ["serve", "--database", &url, "--listen", "127.0.0.1:0", "--master-key-file", "key"];
    other.run(&wrong).refused(1, &["set up with"]);
}

#[test]
fn a_database_that_forgets_is_refused() {
    let database = shared().unwrap().database().unwrap();
    let (home, url) = (Home::new(), database.url());
    let mut connection = PgConnection::establish(&url).unwrap();
    connection.batch_execute(&format!("ALTER DATABASE {} SET synchronous_commit = off", database.name())).unwrap();
    home.run(&["serve", "--database", &url]).refused(1, &["synchronous_commit"]);
    home.run(&["config", "check", "--database", &url]).refused(1, &["synchronous_commit"]);
}

#[test]
#[cfg(not(feature = "pg-tls"))]
fn tls_that_was_not_built_in_is_named_with_a_way_out() {
    let home = Home::new();
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = format!("postgres://keyreeve:hunter2@127.0.0.1:1/keyreeve?sslmode={mode}");
        for command in [&["serve"][..], &["config", "check"], &["migrate"]] {
            let words = ["built without it", "--features pg-tls", "sslmode=disable"];
            home.run(&[command, &["--database", &url]].concat()).refused(1, &words);
        }
    }
}

/// PostgreSQL is there and has no certificate: libpq says so, which it can only where it speaks TLS.
#[test]
#[cfg(feature = "pg-tls")]
fn tls_that_was_built_in_is_asked_of_the_server() {
    let database = shared().unwrap().database().unwrap();
    let (home, url) = (Home::new(), format!("{}?sslmode=require", database.url()));
    home.run(&["migrate", "--database", &url]).refused(1, &["server does not support SSL"]);
}
