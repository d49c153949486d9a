//! Everything moves from one database to another, of the other kind, while gateways ask.

use std::io::copy;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::postgres::{self, shared};
use testkit::{Answer, Client};

use crate::fleet::{Fleet, Key, REGION, now};
use crate::home::{Finished, Home, Server, until};

/// A server on SQLite, and an empty PostgreSQL.
struct Move {
    fleet: Fleet,
    _folder: TempDir,
    postgres: postgres::Database<'static>,
}

impl Move {
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = format!("sqlite:{}", folder.path().join("keyreeve.db").display());
        let fleet = Fleet::of(1, &sqlite, &["--lease-seconds", "5"]);
        Self { fleet, _folder: folder, postgres: shared().unwrap().database().unwrap() }
    }

    fn home(&self) -> &Home {
        &self.fleet.home
    }

    /// Another empty SQLite.
    fn sqlite(&self, name: &str) -> String {
        format!("sqlite:{}", self.home().path(name).display())
    }

    fn run(&self, command: &[&str], database: &str) -> Finished {
        self.home().run(&[command, &["--database", database, "--lease-seconds", "5"]].concat())
    }

    fn export(&self, database: &str, file: &str) -> String {
        let written = self.run(&["export", "--out", file], database).succeeded();
        assert!(written.out.contains("keyreeve import"), "{}", written.out);
        assert_eq!(self.home().mode(file), 0o600);
        self.home().read(file)
    }

    fn import(&self, file: &str, database: &str) -> Finished {
        self.run(&["migrate"], database).succeeded();
        self.run(&["import", file], database)
    }

    fn serve(&self, database: &str) -> Server {
        let settings = ["--database", database, "--lease-seconds", "5", "--requests-per-second", "0"];
        self.home().serve(&settings)
    }
}

/// What was written of the rows: without what is said of the moment and the database.
fn rows(export: &str) -> Vec<&str> {
    let lines: Vec<&str> = export.lines().collect();
    lines[1..lines.len() - 1].to_vec()
}

fn header(export: &str) -> Value {
    serde_json::from_str(export.lines().next().unwrap()).unwrap()
}

/// Something in every table, as far as one can come by it. Says the secrets that were shown.
fn do_everything(fleet: &Fleet) -> Vec<String> {
    let operator = fleet.operator(0);
    let soon = now() + TimeDelta::days(3);
    let token = json!({"description": "Portal", "expires_at": soon});
    let above = operator.post("/v1/partners", json!({"name": "Ünïcode \"quoted\" \\ Reseller"})).expect(201);
    let below = json!({"name": "Below", "parent_id": above.text_at("/id")});
    let below = operator.post("/v1/partners", below).expect(201);
    let of_partner = operator.post(&format!("{}/tokens", below.header("location")), token.clone()).expect(201);
    let customer = json!({"name": "Customer 客", "partner_id": below.text_at("/id")});
    let customer = operator.post("/v1/tenants", customer).expect(201).header("location").to_owned();
    let model = json!({"name": "daily", "title": "Daily", "instances": "one", "initial_key": false, "label": "optional",
        "description": "optional", "bucket_scopes": true, "revoke": "keeps_history", "delete": "allowed", "reset": true,
        "id_prefix": "DAY", "id_length": 20, "secret_length": 40});
    operator.post("/v1/key-models", model).expect(201);

    let tenant = &fleet.tenant;
    operator.put(&format!("{customer}/regions/{REGION}"), json!({"service": "available"})).expect(200);
    operator.put(&format!("{tenant}/buckets/backups"), json!({})).expect(200);
    let password = "Ahorn-Birke-Linde-9f3c2a7e1b";
    let person = json!({"email": "eve@example.org", "name": "Eve", "role": "admin", "password": password});
    operator.post(&format!("{tenant}/users"), person).expect(201);
    let invited = json!({"email": "ada@example.org", "name": "Ada", "role": "member"});
    operator.post(&format!("{tenant}/users"), invited).expect(201);
    let anybody = Client::new(fleet.replicas[0].url.clone(), None);
    let session = anybody.post("/v1/sessions", json!({"email": "eve@example.org", "password": password})).expect(200);
    anybody.post("/v1/sessions", json!({"email": "eve@example.org", "password": "wrong wrong wrong"})).expect(401);

    let keys = format!("{tenant}/keys");
    let scoped = json!({"region": REGION, "label": "Scoped", "buckets": {"access": "specific", "names": ["backups"]}, "expires_at": soon});
    let scoped = operator.with("idempotency-key", "scoped").post(&keys, scoped).expect(201);
    let rotated = operator.post(&keys, json!({"region": REGION, "label": "Rotated"})).expect(201);
    let rotated_again =
        operator.post(&format!("{}/rotate", rotated.header("location")), json!({"grace_seconds": 3600})).expect(200);
    let gone = operator.post(&keys, json!({"region": REGION, "label": "Gone"})).expect(201);
    operator.delete(gone.header("location")).expect(200);
    let claimed = operator.post(&keys, json!({"region": REGION, "label": "Claimed"})).expect(201);
    let link = operator.post(&format!("{}/claims", claimed.header("location")), json!({})).expect(201);
    let used = Key::of(&scoped);
    used.verify(&fleet.gateway(0)).expect(200);

    let shown = |answer: &Answer, pointer: &str| answer.text_at(pointer);
    vec![
        password.to_owned(),
        shown(&of_partner, "/token"),
        shown(&session, "/refresh_token"),
        shown(&scoped, "/secret_access_key"),
        shown(&rotated, "/secret_access_key"),
        shown(&rotated_again, "/secret_access_key"),
        shown(&link, "/token"),
        fleet.operator.clone(),
        fleet.gateway.clone(),
    ]
}

#[test]
fn an_export_is_the_same_on_either_kind_and_holds_no_secret() {
    let mut place = Move::begin();
    let secrets = do_everything(&place.fleet);
    let checkpoints = || place.fleet.operator(0).get("/v1/audit/checkpoints").expect(200).items();
    until("the audit to be signed", || (!checkpoints().is_empty()).then_some(()));
    place.fleet.replicas.drain(..).for_each(|server| drop(server.stop().succeeded()));
    let from = place.fleet.database.clone();
    let first = place.export(&from, "first");
    for secret in &secrets {
        assert!(!first.contains(secret.as_str()), "{secret}");
    }
    assert!(!first.contains(&place.home().master_key()));
    let empty: Vec<_> = header(&first)["tables"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|table| table["rows"] == 0)
        .map(|table| table["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(empty, ["setup_links", "held_back"], "something of every other table is moved");

    let postgres = place.postgres.url();
    let there = place.import("first", &postgres).succeeded();
    assert!(there.out.contains("events of the audit add up"), "{}", there.out);
    let second = place.export(&postgres, "second");
    let back = place.sqlite("back.db");
    place.import("second", &back).succeeded();
    let third = place.export(&back, "third");
    assert_eq!(rows(&first), rows(&second));
    assert_eq!(rows(&second), rows(&third));
    let epochs = [&first, &second, &third].map(|export| header(export)["epoch"].as_i64().unwrap());
    assert!(epochs.is_sorted_by(|before, after| before < after), "{epochs:?}");
    assert_eq!(header(&second)["from"], "postgres");
}

#[test]
fn what_is_no_whole_export_for_this_database_is_refused_and_leaves_it_empty() {
    let mut place = Move::begin();
    do_everything(&place.fleet);
    place.fleet.replicas.drain(..).for_each(|server| drop(server.stop().succeeded()));
    let from = place.fleet.database.clone();
    let whole = place.export(&from, "whole");
    place.run(&["export", "--out", "whole"], &from).refused(1, &["is there already"]);
    let postgres = place.postgres.url();
    let sqlite = place.sqlite("other.db");
    place.run(&["import", "whole"], &sqlite).refused(1, &["keyreeve migrate"]);
    place.run(&["import", "nothing"], &postgres).refused(1, &["keyreeve migrate"]);
    for to in [&sqlite, &postgres] {
        place.run(&["migrate"], to).succeeded();
        place.run(&["import", "nothing"], to).refused(1, &["nothing cannot be read"]);
        for (what, text, why) in damaged(&whole) {
            place.home().write("damaged", &text);
            let refused = place.run(&["import", "damaged"], to);
            assert_eq!(refused.code, Some(1), "{what}: {}{}", refused.out, refused.err);
            assert!(refused.err.contains(why), "{what}: {}", refused.err);
        }
        place.home().run(&["master-key", "new", "--out", &format!("key-{}", to.len())]).succeeded();
        let strange = ["import", "whole", "--master-key-file", &format!("key-{}", to.len())];
        place.run(&strange, to).refused(1, &["is not in the master key file"]);
        place.run(&["import", "whole"], to).succeeded();
        place.run(&["import", "whole"], to).refused(1, &["not empty", "keyreeve migrate"]);
    }
    place.run(&["import", "whole"], &from).refused(1, &["not empty"]);
}

/// The export in every way in which it may have come to harm, and what is said of it.
fn damaged(whole: &str) -> Vec<(String, String, &'static str)> {
    let lines: Vec<&str> = whole.lines().collect();
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let last = lines.len() - 1;
    let schema = format!("\"schema\":{}", header(whole)["schema"]);
    let mut found = vec![
        ("nothing".to_owned(), String::new(), "was cut"),
        ("no export".to_owned(), "{}\n".to_owned(), "does not begin like an export"),
        ("no header".to_owned(), joined(&lines[1..]), "does not begin like an export"),
        ("no trailer".to_owned(), joined(&lines[..last]), "was cut"),
        ("no end of line".to_owned(), whole.trim_end().to_owned(), "was cut"),
        ("more".to_owned(), format!("{whole}[]\n"), "something follows its end"),
        ("a row less".to_owned(), joined(&[&lines[..last - 3], &lines[last - 2..]].concat()), "edited"),
        ("another schema".to_owned(), whole.replacen(&schema, "\"schema\":\"0001\"", 1), "has the schema"),
        ("another format".to_owned(), whole.replacen("\"keyreeve_export\":1", "\"keyreeve_export\":2", 1), "format 2"),
        ("other rows".to_owned(), whole.replacen("\"rows\":1", "\"rows\":2", 1), "refused"),
    ];
    let places = [whole.len() / 5, whole.len() / 3, whole.len() / 2, whole.len() - 20];
    for at in places {
        let at = (at..).find(|at| whole.is_char_boundary(*at)).unwrap();
        found.push((format!("cut at {at}"), whole[..at].to_owned(), "was cut"));
    }
    let editable = lines.iter().position(|line| line.contains("Customer 客")).unwrap();
    for (from, to) in [("Customer", "customer"), ("客", "家")] {
        let edited = lines[editable].replace(from, to);
        let text = joined(&[&lines[..editable], &[edited.as_str()], &lines[editable + 1..]].concat());
        found.push((format!("{from} for {to}"), text, "damaged or edited"));
    }
    let swapped = joined(&[&lines[..last - 2], &[lines[last - 1], lines[last - 2]], &lines[last..]].concat());
    found.push(("two rows swapped".to_owned(), swapped, "damaged or edited"));
    found
}

#[test]
fn an_import_that_is_killed_has_put_in_everything_or_nothing() {
    let mut place = Move::begin();
    do_everything(&place.fleet);
    place.fleet.replicas.drain(..).for_each(|server| drop(server.stop().succeeded()));
    let whole = place.export(&place.fleet.database, "whole");
    for to in [place.sqlite("other.db"), place.postgres.url()] {
        place.run(&["migrate"], &to).succeeded();
        for round in 0..12 {
            let running = place.home().start(&["import", "whole", "--database", &to], &[]);
            let mut patience = 0;
            until("its moment", || {
                patience += 1;
                (patience > 2 * round).then_some(())
            });
            running.signal(Signal::KILL);
            drop(running);
        }
        let last = place.run(&["import", "whole"], &to);
        assert!(last.code == Some(0) || last.err.contains("not empty"), "{}", last.err);
        let copy = format!("copy-{}", to.len());
        assert_eq!(rows(&place.export(&to, &copy)), rows(&whole));
    }
}

/// A way to a server that can be led to another.
struct Proxy {
    address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
}

impl Proxy {
    fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let target = Arc::new(Mutex::new(address_of(server)));
        let led = target.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let to = *led.lock().unwrap();
                let Ok(server) = TcpStream::connect(to) else { continue };
                let (back, forth) = ((server.try_clone().unwrap(), client.try_clone().unwrap()), (client, server));
                for (from, to) in [back, forth] {
                    thread::spawn(move || pump(from, to));
                }
            }
        });
        Self { address, target }
    }

    fn lead_to(&self, server: &Server) {
        *self.target.lock().unwrap() = address_of(server);
    }

    fn client(&self, token: &str) -> Client {
        Client::new(format!("http://{}", self.address), Some(token.to_owned()))
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    let _ = copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}

fn address_of(server: &Server) -> SocketAddr {
    server.url.trim_start_matches("http://").parse().unwrap()
}

/// Gateways that ask on and on, each request on a connection of its own, as behind a proxy that is led elsewhere.
#[derive(Default)]
struct Asking {
    is_over: AtomicBool,
    allowed: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

impl Asking {
    fn until_over(&self, proxy: &Proxy, gateway: &str, keys: &[Key]) {
        let url = format!("http://{}/v1/gateway/verify", proxy.address);
        for key in keys.iter().cycle() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let config = ureq::Agent::config_builder().http_status_as_error(false);
            let agent = config.timeout_global(Some(Duration::from_secs(10))).build().new_agent();
            let request = agent.post(&url).header("authorization", format!("Bearer {gateway}"));
            let answer = request.content_type("application/json").send(key.request().to_string());
            match answer.and_then(|mut answer| Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))) {
                Ok((200, body)) if body.contains("\"allow\"") => drop(self.allowed.fetch_add(1, Ordering::SeqCst)),
                Ok((status, body)) => self.wrong.lock().unwrap().push(format!("{status} {body}")),
                Err(error) => self.wrong.lock().unwrap().push(error.to_string()),
            }
        }
    }

    fn some_more(&self) {
        let before = self.allowed.load(Ordering::SeqCst);
        until("more to be asked", || (self.allowed.load(Ordering::SeqCst) > before + 20).then_some(()));
    }
}

/// Ends the asking, also when a test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn growing_out_of_sqlite_and_back_refuses_no_request_to_storage() {
    let mut place = Move::begin();
    let keys: Vec<Key> = (0..8).map(|number| place.fleet.key(&format!("Asked {number}"))).collect();
    let revoked = place.fleet.key("Revoked later");
    let old = place.fleet.replicas.remove(0);
    let (sqlite, postgres, back) = (place.fleet.database.clone(), place.postgres.url(), place.sqlite("back.db"));
    let proxy = Proxy::to(&old);
    let asking = Asking::default();
    let last = thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| asking.until_over(&proxy, &place.fleet.gateway, &keys));
        }
        let _over = Over(&asking.is_over);
        let there = moves(&place, &proxy, &asking, old, &sqlite, &postgres, "there");
        let gateway = proxy.client(&place.fleet.gateway);
        assert!(revoked.is_allowed(&gateway));
        // The gateway that began anew has a lease of the new server, and does not ask at the moment.
        let receipt = proxy.client(&place.fleet.operator).act(&format!("{}/revoke", revoked.path)).expect(202);
        assert!(receipt.field("/receipt/waiting_for")[0].as_str().unwrap().starts_with("gateway edge"), "{receipt}");
        assert!(!revoked.is_allowed(&gateway));
        let here = moves(&place, &proxy, &asking, there, &postgres, &back, "back");
        assert!(!revoked.is_allowed(&gateway));
        asking.some_more();
        here
    });
    println!("{} requests were let in", asking.allowed.load(Ordering::SeqCst));
    assert_eq!(asking.wrong.into_inner().unwrap(), Vec::<String>::new());
    last.stop().succeeded();
}

/// Moves everything to an empty database as the page for operators says, and looks at what has to hold at each step.
fn moves(place: &Move, proxy: &Proxy, asking: &Asking, old: Server, from: &str, to: &str, file: &str) -> Server {
    let operator = proxy.client(&place.fleet.operator);
    let keys = format!("{}/keys", place.fleet.tenant);
    let body = json!({"region": REGION, "label": "Asked for twice"});
    let once = operator.with("idempotency-key", file);
    let made = once.post(&keys, body.clone()).expect(201);
    let follow =
        |after: &str| proxy.client(&place.fleet.gateway).get(&format!("/v1/gateway/changes?instance=one{after}"));
    let place_in_feed = follow("").expect(200).field("/sequence").as_i64().unwrap();

    place.run(&["freeze"], from).succeeded();
    let refused = operator.post(&keys, json!({"region": REGION, "label": "Too late"})).expect_problem(503, "read-only");
    assert!(!refused.header("retry-after").is_empty());
    operator.get(&keys).expect(200);
    assert!(place.run(&["freeze"], from).succeeded().out.contains("frozen already"));
    asking.some_more();
    let export = place.export(from, file);
    assert_eq!(header(&export)["frozen"], true);
    place.import(file, to).succeeded();
    let new = place.serve(to);
    proxy.lead_to(&new);
    asking.some_more();
    operator.post(&keys, json!({"region": REGION, "label": "Too early"})).expect_problem(503, "read-only");
    old.stop().succeeded();

    follow(&format!("&after={place_in_feed}")).expect_problem(410, "feed-gone");
    let anew = follow("").expect(200).field("/sequence").as_i64().unwrap();
    assert!(anew > place_in_feed);
    follow(&format!("&after={anew}")).expect(200);

    assert!(place.run(&["thaw"], to).succeeded().out.contains("Thawed"));
    let again = once.post(&keys, body).expect(201);
    assert_eq!(again.text_at("/secret_access_key"), made.text_at("/secret_access_key"));
    operator.post(&keys, json!({"region": REGION, "label": "In time"})).expect(201);
    follow(&format!("&after={anew}")).expect(200);
    let audit = operator.get("/v1/audit?limit=200").expect(200).items();
    let has = |action: &str| audit.iter().filter(|event| event["action"] == action).count();
    assert!(has("platform.frozen") >= 1 && has("platform.frozen") == has("platform.thawed"));
    asking.some_more();
    new
}

#[test]
fn a_freeze_is_thawed_where_it_was_made() {
    let place = Move::begin();
    let from = place.fleet.database.clone();
    assert!(place.run(&["thaw"], &from).succeeded().out.contains("not frozen"));
    place.run(&["freeze"], &from).succeeded();
    let tenants = || place.fleet.operator(0).post("/v1/tenants", json!({"name": "Acme"}));
    tenants().expect_problem(503, "read-only");
    let session = json!({"email": "eve@example.org", "password": "wrong wrong wrong"});
    Client::new(place.fleet.replicas[0].url.clone(), None).post("/v1/sessions", session).expect(401);
    assert!(place.run(&["thaw"], &from).succeeded().out.contains("Thawed"));
    tenants().expect(201);
    place.run(&["freeze"], &from).succeeded();
    place.run(&["bootstrap", "--recover", "--out", "second"], &from).refused(1, &["is frozen", "keyreeve thaw"]);
    for command in [&["freeze"][..], &["thaw"], &["export", "--out", "x"]] {
        place.run(command, &place.sqlite("nowhere.db")).refused(1, &["there is nothing in the database"]);
    }
    assert!(!place.home().has("x") && !place.home().has("nowhere.db"));
}
