//! A real server on a machine whose clock is set, back and forward, while it runs and while it does not: `tests/power/clock.c`.

use std::fs;

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::json;

use crate::disk::{DATABASE, compiled};
use crate::fleet::{Fleet, now};
use crate::home::{Server, until};

const HALF_AN_HOUR: i64 = 1_800;
const MONTH: i64 = 30 * 86_400;

struct Machine {
    fleet: Fleet,
    shim: String,
    /// Of the tenant, for twenty minutes.
    token: String,
}

impl Machine {
    fn new() -> Self {
        let fleet = Fleet::of(1, &format!("sqlite:{DATABASE}"), &["--lease-seconds", "5"]);
        let shim = compiled("clock.c", &fleet.home.path("clock.so")).to_str().unwrap().to_owned();
        let body = json!({"description": "Portal", "expires_at": now() + TimeDelta::minutes(20)});
        let token = fleet.operator(0).post(&format!("{}/tokens", fleet.tenant), body).expect(201).text_at("/token");
        let mut machine = Self { fleet, shim, token };
        machine.restart(0);
        machine
    }

    /// By how many seconds its clock is wrong from now on.
    fn set(&self, off: i64) {
        self.fleet.home.write("off.new", &off.to_string());
        fs::rename(self.fleet.home.path("off.new"), self.fleet.home.path("off")).unwrap();
    }

    fn restart(&mut self, off: i64) {
        self.stop();
        self.start(off);
    }

    fn start(&mut self, off: i64) {
        self.set(off);
        let off = self.fleet.home.path("off");
        let environment = [("LD_PRELOAD", self.shim.as_str()), ("CLOCK_OFF", off.to_str().unwrap())];
        let arguments =
            ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--database", &self.fleet.database];
        let arguments = [&arguments[..], &["--lease-seconds", "5"]].concat();
        let server = Server::ready(self.fleet.home.start(&arguments, &environment));
        self.fleet.replicas.push(server);
    }

    fn stop(&mut self) {
        self.fleet.replicas.pop().unwrap().stop().succeeded();
    }

    fn counts(&self) -> bool {
        let client = testkit::Client::new(self.fleet.replicas[0].url.clone(), Some(self.token.clone()));
        client.get("/v1/me").status == 200
    }

    /// As if a clock that was ahead had been believed.
    fn believe(&mut self, ahead: i64) {
        self.stop();
        let path = self.fleet.home.path(DATABASE);
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let statement = format!("UPDATE clock SET reached_at = reached_at + {}", ahead * 1_000_000);
        connection.batch_execute(&statement).unwrap();
        drop(connection);
        self.start(0);
    }

    fn behind(&self) -> f64 {
        let page = self.fleet.replicas[0].metrics();
        let line = page.lines().find_map(|line| line.strip_prefix("keyreeve_clock_behind_seconds "));
        line.unwrap().parse().unwrap()
    }
}

#[test]
fn a_machine_s_clock_is_set() {
    let mut machine = Machine::new();
    assert!(machine.counts());

    // A leap that is put right leaves nothing behind.
    machine.set(HALF_AN_HOUR);
    assert!(!machine.counts());
    machine.set(0);
    assert!(machine.counts());
    machine.restart(HALF_AN_HOUR);
    assert!(!machine.counts());
    machine.set(0);
    assert!(machine.counts());

    // Set back, time goes on from where it was, and the machine is told so.
    machine.set(-MONTH);
    until("the server to notice", || {
        machine.fleet.replicas[0].running.err.so_far().contains("behind the time").then_some(())
    });
    assert!(machine.behind() > (MONTH - 60) as f64);
    machine.set(0);
    assert!(machine.behind() < 60.0);
    machine.fleet.home.run(&["doctor", "--database", &machine.fleet.database]).succeeded();

    // What has expired stays expired, through restarts.
    machine.believe(HALF_AN_HOUR);
    for off in [0, -1, -3_600, -MONTH] {
        machine.set(off);
        assert!(!machine.counts(), "{off}");
        machine.restart(off);
        assert!(!machine.counts(), "{off}, after a restart");
    }
    machine.set(0);
    let home = &machine.fleet.home;
    let with = |command: &[&'static str]| [command, &["--database"]].concat();
    let run = |command: &[&'static str]| home.run(&[&with(command)[..], &[machine.fleet.database.as_str()]].concat());
    run(&["doctor"]).refused(1, &["failure  time", "keyreeve clock reset"]);

    // Until an operator says that the clock is right; a server at work hears of it.
    assert!(run(&["clock", "reset"]).succeeded().out.contains("counts again"));
    until("the server to hear of it", || machine.counts().then_some(()));
    run(&["doctor"]).succeeded();
    assert!(run(&["clock", "reset"]).succeeded().out.contains("nothing to do"));
    let events = machine.fleet.operator(0).get("/v1/audit?action=clock.reset").expect(200).items();
    assert_eq!(events.len(), 1);
    machine.restart(0);
    assert!(machine.counts());
}
