//! A newer Keyreeve has migrated the database while replicas of this one are at work.

use std::sync::atomic::Ordering;
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use testkit::postgres::shared;

use crate::balancer::Balancer;
use crate::drain::Load;
use crate::fleet::Fleet;
use crate::home::Home;

/// What a migration may do to tables that are in use: it only adds.
const ADDS: &str = "ALTER TABLE keys ADD COLUMN colour TEXT; ALTER TABLE tenants ADD COLUMN colour TEXT; \
    ALTER TABLE changes ADD COLUMN colour TEXT; CREATE TABLE colours (name TEXT NOT NULL PRIMARY KEY); \
    INSERT INTO __diesel_schema_migrations (version) VALUES ('9998')";
/// What nobody who is older can work with.
const BREAKS: &str = "UPDATE compatibility SET needs = '9999'; \
    INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')";

#[test]
fn replicas_go_on_while_a_newer_version_migrates_and_may_be_restarted_on_what_it_made() {
    let database = shared().unwrap().database().unwrap();
    let mut fleet = Fleet::of(2, &database.url(), &["--drain-seconds", "1"]);
    let key = fleet.key("Key");
    let balancer = Balancer::before(fleet.replicas.iter().map(|replica| replica.url.as_str()));
    balancer.has(2);
    let mut newer = PgConnection::establish(&database.url()).unwrap();
    let load = Load::default();
    let (operator, gateway) = (fleet.operator.clone(), fleet.gateway.clone());
    thread::scope(|scope| {
        let _stop = load.until_dropped();
        scope.spawn(|| load.keep(|| load.verify(&balancer, &gateway, &key)));
        scope.spawn(|| load.keep(|| load.write(&balancer, &operator)));
        load.goes_on();
        newer.transaction(|newer| newer.batch_execute(ADDS)).unwrap();
        load.goes_on();
        for which in [0, 1] {
            fleet.restart(which);
            balancer.has(2);
            assert!(fleet.replicas[which].running.err.so_far().contains("of a newer Keyreeve"));
        }
        load.goes_on();
        // It is there already, and no reason to stop.
        newer.batch_execute(BREAKS).unwrap();
        load.goes_on();
    });
    assert_eq!(load.failures(), Vec::<String>::new());
    println!("{} requests", load.answered.load(Ordering::SeqCst));
    Home::new().run(&["serve", "--database", &database.url()]).refused(1, &["9999", "newer Keyreeve"]);
    Home::new().run(&["migrate", "--database", &database.url()]).refused(1, &["newer Keyreeve"]);
}

#[test]
fn an_embedded_database_of_a_newer_version_is_used_if_it_says_so() {
    let home = Home::new();
    home.run(&["migrate"]).succeeded();
    let file = home.path("keyreeve-data/keyreeve.db");
    let mut newer = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    newer.batch_execute(ADDS).unwrap();
    let server = home.serve(&[]);
    assert!(server.is_live() && server.running.err.so_far().contains("1 migration of a newer Keyreeve"));
    server.stop().succeeded();
    assert!(home.run(&["migrate"]).succeeded().out.contains("nothing to do"));
    newer.batch_execute(BREAKS).unwrap();
    home.run(&["serve"]).refused(1, &["9999", "newer Keyreeve"]);
}
