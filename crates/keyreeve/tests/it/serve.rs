//! The server's life: ready, busy, told to stop.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::home::{Home, Server};

#[test]
fn it_is_ready_when_it_says_so_and_stops_when_told() {
    let home = Home::new();
    for signal in [Signal::TERM, Signal::INT] {
        let server = home.serve(&[]);
        assert!(server.url.starts_with("http://127.0.0.1:") && !server.url.ends_with(":0"));
        assert!(server.is_live());
        server.running.signal(signal);
        let finished = server.running.finish().succeeded();
        assert!(finished.out.is_empty() && finished.err.contains("stopped"), "{}", finished.err);
        assert!(finished.err.contains("/docs"));
    }
}

#[test]
fn no_command_means_serve() {
    let home = Home::new();
    let server = Server::ready(home.start(&["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"], &[]));
    assert!(server.is_live());
    assert!(server.metrics().contains("keyreeve_build_info"));
    server.stop().succeeded();
}

#[test]
fn a_second_server_goes_on_without_metrics_that_nobody_asked_for() {
    let home = Home::new();
    let start = || Server::ready(home.start(&["--listen", "127.0.0.1:0"], &[]));
    let (first, second) = (start(), start());
    assert!(first.is_live() && second.is_live());
    assert!(second.running.err.so_far().contains("no metrics"));
    first.stop().succeeded();
    second.stop().succeeded();
}

#[test]
fn a_request_under_way_is_finished_first() {
    let home = Home::new();
    let server = home.serve(&[]);
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    let head =
        "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    // It has been accepted once somebody who came later has been answered.
    assert!(server.is_live());
    server.running.signal(Signal::TERM);
    crate::home::until("the signal to arrive", || server.running.err.so_far().contains("finishing").then_some(()));
    stream.write_all(b"}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    server.running.finish().succeeded();
}

#[test]
fn no_secret_reaches_the_log() {
    let home = Home::new();
    let bootstrap = home.run(&["bootstrap", "--out", "token", "--log-level", "trace"]).succeeded();
    let token = home.read("token").trim().to_owned();
    let server = home.serve(&["--log-level", "trace", "--log-format", "json"]);
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let bearer = format!("Bearer {token}");
    let url = format!("{}/v1/me?token={token}", server.url);
    agent.get(&url).header("Authorization", &bearer).call().unwrap();
    agent.get(format!("{}/v1/me", server.url)).header("Authorization", &bearer).call().unwrap();
    let log = server.stop().succeeded().err + &bootstrap.err + &bootstrap.out;
    assert!(!log.contains(&home.master_key()), "the master key is in the log");
    let leak = log.lines().find(|line| line.contains(&token));
    assert!(leak.is_none(), "the token is in the log: {leak:?}");
}

#[test]
fn the_log_is_json_where_asked_for_and_never_coloured_in_a_file() {
    let home = Home::new();
    let server = home.serve(&["--log-format", "json"]);
    let log = server.stop().succeeded().err;
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string());
    }
    assert!(!home.serve(&[]).stop().succeeded().err.contains('\u{1b}'));
}
