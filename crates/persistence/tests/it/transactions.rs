//! What a write promises: it is audited or it is not there, writers of one chain stand in line, and a dead connection
//! is somebody else's news only once.

use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use domain::Timestamp;
use domain::actor::Actor;
use domain::audit::{AuditAction, Chain, Origin, Target};
use domain::change::Change;
use domain::id::TenantId;
use keyreeve_persistence::{Author, Database, Error, Options, System, Url, Writing, freeze};
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

/// Of two writers of one chain the second waits for its row, and who freezes waits for both.
#[test]
fn whoever_is_at_it_before_a_freeze_goes_on_and_whoever_comes_after_it_does_not() {
    let own = postgres::shared().unwrap().database().unwrap();
    let database = Database::open(Options::at(Url::parse(&own.url()).unwrap()));
    database.migrate().unwrap();
    let record = |db: &mut Writing<'_>| db.record(AuditAction::RegionCreated, target(), &[]);
    let write = |seed| database.write("write", &author(seed), &Chain::Platform, record);
    let freeze = |seed| {
        database.write_alone("freeze", &author(seed), &Chain::Platform, |db| {
            freeze::begin(System::as_part("test"), db)?;
            record(db)
        })
    };
    write(1).unwrap();
    thread::scope(|scope| {
        let others = OnceLock::new();
        let first = database.write("write", &author(2), &Chain::Platform, |db| {
            let _ = others.get_or_init(|| {
                let second = scope.spawn(|| write(3));
                until_waiting(&own, 1);
                let frozen = scope.spawn(|| freeze(4));
                until_waiting(&own, 2);
                Mutex::new(vec![second, frozen])
            });
            record(db)
        });
        first.unwrap();
        for other in others.into_inner().unwrap().into_inner().unwrap() {
            other.join().unwrap().unwrap();
        }
    });
    assert!(matches!(write(5), Err(Error::Frozen)));
    assert_eq!(sequences(&database), [1, 2, 3, 4]);
}

/// Its statement begins before there is a freeze, and looks for one when it is let in.
#[test]
fn whoever_waits_for_somebody_who_freezes_is_refused() {
    let own = postgres::shared().unwrap().database().unwrap();
    let database = Database::open(Options::at(Url::parse(&own.url()).unwrap()));
    database.migrate().unwrap();
    let record = |db: &mut Writing<'_>| db.record(AuditAction::RegionCreated, target(), &[]);
    let write = |seed| database.write("write", &author(seed), &Chain::Platform, record);
    // So that the statement has been prepared by then, as it mostly has.
    for seed in 1..=4 {
        write(seed).unwrap();
    }
    thread::scope(|scope| {
        let late = OnceLock::new();
        let frozen = database.write_alone("freeze", &author(5), &Chain::Platform, |db| {
            let _ = late.get_or_init(|| {
                let late = scope.spawn(|| write(6));
                until_waiting(&own, 1);
                Mutex::new(late)
            });
            freeze::begin(System::as_part("test"), db)?;
            record(db)
        });
        frozen.unwrap();
        let late = late.into_inner().unwrap().into_inner().unwrap().join().unwrap();
        assert!(matches!(late, Err(Error::Frozen)), "{late:?}");
    });
    assert_eq!(sequences(&database), [1, 2, 3, 4, 5]);
}

/// Waits until so many connections wait for a lock.
fn until_waiting(database: &postgres::Database<'_>, count: i64) {
    let mut connection = PgConnection::establish(&database.url()).unwrap();
    let waiting = "SELECT COUNT(*) AS sequence FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..2_000 {
        let found: Sequence = diesel::sql_query(waiting).get_result(&mut connection).unwrap();
        if found.sequence == count {
            return;
        }
        thread::park_timeout(Duration::from_millis(1));
    }
    panic!("{count} were to wait");
}
