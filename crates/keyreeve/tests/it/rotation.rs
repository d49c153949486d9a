//! The master key changes while everything goes on, and whatever kills the one who changes it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use testkit::Client;
use testkit::postgres::shared;

use crate::fleet::{Fleet, Key};
use crate::home::{Finished, Over, until};

const FILE: &str = "keyreeve-data/master.key";
const TENANTS: usize = 300;
const KILLS: usize = 16;

/// Runs a test with servers on a database of either kind.
fn on_sqlite(test: impl Fn(&Fleet)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("keyreeve.db").display());
    test(&Fleet::of(1, &url, &["--lease-seconds", "5"]));
}

fn on_postgres(test: impl Fn(&Fleet)) {
    let database = shared().unwrap().database().unwrap();
    test(&Fleet::of(2, &database.url(), &["--lease-seconds", "5"]));
}

#[test]
fn a_master_key_is_replaced_on_sqlite() {
    on_sqlite(is_replaced);
}

#[test]
fn a_master_key_is_replaced_on_postgres() {
    on_postgres(is_replaced);
}

fn is_replaced(fleet: &Fleet) {
    let key = fleet.key("Before");
    let before = fleet.home.read(FILE);
    let old = ids(&before)[0].clone();
    fleet.master_key(&["remove", &old]).refused(1, &[&old, "is the master key that seals"]);
    let nothing = fleet.master_key(&["rotate"]).succeeded();
    assert!(nothing.out.contains("keyreeve master-key add"), "{}", nothing.out);

    fleet.home.write("apart", &before);
    let added = fleet.master_key_from("apart", &["add"]).succeeded();
    let both = fleet.home.read("apart");
    let new = ids(&both)[0].clone();
    assert!(added.out.contains(&new) && both.ends_with(&before) && fleet.home.mode("apart") == 0o600);
    assert!(ids(&both) == [new.clone(), old.clone()]);
    // The servers have another file, and until they have this one the key does not seal.
    fleet.master_key_from("apart", &["rotate"]).refused(1, &["have not read the newest master key yet", "apart"]);
    assert!(fleet.master_key_from("apart", &["list"]).succeeded().out.contains(&format!("Replicas without {new}: ")));
    fleet.home.write(FILE, &both);
    fleet.until_all_have_it();

    let rotated = fleet.master_key(&["rotate"]).succeeded();
    assert!(rotated.out.contains(&format!("{new} seals from now on")), "{}", rotated.out);
    assert!(rotated.out.contains(&format!("keyreeve master-key remove {old}")), "{}", rotated.out);
    assert_eq!(fleet.remaining(), 0);
    assert!(key.is_allowed(&fleet.gateway(0)));
    let after = fleet.key("After");
    fleet.master_key(&["remove", &new]).refused(1, &["is the master key that seals"]);

    // Whoever has the old file, in which the old key comes first, does not turn it back.
    fleet.home.write(
        "turned",
        &both.replace(&block_of(&both, &new), "").replace(&before, &format!("{before}{}", block_of(&both, &new))),
    );
    fleet.master_key_from("turned", &["rotate"]).refused(1, &["has been replaced by", &new]);

    fleet.master_key(&["remove", &old]).succeeded();
    assert_eq!(ids(&fleet.home.read(FILE)), std::slice::from_ref(&new));
    assert_eq!(fleet.home.mode(FILE), 0o600);
    fleet.master_key(&["remove", &old]).refused(1, &["there is no master key", &old]);

    fleet.home.write("old", &before);
    let serve = ["serve", "--database", &fleet.database, "--listen", "127.0.0.1:0", "--master-key-file", "old"];
    fleet.home.run(&serve).refused(1, &["master key", "set up with", "--master-key-file"]);
    let fresh = fleet.another(FILE);
    let gateway = Client::new(fresh.url.clone(), Some(fleet.gateway.clone()));
    assert!(key.is_allowed(&gateway) && after.is_allowed(&gateway));

    let events = fleet.operator(0).get("/v1/audit?limit=200").expect(200);
    let of_key: Vec<_> = events.items().iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect();
    let mut of_key: Vec<_> =
        of_key.iter().filter(|action| action.starts_with("master_key.")).map(String::as_str).collect();
    of_key.sort_unstable();
    assert_eq!(of_key, ["master_key.promoted", "master_key.removed", "master_key.rotated"], "each once");
}

#[test]
fn kill_9_during_rotation_loses_nothing_on_sqlite() {
    on_sqlite(survives);
}

#[test]
fn kill_9_during_rotation_loses_nothing_on_postgres() {
    on_postgres(survives);
}

/// What clients did while keys were changed.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    verified: AtomicUsize,
    made: Mutex<Vec<Key>>,
    wrong: Mutex<Vec<String>>,
}

fn survives(fleet: &Fleet) {
    fleet.tenants(TENANTS);
    let first = ids(&fleet.home.read(FILE))[0].clone();
    let load = Load::default();
    thread::scope(|scope| {
        for worker in 0..2 {
            let load = &load;
            scope.spawn(move || verify_until_over(fleet, worker, load));
            scope.spawn(move || make_until_over(fleet, worker, load));
        }
        let _over = Over(&load.is_over);
        let (kills, midway) = rotate_under_kills(fleet);
        println!("{kills} kills, {midway} of them with some sealed again and some not");
        assert!(midway >= 3, "the kills did not hit: {midway} of {kills}");
    });
    let made = load.made.into_inner().unwrap();
    println!("{} verifies and {} keys made meanwhile", load.verified.load(Ordering::SeqCst), made.len());
    assert_eq!(load.wrong.into_inner().unwrap(), Vec::<String>::new());
    assert!(load.verified.load(Ordering::SeqCst) > 100 && made.len() > 20);

    let ids = ids(&fleet.home.read(FILE));
    assert!(!ids.contains(&first));
    for old in &ids[1..] {
        fleet.master_key(&["remove", old]).succeeded();
    }
    let fresh = fleet.another(FILE);
    let gateway = Client::new(fresh.url.clone(), Some(fleet.gateway.clone()));
    let unopened = made.iter().filter(|key| !key.is_allowed(&gateway)).count();
    assert_eq!(unopened, 0, "of {}", made.len());
    // Whatever tenant there is can have a key: its data key opens.
    for tenant in fleet.tenants(0) {
        fleet.key_of(&tenant, "Last", None);
    }
}

/// Changes the key again and again, killing whoever does it; says how often, and how often in the middle.
fn rotate_under_kills(fleet: &Fleet) -> (usize, usize) {
    let (mut kills, mut midway) = (0, 0);
    let mut usual = Duration::from_millis(400);
    while kills < KILLS || midway < 3 {
        assert!(kills < 4 * KILLS, "the kills never hit");
        fleet.master_key(&["add"]).succeeded();
        fleet.until_all_have_it();
        let mut left = i64::MAX;
        for attempt in 0.. {
            // From before the first transaction to after the last.
            let patience = usual * (attempt % 7 + 2) / 8;
            let rotation = fleet.start_rotation();
            let ended = rotation.ends_within(patience);
            if !ended {
                rotation.signal(Signal::KILL);
                kills += 1;
            }
            let finished = rotation.finish();
            let now = fleet.remaining();
            assert!(now <= left, "{now} values to go after {left}");
            if ended {
                finished.succeeded();
                assert_eq!(now, 0);
                if attempt == 0 {
                    usual = usual * 4 / 5;
                }
                break;
            }
            if left != i64::MAX && now > 0 && now < left {
                midway += 1;
            }
            // Before it was made to seal, nothing is sealed by an older one: on this machine, today, all of it takes longer.
            if now > 0 {
                left = now;
                usual = usual.max(patience);
            } else if left == i64::MAX {
                usual = usual * 5 / 4;
            }
            if attempt > 12 {
                // Two at once are in nobody's way.
                let both = [fleet.start_rotation(), fleet.start_rotation()];
                both.into_iter().for_each(|one| drop(one.finish().succeeded()));
                assert_eq!(fleet.remaining(), 0);
                break;
            }
        }
        let older = ids(&fleet.home.read(FILE))[1].clone();
        fleet.master_key(&["remove", &older]).succeeded();
    }
    (kills, midway)
}

fn verify_until_over(fleet: &Fleet, worker: usize, load: &Load) {
    let keys: Vec<Key> = (0..5).map(|number| fleet.key(&format!("Verified {worker} {number}"))).collect();
    let gateway = fleet.gateway(worker % fleet.replicas.len());
    while !load.is_over.load(Ordering::SeqCst) {
        for key in &keys {
            let answer = key.verify(&gateway);
            if answer.status != 200 || answer.field("/decision") != "allow" {
                load.wrong.lock().unwrap().push(answer.to_string());
            }
            load.verified.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Makes tenants and keys; each key is asked for twice, the second time out of its sealed one-time secret.
fn make_until_over(fleet: &Fleet, worker: usize, load: &Load) {
    for number in 0.. {
        if load.is_over.load(Ordering::SeqCst) {
            return;
        }
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let tenant = fleet.tenant(&format!("Made {worker} {number}"));
            let once = format!("{worker}-{number}");
            let (key, secret) = fleet.key_of(&tenant, "Made", Some(&once));
            let (_, again) = fleet.key_of(&tenant, "Made", Some(&once));
            assert_eq!(secret, again);
            key
        }));
        match made {
            Ok(key) => load.made.lock().unwrap().push(key),
            Err(why) => load.wrong.lock().unwrap().push(format!("{:?}", why.downcast_ref::<String>())),
        }
    }
}

/// A replica that was asleep while the others went over to a key that it has not got: it says so, and is given it.
#[test]
fn a_replica_that_slept_through_a_rotation_answers_nothing_it_cannot_open() {
    let database = shared().unwrap().database().unwrap();
    let fleet = Fleet::of(1, &database.url(), &["--lease-seconds", "5"]);
    let key = fleet.key("Key");
    fleet.home.write("apart", &fleet.home.read(FILE));
    let sleeper = fleet.another("apart");
    let gateway = Client::new(sleeper.url.clone(), Some(fleet.gateway.clone()));
    assert!(key.is_allowed(&gateway));

    fleet.master_key(&["add"]).succeeded();
    until("the other to be named", || {
        let refused = fleet.master_key(&["rotate"]);
        refused.refused(1, &["have not read the newest master key yet"]);
        (refused.err.matches(':').count() == 3).then_some(())
    });
    sleeper.running.signal(Signal::STOP);
    until("its lease to end", || (fleet.master_key(&["rotate"]).code == Some(0)).then_some(()));
    let fresh = fleet.tenant("Made while it slept");
    let (made, _) = fleet.key_of(&fresh, "Made", None);
    sleeper.running.signal(Signal::CONT);

    let ready = format!("{}/readyz", sleeper.url);
    let anybody = Client::new(sleeper.url.clone(), None);
    anybody.get("/readyz").expect_problem(503, "master-key-missing");
    let refused = made.verify(&gateway).expect_problem(503, "master-key-missing");
    assert!(!refused.header("retry-after").is_empty());
    fleet.home.write("apart", &fleet.home.read(FILE));
    until("it to read the file", || ureq::get(&ready).call().is_ok().then_some(()));
    assert!(made.is_allowed(&gateway) && key.is_allowed(&gateway));

    // A file without a key that is needed is not believed.
    fleet.home.write("apart", "# Nothing.\n");
    until("it to complain", || {
        sleeper.running.err.so_far().contains("goes on with the master keys it has").then_some(())
    });
    assert!(made.is_allowed(&gateway));
}

impl Fleet {
    fn master_key(&self, arguments: &[&str]) -> Finished {
        self.master_key_from(FILE, arguments)
    }

    fn master_key_from(&self, file: &str, arguments: &[&str]) -> Finished {
        let settings = ["--database", &self.database, "--master-key-file", file];
        self.home.run(&[&["master-key"][..], arguments, &settings].concat())
    }

    fn start_rotation(&self) -> crate::home::Running {
        self.home.start(&["master-key", "rotate", "--database", &self.database], &[])
    }

    fn until_all_have_it(&self) {
        until("every replica to have the key", || {
            let list = self.master_key(&["list"]).succeeded();
            (!list.out.contains("Replicas without")).then_some(())
        });
    }

    /// How many values are sealed by older keys.
    fn remaining(&self) -> i64 {
        let list = self.master_key(&["list"]).succeeded().out;
        let older = list.lines().filter(|line| line.contains(" older "));
        let words = older.flat_map(|line| line.split_whitespace().skip(4));
        words.filter_map(|word| word.parse::<i64>().ok()).sum()
    }

    fn tenant(&self, name: &str) -> String {
        let made = self.operator(0).post("/v1/tenants", json!({"name": name})).expect(201);
        let tenant = made.header("location").to_owned();
        let region = format!("{tenant}/regions/{}", crate::fleet::REGION);
        self.operator(0).put(&region, json!({"service": "available"})).expect(200);
        tenant
    }

    /// Makes so many more, and says which there are.
    fn tenants(&self, more: usize) -> Vec<String> {
        thread::scope(|scope| {
            for part in 0..4 {
                scope.spawn(move || {
                    (part..more).step_by(4).for_each(|number| drop(self.tenant(&format!("Many {number}"))));
                });
            }
        });
        let list = self.operator(0).get("/v1/tenants?limit=200").expect(200);
        list.items().iter().map(|tenant| format!("/v1/tenants/{}", tenant["id"].as_str().unwrap())).collect()
    }

    fn key_of(&self, tenant: &str, label: &str, once: Option<&str>) -> (Key, String) {
        let mut operator = self.operator(self.replicas.len() - 1);
        if let Some(once) = once {
            operator = operator.with("idempotency-key", once);
        }
        let body = json!({"region": crate::fleet::REGION, "label": label});
        let made = operator.post(&format!("{tenant}/keys"), body).expect(201);
        let secret = made.text_at("/secret_access_key");
        (Key::of(&made), secret)
    }
}

/// The ids in a master key file, in order.
fn ids(file: &str) -> Vec<String> {
    let named = file.lines().filter_map(|line| line.strip_prefix("# Keyreeve master key "));
    named.map(|rest| rest.split('.').next().unwrap().to_owned()).collect()
}

/// A key's remark and its line.
fn block_of(file: &str, id: &str) -> String {
    let mut lines = file.lines().skip_while(|line| !line.contains(id));
    format!("{}\n{}\n", lines.next().unwrap(), lines.next().unwrap())
}

impl crate::home::Running {
    fn ends_within(&self, time: Duration) -> bool {
        let started = Instant::now();
        while started.elapsed() < time {
            if self.out_has("Everything is sealed by") {
                return true;
            }
            thread::park_timeout(Duration::from_millis(3));
        }
        false
    }

    fn out_has(&self, words: &str) -> bool {
        self.out.so_far().contains(words)
    }
}
