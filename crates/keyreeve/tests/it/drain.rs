//! Servers that are told to stop while they are at work: nobody who was let in is left without an answer.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use testkit::postgres::shared;

use crate::balancer::Balancer;
use crate::fleet::{Fleet, Key};
use crate::home::{Home, until};

/// From the signal to the end of the process, with the usual settings.
const LONGEST: Duration = Duration::from_secs(10);

/// `KEYREEVE_RESTARTS=200` makes it a long one.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn restarts(usual: usize) -> usize {
    std::env::var("KEYREEVE_RESTARTS").map_or(usual, |text| text.parse().unwrap())
}

/// Two replicas behind a balancer that asks them whether they are ready, restarted in turn.
#[test]
fn replicas_behind_a_balancer_restart_without_one_failed_request() {
    let database = shared().unwrap().database().unwrap();
    let mut fleet = Fleet::of(2, &database.url(), &["--drain-seconds", "1"]);
    let key = fleet.key("Key");
    let balancer = Balancer::before(fleet.replicas.iter().map(|replica| replica.url.as_str()));
    balancer.has(2);
    let load = Load::default();
    let (operator, gateway) = (fleet.operator.clone(), fleet.gateway.clone());
    let restarts = restarts(12);
    let mut longest = Duration::ZERO;
    thread::scope(|scope| {
        let _stop = load.until_dropped();
        for _ in 0..2 {
            scope.spawn(|| load.keep(|| load.verify(&balancer, &gateway, &key)));
        }
        scope.spawn(|| load.keep(|| load.write(&balancer, &operator)));
        scope.spawn(|| load.keep(|| load.follow(&balancer, &gateway)));
        for round in 0..restarts {
            longest = longest.max(fleet.restart(round % 2));
            balancer.has(2);
            load.goes_on();
        }
    });
    println!(
        "{restarts} restarts, {} requests, {} failed; the longest took {longest:?} to stop",
        load.answered.load(Ordering::SeqCst),
        load.failures().len(),
    );
    assert_eq!(load.failures(), Vec::<String>::new());
    assert!(longest < LONGEST, "{longest:?}");
}

/// One process cannot overlap with the next: then nobody gets in for a moment, but whoever is in is answered.
#[test]
fn a_single_server_answers_everybody_it_let_in() {
    let home = Home::new();
    home.run(&["bootstrap", "--out", "token"]).succeeded();
    let token = home.read("token").trim().to_owned();
    let arguments = ["--requests-per-second", "0", "--drain-seconds", "1"];
    let mut server = home.serve(&arguments);
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let load = Load::default();
    thread::scope(|scope| {
        let _stop = load.until_dropped();
        for _ in 0..4 {
            scope.spawn(|| load.keep(|| load.talk(&address, &token)));
        }
        for _ in 0..restarts(4) {
            load.goes_on();
            let began = Instant::now();
            server.terminate().succeeded();
            assert!(began.elapsed() < LONGEST);
            server = home.serve_at(&address, &arguments);
        }
    });
    assert_eq!(load.failures(), Vec::<String>::new());
    println!("{} requests", load.answered.load(Ordering::SeqCst));
}

#[test]
fn whoever_tells_it_twice_does_not_wait_for_the_notice() {
    let home = Home::new();
    for (first, second) in [(Signal::TERM, Some(Signal::TERM)), (Signal::INT, None)] {
        let server = home.serve(&["--drain-seconds", "300"]);
        server.running.signal(first);
        if let Some(second) = second {
            let log = &server.running.err;
            until("the notice to begin", || log.so_far().contains("not ready any more").then_some(()));
            let answer = ureq::get(format!("{}/readyz", server.url)).call();
            assert!(matches!(answer, Err(ureq::Error::StatusCode(503))), "{answer:?}");
            assert!(server.is_live());
            server.running.signal(second);
        }
        server.running.finish().succeeded();
    }
}

/// Requests without end, and what came of them.
#[derive(Default)]
pub(crate) struct Load {
    is_over: AtomicBool,
    pub(crate) answered: AtomicUsize,
    failed: Mutex<Vec<String>>,
}

/// Ends the load, also when the test fails: or it would wait for it for ever.
pub(crate) struct Stop<'l>(&'l Load);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

impl Load {
    pub(crate) fn until_dropped(&self) -> Stop<'_> {
        Stop(self)
    }

    /// Waits for some more answers.
    pub(crate) fn goes_on(&self) {
        let before = self.answered.load(Ordering::SeqCst);
        until("more answers", || (self.answered.load(Ordering::SeqCst) > before + 50).then_some(()));
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        self.failed.lock().unwrap().clone()
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    pub(crate) fn keep(&self, work: impl Fn()) {
        while !self.is_over() {
            work();
        }
    }

    fn expect(&self, what: &str, status: u16, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) {
        let text = answer.and_then(|mut answer| Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?)));
        match text {
            Ok((got, _)) if got == status => drop(self.answered.fetch_add(1, Ordering::SeqCst)),
            Ok((got, text)) => self.failed.lock().unwrap().push(format!("{what}: {got} {text}")),
            Err(error) => self.failed.lock().unwrap().push(format!("{what}: {error}")),
        }
    }

    /// On connections that it keeps, as gateways do.
    pub(crate) fn verify(&self, balancer: &Balancer, gateway: &str, key: &Key) {
        let agent = agent();
        while !self.is_over() {
            let request =
                agent.post(format!("{}/v1/gateway/verify", balancer.url)).header("authorization", bearer(gateway));
            let request = request.content_type("application/json");
            self.expect("verify", 200, request.send(key.request().to_string()));
        }
    }

    pub(crate) fn write(&self, balancer: &Balancer, operator: &str) {
        let agent = agent();
        while !self.is_over() {
            let request = agent.post(format!("{}/v1/tenants", balancer.url)).header("authorization", bearer(operator));
            self.expect("write", 201, request.content_type("application/json").send(r#"{"name": "Another"}"#));
        }
    }

    /// Polls that wait, on a connection that is in use when its server goes.
    fn follow(&self, balancer: &Balancer, gateway: &str) {
        let agent = agent();
        let url = format!("{}/v1/gateway/changes?wait_s=5&after=", balancer.url);
        let head = agent.get(url.replace("&after=", "")).header("authorization", bearer(gateway)).call();
        let head = head.and_then(|mut answer| answer.body_mut().read_json::<serde_json::Value>());
        let Ok(head) = head.map(|head| head["sequence"].to_string()) else {
            return self.failed.lock().unwrap().push("the feed's head".to_owned());
        };
        while !self.is_over() {
            self.expect(
                "follow",
                200,
                agent.get(format!("{url}{head}")).header("authorization", bearer(gateway)).call(),
            );
        }
    }

    /// On one connection, until it is told that it is the last time or the connection was never let in.
    fn talk(&self, address: &str, token: &str) {
        let Ok(mut stream) = TcpStream::connect(address) else { return thread::park_timeout(Duration::from_millis(5)) };
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = format!("GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut was_let_in = false;
        while !self.is_over() {
            let answer = stream.write_all(request.as_bytes()).and_then(|()| read_answer(&mut reader));
            match answer {
                Ok(head) => {
                    was_let_in = true;
                    self.answered.fetch_add(1, Ordering::SeqCst);
                    if !head.starts_with("HTTP/1.1 200") {
                        self.failed.lock().unwrap().push(head.clone());
                    }
                    if head.contains("connection: close") {
                        return;
                    }
                }
                Err(error) if was_let_in => return self.failed.lock().unwrap().push(error.to_string()),
                Err(_) => return,
            }
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into()
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// The head of one answer, in small letters but for the first line, and nothing of what comes after it.
fn read_answer(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&if head.is_empty() { line } else { line.to_lowercase() });
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(head)
}
