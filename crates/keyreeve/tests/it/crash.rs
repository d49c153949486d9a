//! What was acknowledged is there after a kill -9 in the middle of writing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use rustix::process::Signal;
use testkit::Client;
use testkit::postgres::shared;

use crate::home::{Home, Server, until};

const ROUNDS: usize = 6;
const WRITERS: usize = 8;

#[test]
fn kill_9_while_writing_to_sqlite_loses_nothing_acknowledged() {
    let home = Home::new();
    let acknowledged = survive(&home, &[]);
    let mut connection = SqliteConnection::establish(home.path("keyreeve-data/keyreeve.db").to_str().unwrap()).unwrap();
    let check: Found = diesel::sql_query("PRAGMA integrity_check").get_result(&mut connection).unwrap();
    assert_eq!(check.integrity_check, "ok");
    println!("{acknowledged} acknowledged writes over {ROUNDS} kills, none lost");
}

#[test]
fn kill_9_while_writing_to_postgres_loses_nothing_acknowledged() {
    let database = shared().unwrap().database().unwrap();
    let acknowledged = survive(&Home::new(), &["--database", &database.url()]);
    println!("{acknowledged} acknowledged writes over {ROUNDS} kills, none lost");
}

/// Kills a server again and again while clients create tenants, and looks for every one that was acknowledged.
fn survive(home: &Home, arguments: &[&str]) -> usize {
    let arguments = [arguments, &["--requests-per-second", "0"]].concat();
    let database: Vec<&str> =
        arguments.iter().copied().take_while(|argument| *argument != "--requests-per-second").collect();
    home.run(&[&["bootstrap", "--out", "token"][..], &database].concat()).succeeded();
    let token = home.read("token").trim().to_owned();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let server = home.serve(&arguments);
        for id in &acknowledged {
            Client::new(server.url.clone(), Some(token.clone())).get(&format!("/v1/tenants/{id}")).expect(200);
        }
        let before = acknowledged.len();
        acknowledged.extend(write_until_killed(server, &token, 40 + 15 * round));
        assert!(acknowledged.len() > before, "the server was killed while it worked");
    }
    let server = home.serve(&arguments);
    let client = Client::new(server.url.clone(), Some(token));
    for id in &acknowledged {
        client.get(&format!("/v1/tenants/{id}")).expect(200);
    }
    server.stop().succeeded();
    acknowledged.len()
}

/// Creates tenants from several threads, and kills the server once so many were acknowledged.
fn write_until_killed(server: Server, token: &str, enough: usize) -> Vec<String> {
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let is_over = Arc::new(AtomicBool::new(false));
    let writers = (0..WRITERS).map(|writer| {
        let (acknowledged, is_over) = (acknowledged.clone(), is_over.clone());
        let (url, token) = (format!("{}/v1/tenants", server.url), token.to_owned());
        thread::spawn(move || {
            let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().new_agent();
            while !is_over.load(Ordering::SeqCst) {
                let body = format!(r#"{{"name": "Writer {writer}"}}"#);
                let request = agent.post(&url).header("authorization", format!("Bearer {token}"));
                let answer = request.content_type("application/json").send(body);
                // What was not answered may have happened or not.
                let Ok(mut answer) = answer.and_then(|mut answer| answer.body_mut().read_to_string()) else { continue };
                let id = answer.split_off(answer.find("ten_").unwrap()).chars().take(30).collect::<String>();
                acknowledged.lock().unwrap().push(id);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    until("writes to be acknowledged", || (acknowledged.lock().unwrap().len() >= enough).then_some(()));
    server.running.signal(Signal::KILL);
    is_over.store(true, Ordering::SeqCst);
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    drop(server);
    let acknowledged = acknowledged.lock().unwrap();
    acknowledged.clone()
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    integrity_check: String,
}
