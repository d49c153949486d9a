//! A real server in this process: the product's own services and routes on a free port, with a clock that stands still
//! until the test moves it.

#![expect(clippy::expect_used, reason = "a test may stop at the first surprise, and should say which")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use domain::{Entropy, Timestamp};
use service::gateway_plane::Follower;
use service::{
    Clock, Database, DatabaseOptions, DatabaseUrl, EntropySource, KeyRing, Passwords, Retention, Service, Setup,
    bootstrap,
};
use tempfile::TempDir;

use crate::client::Client;
use crate::postgres;

pub struct Server {
    service: Arc<Service>,
    listening: Listening,
    operator: String,
    seed: u8,
    follower: Mutex<Option<Follower>>,
    /// What goes away with the server.
    _database: Keeper,
}

/// One port on which the service is served.
struct Listening {
    address: SocketAddr,
    handle: ServerHandle,
    drain: api::Drain,
}

enum Keeper {
    Folder { _folder: TempDir },
    Postgres { _database: postgres::Database<'static> },
    Shared,
}

/// When every test begins.
pub fn beginning() -> Timestamp {
    Timestamp::from_timestamp(1_795_176_000, 0).expect("a time within range")
}

impl Server {
    pub fn on_sqlite() -> Self {
        let folder = TempDir::new().expect("a folder for the database");
        let url = DatabaseUrl::Sqlite(folder.path().join("keyreeve.db"));
        let database = Database::open(DatabaseOptions::at(url));
        database.migrate().expect("the schema");
        Self::start(database, Keeper::Folder { _folder: folder })
    }

    pub fn on_postgres() -> Self {
        let server = postgres::shared().expect("PostgreSQL");
        server.ensure_template("keyreeve_template", migrate_at).expect("a migrated template");
        let database = server.database_from_template("keyreeve_template").expect("a database of its own");
        let url = DatabaseUrl::parse(&database.url()).expect("a URL");
        Self::start(Database::open(options(url)), Keeper::Postgres { _database: database })
    }

    /// Another replica on the same database, with a clock of its own that shows the same time.
    pub fn replica(&self) -> Self {
        self.replica_of(self.now(), Retention::default())
    }

    /// The same on a machine whose clock shows something else.
    pub fn replica_at(&self, clock: Timestamp) -> Self {
        self.replica_of(clock, Retention::default())
    }

    pub fn replica_that_keeps(&self, retention: Retention) -> Self {
        self.replica_of(self.now(), retention)
    }

    fn replica_of(&self, clock: Timestamp, retention: Retention) -> Self {
        // As each beat does, and a stop.
        let reached = self.service.clock().reached().timestamp_micros();
        self.sql(&format!("UPDATE clock SET reached_at = {reached} WHERE reached_at < {reached}"));
        let database = Database::open(options(self.service.database().url().clone()));
        let seed = self.seed + 1;
        let service = service(database, clock, seed, retention);
        let listening = listen(service.clone(), None);
        let follower = Mutex::new(Some(Follower::start(&service)));
        Self { service, listening, operator: self.operator.clone(), seed, follower, _database: Keeper::Shared }
    }

    /// The same service on another port, where a caller may ask only so often.
    pub fn limited_to(&self, requests_per_second: u32) -> Self {
        self.on_another_port(listen(self.service.clone(), Some(requests_per_second)))
    }

    /// The same service on another port, where this machine is believed when it says for whom it speaks.
    pub fn behind_proxies(&self) -> Self {
        self.on_another_port(listen_trusting(self.service.clone(), None, &["127.0.0.0/8"]))
    }

    fn on_another_port(&self, listening: Listening) -> Self {
        Self {
            service: self.service.clone(),
            listening,
            operator: self.operator.clone(),
            seed: self.seed,
            follower: Mutex::default(),
            _database: Keeper::Shared,
        }
    }

    fn start(database: Database, keeper: Keeper) -> Self {
        let seed = 1;
        let service = service(database, beginning(), seed, Retention::default());
        let made = bootstrap::bootstrap(&service, TimeDelta::days(300), false).expect("the first operator");
        let operator = made.text.expose().to_owned();
        let listening = listen(service.clone(), None);
        let follower = Mutex::new(Some(Follower::start(&service)));
        Self { service, listening, operator, seed, follower, _database: keeper }
    }

    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.listening.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// By which whoever stops the server says so.
    pub fn drain(&self) -> &api::Drain {
        &self.listening.drain
    }

    /// From now on it hears of no change, as when the thread that follows the feed has died.
    pub fn stop_following(&self) {
        drop(self.follower.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Somebody who has not said who they are.
    pub fn anonymous(&self) -> Client {
        Client::new(self.url(), None)
    }

    pub fn operator(&self) -> Client {
        self.bearer(&self.operator)
    }

    /// Whoever holds this token.
    pub fn bearer(&self, token: &str) -> Client {
        Client::new(self.url(), Some(token.to_owned()))
    }

    /// Statements for the database itself, past the product: what a trigger or a hand on the tables would do.
    pub fn sql(&self, statements: &str) {
        match self.service.database().url() {
            DatabaseUrl::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(&path.to_string_lossy()).expect("the database");
                connection.batch_execute("PRAGMA busy_timeout = 5000").expect("patience");
                connection.batch_execute(statements).expect("the statements");
            }
            DatabaseUrl::Postgres(url) => {
                let mut connection = PgConnection::establish(url).expect("the database");
                connection.batch_execute(statements).expect("the statements");
            }
        }
    }

    /// The same in a transaction that ends when what comes back is called.
    pub fn sql_begun(&self, statements: &str) -> Box<dyn FnOnce()> {
        match self.service.database().url() {
            DatabaseUrl::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(&path.to_string_lossy()).expect("the database");
                connection.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").expect("a transaction");
                connection.batch_execute(statements).expect("the statements");
                Box::new(move || connection.batch_execute("COMMIT").expect("a commit"))
            }
            DatabaseUrl::Postgres(url) => {
                let mut connection = PgConnection::establish(url).expect("the database");
                connection.batch_execute("BEGIN").expect("a transaction");
                connection.batch_execute(statements).expect("the statements");
                Box::new(move || connection.batch_execute("COMMIT").expect("a commit"))
            }
        }
    }

    /// A transaction of somebody's that has begun, and does not end before it is dropped; none on SQLite, which has one writer.
    pub fn open_transaction(&self) -> Option<PgConnection> {
        let DatabaseUrl::Postgres(url) = self.service.database().url() else { return None };
        let mut connection = PgConnection::establish(url).expect("the database");
        connection.batch_execute("BEGIN; SELECT pg_current_xact_id()").expect("a transaction");
        Some(connection)
    }

    /// The files of an SQLite database, its log included; none on PostgreSQL.
    pub fn files(&self) -> Vec<PathBuf> {
        match self.service.database().url() {
            DatabaseUrl::Sqlite(path) => {
                let folder = path.parent().unwrap_or(Path::new(".")).read_dir().expect("the folder");
                folder.map(|entry| entry.expect("a file").path()).collect()
            }
            DatabaseUrl::Postgres(_) => Vec::new(),
        }
    }

    pub fn is_on_postgres(&self) -> bool {
        matches!(self.service.database().url(), DatabaseUrl::Postgres(_))
    }

    /// What `/metrics` says at this moment.
    pub fn metrics(&self) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let url = format!("http://{}/metrics", listener.local_addr().expect("an address"));
        let service = self.service.clone();
        let (sender, receiver) = mpsc::channel();
        let serving = thread::spawn(move || {
            System::new().block_on(async move {
                let server = api::serve_metrics(service, listener).expect("a server");
                sender.send(server.handle()).expect("somebody waits");
                server.await
            })
        });
        let handle = receiver.recv().expect("the server's handle");
        let page = ureq::get(url).call().expect("an answer").body_mut().read_to_string().expect("a page");
        drop(handle.stop(false));
        serving.join().expect("it ended").expect("and ended well");
        page
    }

    pub fn now(&self) -> Timestamp {
        self.service.clock().now()
    }

    /// Time passes.
    pub fn advance(&self, time: TimeDelta) {
        self.service.clock().advance(time);
    }

    /// Somebody sets the machine's clock, forward or back; no time passes.
    pub fn set_clock(&self, by: TimeDelta) {
        self.service.clock().set_wall(by);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The command is sent at once; nobody needs to wait for it.
        drop(self.listening.handle.stop(false));
        self.stop_following();
    }
}

fn options(url: DatabaseUrl) -> DatabaseOptions {
    // A test's server is one of many: a few connections each.
    DatabaseOptions { readers: 4, writers: 4, wait: std::time::Duration::from_secs(5), ..DatabaseOptions::at(url) }
}

fn migrate_at(url: &str) -> Result<(), service::DatabaseError> {
    let url = DatabaseUrl::parse(url).expect("a URL");
    Database::open(DatabaseOptions::at(url)).migrate().map(drop)
}

fn service(database: Database, now: Timestamp, seed: u8, retention: Retention) -> Arc<Service> {
    let ring = KeyRing::parse(&KeyRing::draw(&mut Entropy::from_seed([7; 32]))).expect("a master key");
    let setup = Setup {
        database,
        ring,
        clock: Clock::stopped_at(now),
        entropy: EntropySource::seeded([seed; 32]),
        public_url: "https://keys.example.org".to_owned(),
        node: service::NodeSetup { name: format!("node-{seed}"), ..service::NodeSetup::default() },
        retention,
        passwords: Passwords::CHEAPEST,
    };
    Arc::new(Service::start(setup).expect("a service"))
}

fn listen(service: Arc<Service>, requests_per_second: Option<u32>) -> Listening {
    listen_trusting(service, requests_per_second, &[])
}

fn listen_trusting(
    service: Arc<Service>,
    requests_per_second: Option<u32>,
    trusted: &'static [&'static str],
) -> Listening {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (sender, receiver) = mpsc::channel();
    let drain = api::Drain::default();
    let told = drain.clone();
    thread::spawn(move || {
        System::new().block_on(async move {
            let options = api::Options {
                workers: 2,
                requests_per_second,
                trusted_proxies: trusted.iter().map(|network| network.parse().expect("a network")).collect(),
                tls: None,
                console_dir: None,
                spans: None,
                drain: told,
            };
            let server = api::serve(service, listener, options).expect("a server");
            sender.send(server.handle()).expect("somebody waits");
            server.await
        })
    });
    Listening { address, handle: receiver.recv().expect("the server's handle"), drain }
}
