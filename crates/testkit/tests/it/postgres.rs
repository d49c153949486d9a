//! The throwaway cluster keeps its promises, and its databases are quick to make.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use keyreeve_testkit::postgres::{Cluster, Server, shared};

#[test]
fn a_cluster_is_durable_and_local_and_leaves_nothing_behind() {
    let cluster = Cluster::start().unwrap();
    let directory = cluster.directory().to_owned();
    for (setting, expected) in [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", directory.to_str().unwrap()),
        ("max_connections", "200"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
    ] {
        let shown = show(cluster.maintenance_url(), &format!("current_setting('{setting}')"));
        assert_eq!(shown, expected, "{setting}");
    }
    assert_eq!(show(&cluster.url("postgres"), "datcollate FROM pg_database WHERE datname = 'postgres'"), "C");

    let url = cluster.maintenance_url().to_owned();
    drop(cluster);
    assert!(!directory.exists());
    assert!(PgConnection::establish(&url).is_err());
}

#[test]
fn a_database_is_gone_with_its_value_even_while_somebody_is_connected() {
    let server = shared().unwrap();
    let database = server.database().unwrap();
    let name = database.name().to_owned();
    let _connected = PgConnection::establish(&database.url()).unwrap();
    assert!(server.has_database(&name).unwrap());
    drop(database);
    assert!(!server.has_database(&name).unwrap());
}

#[test]
fn a_template_is_filled_once_and_its_copies_are_quick() {
    let server = shared().unwrap();
    let template = "testkit_filled_once";
    server.drop_database(template).unwrap();
    server.ensure_template(template, |url| fill(url, 20)).unwrap();
    server.ensure_template(template, |_| Err::<(), _>("is there already")).unwrap();

    let mut copies = Vec::new();
    let mut quickest = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        copies.push(server.database_from_template(template).unwrap());
        quickest = quickest.min(began.elapsed());
    }
    // The quickest, since a test shares its machine with others.
    assert!(quickest < Duration::from_millis(150), "{quickest:?}");
    for copy in &copies {
        assert_eq!(show(&copy.url(), "count(*)::text FROM table_19"), "1");
    }
    server.drop_database(template).unwrap();
}

#[test]
fn many_who_want_a_template_at_once_share_the_work() {
    let server = shared().unwrap();
    let template = "testkit_wanted_by_many";
    server.drop_database(template).unwrap();
    let copies: Vec<String> = std::thread::scope(|scope| {
        let wanting = || {
            server.ensure_template(template, |url| fill(url, 1))?;
            Ok(show(&server.database_from_template(template)?.url(), "count(*)::text FROM table_0"))
        };
        let tests: Vec<_> = (0..8).map(|_| scope.spawn(wanting)).collect();
        tests.into_iter().map(|test| test.join().unwrap()).collect::<keyreeve_testkit::postgres::Result<_>>().unwrap()
    });
    assert_eq!(copies, ["1"; 8]);
    server.drop_database(template).unwrap();
}

#[test]
fn a_template_that_cannot_be_filled_is_not_a_template() {
    let server = shared().unwrap();
    let template = "testkit_not_filled";
    let failed = server.ensure_template(template, |_| Err::<(), _>("no such migration")).unwrap_err();
    assert_eq!(failed.to_string(), "cannot fill the template testkit_not_filled: no such migration");
    assert!(!server.has_database(template).unwrap());
    server.drop_database("testkit_not_filled_unfinished").unwrap();
}

#[test]
fn a_url_keeps_all_but_the_name() {
    let server = Server::at("postgres://me:pw@db.example:5433/postgres?sslmode=disable").unwrap();
    assert_eq!(server.url("one"), "postgres://me:pw@db.example:5433/one?sslmode=disable");
    assert!(Server::at("postgres://db.example").is_err());
    assert!(Server::at("/var/run/postgresql").is_err());
}

#[test]
fn only_plain_names_are_names() {
    let server = Server::at("postgres://nobody@127.0.0.1:1/postgres").unwrap();
    for name in ["", "1st", "Upper", "a-b", "a\"; DROP DATABASE postgres; --", &"x".repeat(49)] {
        let refused = server.create_database(name).unwrap_err();
        assert!(refused.to_string().starts_with("not a plain database name"), "{refused}");
    }
}

fn fill(url: &str, tables: u32) -> Result<(), Infallible> {
    let mut connection = PgConnection::establish(url).unwrap();
    for table in 0..tables {
        let sql = format!("CREATE TABLE table_{table} (id TEXT PRIMARY KEY); INSERT INTO table_{table} VALUES ('a')");
        connection.batch_execute(&sql).unwrap();
    }
    Ok(())
}

fn show(url: &str, what: &str) -> String {
    #[derive(QueryableByName)]
    struct Shown {
        #[diesel(sql_type = sql_types::Text)]
        shown: String,
    }
    let query = match what.split_once(" FROM ") {
        Some((column, from)) => format!("SELECT {column} AS shown FROM {from}"),
        None => format!("SELECT {what} AS shown"),
    };
    sql_query(query).get_result::<Shown>(&mut PgConnection::establish(url).unwrap()).unwrap().shown
}
