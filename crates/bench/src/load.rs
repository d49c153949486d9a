//! A load generator: one thread that keeps many connections busy, so that all else there is to the machine is the server's.
//!
//! Requests are written down before a run and sent as they are; of an answer it looks at the status, at the length, and for
//! a word that says it is the right one.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

pub struct Load<'r> {
    pub address: SocketAddr,
    pub connections: usize,
    /// Whole requests, head and body; each connection takes the next one.
    pub requests: &'r [Vec<u8>],
    /// What stands in the body of every right answer.
    pub proof: &'r str,
    pub pace: Pace,
    /// Speak TLS, and trust this.
    pub tls: Option<Arc<ClientConfig>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Each connection asks again as soon as it is answered.
    AsFastAsPossible,
    /// So many a second whatever the answers do; a late answer is late from the moment at which its question was due.
    PerSecond(u32),
}

/// What a run has heard.
pub struct Heard {
    pub answers: u64,
    /// Answers that were not the right one.
    pub wrong: u64,
    /// Answers to come back later: how a server that is full stays quick. They count neither as right nor as wrong.
    pub sent_away: u64,
    /// One of the wrong answers, for whoever wonders.
    pub example: Option<String>,
    pub took: Duration,
    /// How long each right answer took, in nanoseconds, in order.
    latencies: Vec<u32>,
}

impl Heard {
    pub fn per_second(&self) -> f64 {
        self.answers as f64 / self.took.as_secs_f64()
    }

    /// The latency that so many of a thousand answers do not exceed.
    pub fn latency(&self, per_mille: usize) -> Duration {
        let place = (self.latencies.len() * per_mille / 1000).min(self.latencies.len().saturating_sub(1));
        Duration::from_nanos(self.latencies.get(place).copied().unwrap_or(0).into())
    }

    /// The same run, if every answer was the right one.
    #[track_caller]
    pub fn all_right(self) -> Self {
        assert_eq!(self.sent_away, 0, "of {} answers", self.answers);
        self.none_wrong()
    }

    /// The same run, if there was no answer but the right one, or to come back later.
    #[track_caller]
    pub fn none_wrong(self) -> Self {
        assert_eq!(self.wrong, 0, "{}", self.example.as_deref().unwrap_or_default());
        self
    }
}

impl Load<'_> {
    /// Asks for so long; what is on its way then is waited for and not counted.
    pub fn run(&self, length: Duration) -> Heard {
        self.ask(length, u64::MAX)
    }

    /// Asks each question once, over as many connections as there are.
    pub fn once(&self) -> Heard {
        self.ask(Duration::from_secs(600), self.requests.len() as u64)
    }

    fn ask(&self, length: Duration, most: u64) -> Heard {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("epoll");
        let mut lines: Vec<Line> = (0..self.connections).map(|_| Line::to(self.address, self.tls.as_ref())).collect();
        for (number, line) in lines.iter().enumerate() {
            let place = EventData::new_u64(number as u64);
            epoll::add(&poll, &line.stream, place, EventFlags::IN | EventFlags::OUT | EventFlags::ET).expect("epoll");
        }
        let mut run = Run::of(self, length);
        let mut idle: Vec<usize> = (0..lines.len()).rev().collect();
        let mut events = Vec::with_capacity(256);
        loop {
            let is_over = run.began.elapsed() >= length || run.asked == most && idle.len() == lines.len();
            while !is_over
                && run.asked < most
                && let Some(due) = run.next_due()
            {
                let Some(number) = idle.pop() else { break };
                lines[number].ask(&self.requests[run.asked as usize % self.requests.len()], due);
                run.asked += 1;
            }
            if is_over && idle.len() == lines.len() {
                return run.finish();
            }
            // It waits awake: to be woken costs the server more than many an answer, and no client on another machine
            // would cost it that.
            let patience = Duration::ZERO.try_into().expect("a time");
            events.clear();
            match epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), Some(&patience)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("epoll: {error}"),
            }
            for event in &events {
                let number = event.data.u64() as usize;
                if let Some(answer) = lines[number].go_on() {
                    run.heard(&answer, self.proof, is_over);
                    idle.push(number);
                }
            }
        }
    }
}

/// What has been asked and heard so far.
struct Run {
    began: Instant,
    length: Duration,
    pace: Pace,
    asked: u64,
    heard: Heard,
}

impl Run {
    fn of(load: &Load<'_>, length: Duration) -> Self {
        let latencies = Vec::with_capacity(1 << 20);
        let heard = Heard { answers: 0, wrong: 0, sent_away: 0, example: None, took: length, latencies };
        Self { began: Instant::now(), length, pace: load.pace, asked: 0, heard }
    }

    /// The moment at which the next question was due, unless that is still to come.
    fn next_due(&self) -> Option<Instant> {
        let now = Instant::now();
        match self.pace {
            Pace::AsFastAsPossible => Some(now),
            Pace::PerSecond(rate) => {
                let due = self.began + Duration::from_secs_f64(self.asked as f64 / f64::from(rate));
                (due <= now).then_some(due)
            }
        }
    }

    fn heard(&mut self, answer: &Answer<'_>, proof: &str, is_over: bool) {
        if answer.status == 503 && contains(answer.body, b"/problems/busy") {
            self.heard.sent_away += 1;
        } else if answer.status != 200 && answer.status != 201 || !contains(answer.body, proof.as_bytes()) {
            self.heard.wrong += 1;
            let text = || format!("{} {}", answer.status, String::from_utf8_lossy(answer.body));
            self.heard.example.get_or_insert_with(text);
        } else if !is_over {
            self.heard.answers += 1;
            self.heard.latencies.push(u32::try_from(answer.took.as_nanos()).unwrap_or(u32::MAX));
        }
    }

    fn finish(mut self) -> Heard {
        self.heard.latencies.sort_unstable();
        self.heard.took = self.began.elapsed().min(self.length);
        self.heard
    }
}

pub(crate) struct Answer<'l> {
    pub(crate) status: u16,
    pub(crate) body: &'l [u8],
    took: Duration,
}

/// One connection, with at most one question under way.
pub(crate) struct Line {
    pub(crate) stream: TcpStream,
    tls: Option<ClientConnection>,
    asked: Instant,
    unsent: Vec<u8>,
    received: Vec<u8>,
    /// Where the body begins and how long it is, once the head is there.
    body: Option<(usize, usize)>,
}

impl Line {
    pub(crate) fn to(address: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let tls = tls.cloned().map(|config| {
            let name = ServerName::try_from("localhost").expect("a name");
            let mut tls = ClientConnection::new(config, name).expect("TLS");
            while tls.is_handshaking() {
                tls.complete_io(&mut &stream).expect("a handshake");
            }
            tls
        });
        stream.set_nonblocking(true).expect("no blocking");
        Self { stream, tls, asked: Instant::now(), unsent: Vec::new(), received: Vec::new(), body: None }
    }

    pub(crate) fn ask(&mut self, request: &[u8], due: Instant) {
        self.asked = due;
        self.received.clear();
        self.body = None;
        match &mut self.tls {
            Some(tls) => {
                tls.writer().write_all(request).expect("to be heard");
                while tls.wants_write() {
                    match tls.write_tls(&mut self.stream) {
                        Ok(_) => {}
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) => panic!("to be heard: {error}"),
                    }
                }
            }
            None => {
                self.unsent.clear();
                self.unsent.extend_from_slice(request);
                self.send();
            }
        }
    }

    fn send(&mut self) {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("to be heard: {error}"),
            }
        }
    }

    /// Sends and receives what can be. The answer, when it is whole.
    pub(crate) fn go_on(&mut self) -> Option<Answer<'_>> {
        self.send();
        self.receive();
        if self.body.is_none() {
            self.body = body(&self.received);
        }
        let (begin, length) = self.body?;
        let body = self.received.get(begin..begin + length)?;
        let status = std::str::from_utf8(self.received.get(9..12)?).ok()?.parse().ok()?;
        // Nothing more is due of this one: what comes later is not another answer to the same question.
        self.body = Some((usize::MAX / 2, 0));
        Some(Answer { status, body, took: self.asked.elapsed() })
    }

    fn receive(&mut self) {
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = match &mut self.tls {
                None => self.stream.read(&mut buffer),
                Some(tls) => {
                    if let Err(error) = tls.read_tls(&mut self.stream) {
                        assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                    }
                    tls.process_new_packets().expect("TLS");
                    tls.reader().read(&mut buffer)
                }
            };
            match count {
                Ok(0) => panic!("the server closed the connection: {}", String::from_utf8_lossy(&self.received)),
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("no answer: {error}"),
            }
        }
    }
}

/// Where the body begins, and its length.
fn body(received: &[u8]) -> Option<(usize, usize)> {
    const LENGTH: &[u8] = b"content-length:";
    let mut begin = 0;
    let mut length = 0;
    loop {
        let rest = &received[begin..];
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = rest[..end].trim_ascii_end();
        begin += end + 1;
        if line.is_empty() {
            return Some((begin, length));
        }
        if line.get(..LENGTH.len()).is_some_and(|name| name.eq_ignore_ascii_case(LENGTH)) {
            length = std::str::from_utf8(line[LENGTH.len()..].trim_ascii()).ok()?.parse().ok()?;
        }
    }
}

fn contains(body: &[u8], proof: &[u8]) -> bool {
    proof.is_empty() || body.windows(proof.len()).any(|window| window == proof)
}
