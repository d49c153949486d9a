//! The line between client and server: encrypted, cut, slow to be heard of.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;

use serde_json::json;

use super::desk::{self, Desk, PASSWORD};
use crate::home::{Home, Server, fixture, until};

#[test]
fn https_is_spoken_with_an_authority_of_ones_own() {
    let home = Home::new();
    home.run(&["bootstrap", "--out", "operator.token"]).succeeded();
    let (certificate, key) = (fixture("localhost.pem"), fixture("localhost.key"));
    let certificate = certificate.to_str().unwrap();
    let tls = ["--tls-certificate", certificate, "--tls-key", key.to_str().unwrap()];
    let server = home.serve(&tls);
    let port = server.url.rsplit_once(':').unwrap().1;
    let desk = Desk { home, server: format!("https://localhost:{port}") };
    let login = ["login", "--token-file", "operator.token"];
    desk.run(&login).refused(6, &["--ca-file"]);
    desk.run(&[&login[..], &["--ca-file", "operator.token"]].concat()).refused(1, &["there are none in it"]);
    desk.run(&[&login[..], &["--ca-file", certificate]].concat()).succeeded();
    // The profile remembers whom to trust.
    desk.run(&["whoami"]).succeeded();
    server.stop().succeeded();
}

/// The URL of a line to the server. Of connections of which `is_cut` says so, by their number and how they begin, the
/// request arrives and the answer does not.
fn line(server: &Server, is_cut: fn(usize, &str) -> bool) -> String {
    let behind = server.url.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (number, client) in listener.incoming().enumerate() {
            let (mut client, mut server) = (client.unwrap(), TcpStream::connect(&behind).unwrap());
            let mut beginning = [0; 4096];
            let length = client.read(&mut beginning).unwrap();
            server.write_all(&beginning[..length]).unwrap();
            let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut from_client, &mut to_server);
            });
            if is_cut(number, &String::from_utf8_lossy(&beginning[..length])) {
                let _ = server.read(&mut [0; 4096]);
                let _ = client.shutdown(Shutdown::Both);
            } else {
                thread::spawn(move || {
                    let _ = std::io::copy(&mut server, &mut client);
                });
            }
        }
    });
    url
}

#[test]
fn what_nobody_knows_to_have_arrived_is_sent_again_and_done_once() {
    let (server, operator) = desk::open();
    let token = operator.home.path("operator.token");
    let through = ["--server", &line(&server, |number, _| number == 0), "--token-file", token.to_str().unwrap()]
        .map(str::to_owned);
    let through: Vec<&str> = through.iter().map(String::as_str).collect();
    let made = operator.run(&[&["tenants", "create", "Acme", "--quiet"][..], &through].concat()).succeeded();
    assert_eq!(operator.id(&["tenants", "list"]), made.out.trim());
    server.stop().succeeded();
}

/// A refresh token is good for one use: when the answer to it is lost, the session is, and no second use ends others.
#[test]
fn a_session_is_not_renewed_twice_however_the_line_is() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    operator.customer("Acme", "waw3-1");
    let desk =
        Desk { home: Home::new(), server: line(&server, |_, begins| begins.starts_with("POST /v1/sessions/refresh")) };
    desk.home.write("password", PASSWORD);
    desk.run(&["login", "--email", "ada@acme.example.org", "--password-file", "password"]).succeeded();
    let file = ".config/keyreeve/credentials/default.json";
    let mut stored: serde_json::Value = serde_json::from_str(&desk.home.read(file)).unwrap();
    stored["session"]["expires_at"] = json!("2026-01-01T00:00:00Z");
    desk.home.write(file, &stored.to_string());
    desk.run(&["whoami"]).refused(3, &["cannot be renewed twice"]);
    desk.run(&["whoami"]).refused(3, &["cannot be renewed twice"]);
    server.stop().succeeded();
}

/// A gateway that has a lease and does not listen.
#[test]
fn a_receipt_names_who_lags_and_wait_waits_for_the_end_of_their_lease() {
    let (server, operator) = desk::open_with(&["--lease-seconds", "5"]);
    operator.region("waw3-1", "multi");
    let (tenant, ada) = operator.customer("Acme", "waw3-1");
    let gateway = ["gateways", "create", "edge", "--region", "waw3-1", "--capability", "changes"];
    let gateway = operator.id(&gateway);
    let token = ["tokens", "create", "--gateway", &gateway, "--description", "x", "--expires", "1d", "--out", "edge"];
    operator.run(&token).succeeded();
    let follow = || {
        let bearer = format!("Bearer {}", operator.home.read("edge").trim());
        let url = format!("{}/v1/gateway/changes?instance=edge-1&wait_s=0", server.url);
        ureq::get(&url).header("Authorization", &bearer).call().unwrap().status()
    };
    let create = ["keys", "create", "--region", "waw3-1", "--label", "x"];
    let key = ada.json(&create)["key"]["id"].as_str().unwrap().to_owned();
    assert_eq!(follow(), 200);
    let pending = ada.run(&["keys", "disable", &key, "--yes"]).succeeded().out;
    assert!(
        pending.contains("Pending: ") && pending.contains("edge") && pending.contains(" at the latest."),
        "{pending}"
    );
    assert!(operator.run(&["gateways", "status", &gateway]).succeeded().out.contains("edge-1"));
    follow();
    let waited = operator.run(&["keys", "revoke", &key, "--tenant", &tenant, "--yes", "--wait"]).succeeded();
    assert!(waited.err.contains("Pending: ") && waited.out.contains("In force everywhere since"), "{}", waited.out);
    server.stop().succeeded();
}

#[test]
fn a_reader_that_went_away_is_no_reason_to_fail() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    for arguments in [&["regions", "list"][..], &["audit", "export"], &["whoami"], &["regions", "list", "-o", "json"]] {
        let mut command = operator.home.command(arguments);
        command.env("HOME", operator.home.path("")).env("KEYREEVE_SERVER", &operator.server);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let status = until("the process to end", || child.try_wait().unwrap());
        assert_eq!(status.code(), Some(0), "{arguments:?}");
    }
    server.stop().succeeded();
}

/// Where a guardrail has it that partners do not see secrets, the link is not lost in any format.
#[test]
fn a_claim_link_is_handed_on_where_the_secret_is_not_for_you() {
    let (server, operator) = desk::open();
    operator.region("waw3-1", "multi");
    let partner = operator.id(&["partners", "create", "Nordic Cloud", "--hide-secrets"]);
    let token =
        ["tokens", "create", "--partner", &partner, "--description", "x", "--expires", "1d", "--out", "partner"];
    operator.run(&token).succeeded();
    let reseller = operator.beside();
    reseller.home.write("partner", &operator.home.read("partner"));
    reseller.run(&["login", "--token-file", "partner"]).succeeded();
    let tenant = reseller.id(&["tenants", "create", "Acme"]);
    operator.run(&["regions", "offer", "waw3-1", "--tenant", &tenant]).succeeded();
    let create = ["keys", "create", "--tenant", &tenant, "--region", "waw3-1", "--label", "x", "--format", "env"];
    let made = reseller.run(&create).succeeded();
    assert!(made.out.contains("/claim#krc_") && !made.out.contains("SECRET"), "{}", made.out);
    assert!(made.err.contains("claim link"), "{}", made.err);
    server.stop().succeeded();
}
