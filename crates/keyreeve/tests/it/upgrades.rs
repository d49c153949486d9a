//! A newer Keyreeve has migrated the database while replicas of this one are at work; and migrations that are killed half-way.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use rustix::process::Signal;
use tempfile::TempDir;
use testkit::postgres::{self, shared};

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

#[test]
fn making_the_schema_of_a_new_sqlite_may_be_killed_at_any_moment() {
    new_databases_are_killed(|| Place::Sqlite(tempfile::tempdir().unwrap()));
}

#[test]
fn making_the_schema_of_a_new_postgres_may_be_killed_at_any_moment() {
    new_databases_are_killed(|| Place::Postgres(shared().unwrap().database().unwrap()));
}

#[test]
fn upgrading_a_sqlite_in_use_may_be_killed_at_any_moment() {
    a_database_in_use_is_killed(&Place::Sqlite(tempfile::tempdir().unwrap()));
}

#[test]
fn upgrading_a_postgres_in_use_may_be_killed_at_any_moment() {
    a_database_in_use_is_killed(&Place::Postgres(shared().unwrap().database().unwrap()));
}

/// `KEYREEVE_KILLS=500` makes it a long one.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn kills() -> u32 {
    std::env::var("KEYREEVE_KILLS").map_or(24, |text| text.parse().unwrap())
}

fn new_databases_are_killed(make: impl Fn() -> Place) {
    let whole = make();
    let took = whole.migrates();
    let (mut round, mut half_way) = (0, 0);
    while !is_enough(round, half_way) {
        let (place, home) = (make(), Home::new());
        let command = if round % 2 == 0 { "migrate" } else { "serve" };
        half_way += usize::from(place.is_killed(&home, command, moment(took, round)));
        // An embedded database is completed by whatever opens it next.
        if matches!(place, Place::Postgres(_)) || round % 3 == 0 {
            place.completes();
        }
        let fleet = Fleet::at(home, 1, &place.url(), &[]);
        place.is_whole();
        assert_eq!(place.schema(), whole.schema());
        assert!(fleet.key("Key").is_allowed(&fleet.gateway(0)));
        round += 1;
    }
    println!("{round} new databases killed while their schema was made, {half_way} of them half-way; all completed");
    assert!(half_way > 0, "nothing was killed half-way");
}

/// The last migrations are taken back, as if the version before had made all that is in it.
fn a_database_in_use_is_killed(place: &Place) {
    const LAST: [&str; 6] = [
        "0012_unsigned_chains",
        "0011_clock",
        "0010_audit_checkpoints",
        "0009_continuity",
        "0008_operations",
        "0007_gateway_secrets",
    ];
    let mut fleet = Fleet::of(1, &place.url(), &[]);
    let (whole, first) = (place.schema(), fleet.key("First"));
    let (mut keys, mut round, mut half_way) = (vec![first], 0, 0);
    fleet.replicas.pop().unwrap().stop().succeeded();
    LAST.iter().for_each(|name| place.take_back(name));
    let took = place.migrates();
    while !is_enough(round, half_way) {
        LAST.iter().for_each(|name| place.take_back(name));
        half_way += usize::from(place.is_killed(&Home::new(), "migrate", moment(took, round)));
        place.completes();
        assert_eq!(place.schema(), whole);
        if round % 4 == 0 {
            fleet.serve();
            keys.push(fleet.key(&format!("Key {round}")));
            assert!(keys.iter().all(|key| key.is_allowed(&fleet.gateway(0))));
            fleet.replicas.pop().unwrap().stop().succeeded();
        }
        round += 1;
    }
    println!("a database in use killed {round} times while it was upgraded, {half_way} times half-way; all completed");
    assert!(half_way > 0, "nothing was killed half-way");
}

/// As often as it should be, and on until one of them was caught half-way.
fn is_enough(round: u32, half_way: usize) -> bool {
    round >= kills() && (half_way > 0 || round >= 10 * kills())
}

/// Spread over the time that it takes, and beyond.
fn moment(took: Duration, round: u32) -> Duration {
    took.mul_f64(0.2 + f64::from(round % kills()) / f64::from(kills()))
}

/// A database, and how one looks into it.
enum Place {
    Sqlite(TempDir),
    Postgres(postgres::Database<'static>),
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Place {
    fn url(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("sqlite:{}", self.file()),
            Self::Postgres(database) => database.url(),
        }
    }

    fn file(&self) -> String {
        let Self::Sqlite(folder) = self else { panic!("no file") };
        folder.path().join("keyreeve.db").to_str().unwrap().to_owned()
    }

    fn migrates(&self) -> Duration {
        let began = Instant::now();
        Home::new().run(&["migrate", "--database", &self.url()]).succeeded();
        began.elapsed()
    }

    /// Says whether it had begun and not ended.
    fn is_killed(&self, home: &Home, command: &str, after: Duration) -> bool {
        let ports = ["--listen", "127.0.0.1:0", "--metrics-listen", "off"];
        let all = self.migrations().len();
        let before = self.applied().len();
        let running = home.start(&[&[command, "--database", &self.url()][..], &ports].concat(), &[]);
        thread::park_timeout(after);
        running.signal(Signal::KILL);
        drop(running);
        let applied = self.applied().len();
        applied > before && applied < all
    }

    fn completes(&self) {
        self.migrates();
        self.is_whole();
    }

    fn is_whole(&self) {
        let again = Home::new().run(&["migrate", "--database", &self.url()]).succeeded();
        assert!(again.out.contains("nothing to do"), "{}", again.out);
        assert_eq!(self.applied(), self.migrations());
    }

    fn applied(&self) -> Vec<String> {
        let has = match self {
            Self::Sqlite(_) if !Path::new(&self.file()).exists() => return Vec::new(),
            Self::Sqlite(_) => "SELECT name AS line FROM sqlite_master WHERE name = '__diesel_schema_migrations'",
            Self::Postgres(_) => {
                "SELECT tablename::text AS line FROM pg_tables WHERE tablename = '__diesel_schema_migrations'"
            }
        };
        if self.lines(has).is_empty() {
            return Vec::new();
        }
        self.lines("SELECT version AS line FROM __diesel_schema_migrations ORDER BY version")
    }

    /// All there are, by their numbers.
    fn migrations(&self) -> Vec<String> {
        let folder = fs::read_dir(self.folder()).unwrap();
        let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names.iter().map(|name| name.split('_').next().unwrap().to_owned()).collect()
    }

    fn take_back(&self, name: &str) {
        let down = fs::read_to_string(format!("{}/{name}/down.sql", self.folder())).unwrap();
        let version = name.split('_').next().unwrap();
        self.execute(&format!("{down}; DELETE FROM __diesel_schema_migrations WHERE version = '{version}'"));
    }

    fn folder(&self) -> String {
        let kind = match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        };
        format!("{}/../../migrations/{kind}", env!("CARGO_MANIFEST_DIR"))
    }

    /// Tables, columns, indexes and constraints.
    fn schema(&self) -> Vec<String> {
        self.lines(match self {
            Self::Sqlite(_) => {
                "SELECT m.name || '.' || c.name || c.type || c.\"notnull\" || coalesce(c.dflt_value, '') || c.pk AS line \
                 FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
                 UNION ALL SELECT coalesce(sql, name) FROM sqlite_master WHERE type <> 'table' ORDER BY 1"
            }
            Self::Postgres(_) => {
                "SELECT table_name || '.' || column_name || data_type || is_nullable || coalesce(column_default, '') AS line \
                 FROM information_schema.columns WHERE table_schema = 'public' \
                 UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
                 UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint \
                 WHERE connamespace = 'public'::regnamespace ORDER BY 1"
            }
        })
    }

    fn lines(&self, query: &str) -> Vec<String> {
        let query = diesel::sql_query(query);
        let lines: Vec<Line> = match self {
            Self::Sqlite(_) => query.load(&mut SqliteConnection::establish(&self.file()).unwrap()).unwrap(),
            Self::Postgres(database) => query.load(&mut PgConnection::establish(&database.url()).unwrap()).unwrap(),
        };
        lines.into_iter().map(|line| line.line).collect()
    }

    fn execute(&self, sql: &str) {
        let done = match self {
            Self::Sqlite(_) => SqliteConnection::establish(&self.file()).unwrap().batch_execute(sql),
            Self::Postgres(database) => PgConnection::establish(&database.url()).unwrap().batch_execute(sql),
        };
        done.unwrap();
    }
}
