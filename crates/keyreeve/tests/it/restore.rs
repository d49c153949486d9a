//! A database that is put back to an earlier state brings back nothing that was stopped since, until somebody decides.

use std::fs;
use std::io::Write;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use rustix::process::Signal;
use serde_json::json;
use testkit::Client;
use testkit::postgres::{Database, shared};

use crate::fleet::{Fleet, Key, now};
use crate::home::Home;

const KEYS: usize = 40;

/// `KEYREEVE_REVOKES=1000` makes it a long one.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn how_many() -> usize {
    std::env::var("KEYREEVE_REVOKES").map_or(KEYS, |text| text.parse().unwrap())
}

/// A fleet of one server with its keys, and a way to put its database back.
struct World {
    fleet: Fleet,
    keys: Vec<Key>,
    database: Option<Database<'static>>,
    earlier: Option<Database<'static>>,
}

impl World {
    fn on_sqlite() -> Self {
        let fleet = Fleet::of(1, "sqlite:keyreeve-data/keyreeve.db", &[]);
        Self::with(fleet, None)
    }

    fn on_postgres() -> Self {
        let database = shared().unwrap().database().unwrap();
        let fleet = Fleet::of(1, &database.url(), &[]);
        Self::with(fleet, Some(database))
    }

    fn with(fleet: Fleet, database: Option<Database<'static>>) -> Self {
        let keys = (0..how_many()).map(|number| fleet.key(&format!("Key {number}"))).collect();
        Self { fleet, keys, database, earlier: None }
    }

    fn home(&self) -> &Home {
        &self.fleet.home
    }

    /// On SQLite while it serves. PostgreSQL's own means are not ours to test: a copy of the database stands for them, for
    /// which nobody may be connected.
    fn back_up(&mut self) {
        match &self.database {
            None => {
                self.home().run(&["backup", "--out", "backup.db"]).succeeded();
                assert_eq!(self.home().mode("backup.db"), 0o600);
            }
            Some(database) => {
                self.fleet.replicas.remove(0).stop().succeeded();
                let earlier = shared().unwrap().database().unwrap();
                copy(database, &earlier);
                self.earlier = Some(earlier);
                self.fleet.serve();
            }
        }
    }

    /// Puts the database back without a word.
    fn put_back(&self) {
        match (&self.database, &self.earlier) {
            (Some(database), Some(earlier)) => copy(earlier, database),
            _ => {
                for ending in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(self.home().path(&format!("keyreeve-data/keyreeve.db{ending}")));
                }
                fs::copy(self.home().path("backup.db"), self.home().path("keyreeve-data/keyreeve.db")).unwrap();
            }
        }
    }

    /// Puts it back as it should be done, and says what was said.
    fn restore(&self, arguments: &[&str]) -> String {
        let url = self.database.as_ref().map(Database::url);
        let command = match &url {
            None => {
                for ending in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(self.home().path(&format!("keyreeve-data/keyreeve.db{ending}")));
                }
                vec!["restore", "backup.db"]
            }
            Some(url) => {
                self.put_back();
                vec!["restore", "--database", url]
            }
        };
        self.home().run(&[&command[..], arguments].concat()).succeeded().out
    }

    fn stop(&mut self) {
        self.fleet.replicas.remove(0).stop().succeeded();
    }

    fn operator(&self) -> Client {
        self.fleet.operator(0)
    }

    fn revoke_all(&self) {
        for key in &self.keys {
            // Not for gateways that have a lease and are gone.
            let answer = self.operator().act(&format!("{}/revoke?wait=0", key.path));
            assert!(matches!(answer.status, 200 | 202), "{answer}");
        }
    }

    fn is_any_honoured(&self) -> bool {
        let gateway = self.fleet.gateway(0);
        self.keys.iter().any(|key| {
            let answer = key.verify(&gateway);
            answer.status == 200 && answer.field("/decision") == "allow"
        })
    }

    fn are_all_answered(&self, status: u16) -> bool {
        let gateway = self.fleet.gateway(0);
        self.keys.iter().all(|key| key.verify(&gateway).status == status)
    }

    fn journal(&self) -> std::path::PathBuf {
        self.home().path("keyreeve-data/changes.journal")
    }
}

fn copy(from: &Database<'_>, to: &Database<'_>) {
    let maintenance = from.url().rsplit_once('/').map(|(server, _)| format!("{server}/postgres")).unwrap();
    let name = |database: &Database<'_>| database.url().rsplit_once('/').unwrap().1.to_owned();
    let mut connection = PgConnection::establish(&maintenance).unwrap();
    connection.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", name(to))).unwrap();
    connection.batch_execute(&format!("CREATE DATABASE {} TEMPLATE {}", name(to), name(from))).unwrap();
}

fn with_the_journal_nothing_that_was_stopped_comes_back(mut world: World) {
    let gateway = world.fleet.gateway(0);
    let cursor = gateway.get("/v1/gateway/changes").expect(200).field("/sequence");
    let untouched = world.fleet.key("Untouched");
    let body = json!({"description": "Stolen", "expires_at": now() + chrono::TimeDelta::hours(1)});
    let stolen = world.operator().post("/v1/operator/tokens", body).expect(201);
    world.back_up();
    world.revoke_all();
    world.operator().delete(stolen.header("location")).expect(204);
    assert!(!world.is_any_honoured());
    world.stop();
    let said = world.restore(&[]);
    assert!(said.contains(&format!("Held back: {}", world.keys.len() + 1)), "{said}");
    world.fleet.serve();

    assert!(!world.is_any_honoured() && world.are_all_answered(200));
    let gateway = world.fleet.gateway(0);
    assert!(untouched.is_allowed(&gateway), "what was not touched since the backup works");
    let denied = world.keys[0].verify(&gateway).expect(200);
    assert_eq!(denied.field("/reason"), "held_back", "{denied}");
    gateway.get(&format!("/v1/gateway/changes?after={cursor}")).expect_problem(410, "feed-gone");
    gateway.get("/v1/gateway/changes").expect(200);

    let thief = Client::new(world.fleet.replicas[0].url.clone(), Some(stolen.text_at("/token")));
    thief.get("/v1/me").expect_problem(401, "unknown-credentials");

    // Another start changes nothing, and neither does what is done meanwhile.
    let shown = world.operator().get("/v1/quarantine").expect(200);
    world.fleet.restart(0);
    assert_eq!(world.operator().get("/v1/quarantine").expect(200).text, shown.text);
    assert!(!world.is_any_honoured());

    let decide = |body| world.operator().post("/v1/quarantine/held-back/decide", body).expect(200);
    decide(json!({"decision": "confirmed", "subjects": null}));
    assert!(!world.is_any_honoured());
    let all = world.operator().get("/v1/quarantine/held-back?limit=500").expect(200).items();
    let first = all.iter().find(|held| held["type"] == "key").unwrap();
    decide(json!({"decision": "released", "subjects": [first["subject"]]}));
    assert!(world.is_any_honoured(), "the one that was released");
}

#[test]
fn with_the_journal_nothing_that_was_stopped_comes_back_on_sqlite() {
    with_the_journal_nothing_that_was_stopped_comes_back(World::on_sqlite());
}

#[test]
fn with_the_journal_nothing_that_was_stopped_comes_back_on_postgres() {
    with_the_journal_nothing_that_was_stopped_comes_back(World::on_postgres());
}

fn without_a_journal_nothing_is_verified_at_all(mut world: World) {
    world.back_up();
    world.revoke_all();
    world.stop();
    fs::remove_file(world.journal()).unwrap();
    let said = world.restore(&[]);
    assert!(said.contains("no request is verified"), "{said}");
    world.fleet.serve();
    assert!(world.are_all_answered(503));
    let ready =
        ureq::get(format!("{}/readyz", world.fleet.replicas[0].url)).call().unwrap().body_mut().read_to_string();
    assert!(ready.unwrap().contains("quarantined"));
    assert!(world.fleet.replicas[0].running.err.so_far().contains("quarantined: nothing is verified"));
    world.operator().act("/v1/quarantine/lift").expect(204);
    assert!(world.is_any_honoured(), "that is what was decided");
}

#[test]
fn without_a_journal_nothing_is_verified_at_all_on_sqlite() {
    without_a_journal_nothing_is_verified_at_all(World::on_sqlite());
}

#[test]
fn without_a_journal_nothing_is_verified_at_all_on_postgres() {
    without_a_journal_nothing_is_verified_at_all(World::on_postgres());
}

fn who_puts_it_back_without_a_word_is_found_out(mut world: World) {
    world.back_up();
    world.revoke_all();
    world.stop();
    world.put_back();
    world.fleet.serve();
    assert!(world.fleet.replicas[0].running.err.so_far().contains("was put back to an earlier state"));
    assert!(world.are_all_answered(503));
    let shown = world.operator().get("/v1/quarantine").expect(200);
    assert_eq!(shown.field("/held_back"), world.keys.len(), "{shown}");
    world.operator().act("/v1/quarantine/lift").expect(204);
    assert!(!world.is_any_honoured(), "what the journal knows of stays held back");
}

#[test]
fn who_puts_it_back_without_a_word_is_found_out_on_sqlite() {
    who_puts_it_back_without_a_word_is_found_out(World::on_sqlite());
}

#[test]
fn who_puts_it_back_without_a_word_is_found_out_on_postgres() {
    who_puts_it_back_without_a_word_is_found_out(World::on_postgres());
}

#[test]
fn what_was_committed_and_not_written_down_is_made_up_for_at_the_next_start() {
    let mut world = World::on_sqlite();
    world.back_up();
    // As a kill between the commit and the journal leaves it: the last lines are missing, or torn.
    let before = fs::read(world.journal()).unwrap();
    world.revoke_all();
    world.fleet.replicas[0].running.signal(Signal::KILL);
    drop(world.fleet.replicas.remove(0));
    let after = fs::read(world.journal()).unwrap();
    assert!(after.len() > before.len());
    fs::write(world.journal(), &after[..before.len() + 30]).unwrap();
    world.fleet.serve();
    world.stop();
    world.put_back();
    world.fleet.serve();
    world.operator().act("/v1/quarantine/lift").expect(204);
    assert!(!world.is_any_honoured());
}

#[test]
fn a_journal_that_was_changed_or_belongs_elsewhere_is_refused() {
    let mut world = World::on_sqlite();
    world.stop();
    let whole = fs::read_to_string(world.journal()).unwrap();
    let (head, rest) = whole.split_once('\n').unwrap();
    fs::write(world.journal(), format!("{head}\n{}", rest.split_once('\n').unwrap().1)).unwrap();
    world.home().run(&["serve"]).refused(1, &["changed by hand", "line 2"]);
    fs::write(world.journal(), &whole).unwrap();
    let elsewhere = Home::new();
    elsewhere.serve(&[]).stop().succeeded();
    let path = world.journal();
    elsewhere.run(&["serve", "--journal-file", path.to_str().unwrap()]).refused(1, &["belongs to another database"]);
}

#[test]
fn nothing_is_overwritten_and_no_damaged_backup_is_taken() {
    let home = Home::new();
    home.run(&["backup", "--out", "backup.db"]).refused(1, &["there is no database"]);
    let server = home.serve(&[]);
    home.run(&["backup", "--out", "backup.db"]).succeeded();
    home.run(&["backup", "--out", "backup.db"]).refused(1, &["backup.db", "is there already"]);
    server.stop().succeeded();
    home.run(&["restore", "backup.db"]).refused(1, &["keyreeve.db is there", "ever overwritten"]);
    home.run(&["restore"]).refused(2, &["Name its file"]);

    let elsewhere = ["--database", "sqlite:elsewhere.db"];
    home.run(&[&["restore", "gone.db"][..], &elsewhere].concat()).refused(1, &["gone.db"]);
    let mut damaged = fs::read(home.path("backup.db")).unwrap();
    let middle = damaged.len() / 2;
    (&mut damaged[middle..middle + 4096]).write_all(&[0x55; 4096]).unwrap();
    fs::write(home.path("damaged.db"), damaged).unwrap();
    home.run(&[&["restore", "damaged.db"][..], &elsewhere].concat()).refused(1, &["damaged.db is damaged"]);
    let foreign = ["--master-key-file", "another.key"];
    home.run(&["master-key", "new", "--out", "another.key"]).succeeded();
    home.run(&[&["restore", "backup.db"][..], &elsewhere, &foreign].concat()).refused(1, &["master key does not fit"]);
    assert!(!home.has("elsewhere.db"));
    let left: Vec<_> = fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{left:?}");

    home.run(&[&["restore", "backup.db"][..], &elsewhere].concat()).succeeded();
    assert_eq!(home.mode("elsewhere.db"), 0o600);
    home.serve(&elsewhere).stop().succeeded();
}

/// Backups are taken of a database that is being written, and each of them is one state of it.
#[test]
fn a_backup_is_one_state_of_a_database_at_work() {
    let fleet = Fleet::of(1, "sqlite:keyreeve-data/keyreeve.db", &[]);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let operator = fleet.operator(0);
        let over = &is_over;
        scope.spawn(move || {
            while !over.load(std::sync::atomic::Ordering::SeqCst) {
                operator.post("/v1/tenants", json!({"name": "Another"})).expect(201);
            }
        });
        for round in 0..5 {
            let name = format!("backup-{round}.db");
            fleet.home.run(&["backup", "--out", &name]).succeeded();
        }
        is_over.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    let arguments = ["--database", "sqlite:restored.db", "--journal-file", "restored.journal"];
    fleet.home.run(&[&["restore", "backup-4.db", "--accept-without-journal"][..], &arguments].concat()).succeeded();
    let server = fleet.home.serve(&arguments);
    let client = Client::new(server.url.clone(), Some(fleet.operator.clone()));
    let tenants = client.get("/v1/tenants?limit=500").expect(200).items();
    assert!(!tenants.is_empty());
    server.stop().succeeded();
}
