//! `keyreeve health`: what a container asks, which has nothing else to ask with.

use crate::home::{Home, Server, fixture};

fn port(server: &Server) -> &str {
    server.url.rsplit_once(':').unwrap().1
}

#[test]
fn a_server_that_can_serve_is_ready() {
    let home = Home::new();
    let server = home.serve_at("0.0.0.0:0", &["--insecure"]);
    let listen = format!("0.0.0.0:{}", port(&server));
    assert_eq!(home.run(&["health", "--listen", &listen]).succeeded().out, "ready\n");
    let out = home.run_with(&["health"], &[("KEYREEVE_LISTEN", &listen)]).succeeded().out;
    assert_eq!(out, "ready\n", "the environment of the container says it as well");
    server.stop().succeeded();
    home.run(&["health", "--listen", &listen]).refused(1, &["nobody answers", port_of(&listen)]);
}

fn port_of(listen: &str) -> &str {
    listen.rsplit_once(':').unwrap().1
}

#[test]
fn it_speaks_tls_where_the_server_does() {
    let home = Home::new();
    let (certificate, key) = (fixture("localhost.pem"), fixture("localhost.key"));
    let tls = ["--tls-certificate", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = home.serve(&tls);
    let listen = format!("127.0.0.1:{}", port(&server));
    let health = |more: &[&str]| home.run(&[&["health", "--listen", &listen], more].concat());
    assert_eq!(health(&tls).succeeded().out, "ready\n");
    health(&[]).refused(1, &["nobody answers"]);
    server.stop().succeeded();
}

#[test]
fn a_server_that_cannot_serve_is_not_ready() {
    let home = Home::new();
    let database = testkit::postgres::shared().unwrap().database().unwrap();
    let server = home.serve(&["--database", &database.url()]);
    let listen = format!("127.0.0.1:{}", port(&server));
    home.run(&["health", "--listen", &listen]).succeeded();
    drop(database);
    home.run(&["health", "--listen", &listen]).refused(1, &["not ready", "503"]);
    server.stop();
    home.run(&["health", "--listen", "127.0.0.1:0"]).refused(1, &["--listen"]);
}
