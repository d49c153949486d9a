//! What a write promises: it is audited or it is not there, writers of one chain stand in line, and a dead connection
//! is somebody else's news only once.

use std::sync::Arc;
use std::thread;

use diesel::prelude::*;
use domain::Timestamp;
use domain::actor::Actor;
use domain::audit::{AuditAction, Chain, Origin, Target};
use domain::change::Change;
use domain::id::TenantId;
use keyreeve_persistence::{Author, Database, Error, Options, Url};
use testkit::postgres;

fn author(seed: u8) -> Author {
    Author {
        actor: Actor::system("test"),
        origin: Origin { request_id: "req".to_owned(), address: None },
        now: Timestamp::UNIX_EPOCH,
        seed: [seed; 32],
    }
}

fn target() -> Target {
    Target::new("platform", "platform")
}

/// Runs a test on a fresh database of either kind.
fn on_both(test: impl Fn(&Arc<Database>)) {
    let folder = tempfile::tempdir().unwrap();
    let database = postgres::shared().unwrap().database().unwrap();
    for url in [Url::Sqlite(folder.path().join("keyreeve.db")), Url::parse(&database.url()).unwrap()] {
        let database = Arc::new(Database::open(Options::at(url)));
        database.migrate().unwrap();
        test(&database);
    }
}

#[test]
fn a_write_that_says_nothing_to_the_audit_does_not_happen() {
    on_both(|database| {
        let tenant = TenantId::draw(&mut domain::Entropy::from_seed([1; 32]), Timestamp::UNIX_EPOCH);
        let silent = database
            .write("silent", &author(1), &Chain::Platform, |db| db.tell(&Change::Tenant(tenant.clone())).map(drop));
        assert!(matches!(silent, Err(Error::Unaudited("silent"))));
        let told = database.read(|db| keyreeve_persistence::changes::newest(db, &Change::Tenant(tenant.clone())));
        assert_eq!(told.unwrap(), None, "and what it wrote is gone");
    });
}

#[test]
fn writers_of_one_chain_leave_no_gap_and_no_fork() {
    on_both(|database| {
        let writers = (0..8).map(|writer| {
            let database = database.clone();
            thread::spawn(move || {
                for round in 0..25 {
                    let author = author(writer * 25 + round);
                    let written = database.write("race", &author, &Chain::Platform, |db| {
                        db.record(AuditAction::RegionCreated, target(), &[])
                    });
                    written.unwrap();
                }
            })
        });
        writers.collect::<Vec<_>>().into_iter().for_each(|writer| writer.join().unwrap());
        assert_eq!(sequences(database), (1..=200).collect::<Vec<_>>());
    });
}

#[test]
fn a_panic_in_a_write_leaves_nothing_behind() {
    on_both(|database| {
        let panicking = database.clone();
        let thread = thread::spawn(move || {
            let _ = panicking.write("panic", &author(1), &Chain::Platform, |db| -> Result<(), Error> {
                db.record(AuditAction::RegionCreated, target(), &[])?;
                panic!("on purpose");
            });
        });
        assert!(thread.join().is_err());
        let next = database
            .write("next", &author(2), &Chain::Platform, |db| db.record(AuditAction::RegionCreated, target(), &[]));
        next.unwrap();
        assert_eq!(sequences(database), [1], "the one that panicked has left no event");
    });
}

/// The numbers of the platform's events, in order.
fn sequences(database: &Database) -> Vec<i64> {
    let query = diesel::sql_query("SELECT sequence FROM audit_events WHERE chain = 'platform' ORDER BY sequence");
    let events: Vec<Sequence> = match database.url() {
        Url::Sqlite(path) => query.load(&mut SqliteConnection::establish(path.to_str().unwrap()).unwrap()).unwrap(),
        Url::Postgres(url) => query.load(&mut PgConnection::establish(url).unwrap()).unwrap(),
    };
    events.into_iter().map(|event| event.sequence).collect()
}

#[derive(QueryableByName)]
struct Sequence {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    sequence: i64,
}

#[test]
fn connections_that_died_are_replaced_without_anybody_noticing() {
    let server = postgres::shared().unwrap();
    let own = server.database().unwrap();
    let database = Database::open(Options::at(Url::parse(&own.url()).unwrap()));
    database.migrate().unwrap();
    let write = |seed| {
        database
            .write("write", &author(seed), &Chain::Platform, |db| db.record(AuditAction::RegionCreated, target(), &[]))
    };
    write(1).unwrap();
    database.ping().unwrap();
    kill_everybody_in(&own);
    database.ping().unwrap();
    write(2).unwrap();
}

fn kill_everybody_in(database: &postgres::Database<'_>) {
    let mut connection = PgConnection::establish(&database.url()).unwrap();
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    diesel::sql_query(kill).execute(&mut connection).unwrap();
}
