//! Gateways that follow the feed, as many as there may be: each a connection of its own that asks, waits, hears and asks
//! again, as the gateway client does. What that costs the replicas and the database.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};
use testkit::Client;
use wire::Changes;

use crate::keyreeve::{Keyreeve, Place, Replica, get};
use crate::load::Line;
use crate::process::{self, Process, family, processor_time};

/// How long the gateway client lets a question wait.
const WAIT_S: u32 = 5;
/// The pauses of the gateway client when it was refused.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Each changes the keys of a tenant of its own.
const WRITERS: usize = 16;

pub struct Fleet<'p> {
    place: &'p Place,
    server: Keyreeve,
    others: Vec<Replica>,
    keys: Vec<String>,
}

/// What a while has been like.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    pub took: Duration,
    pub polls: u64,
    /// Polls that were told that the server is busy.
    pub refused: u64,
    /// A change that was told to one gateway.
    pub delivered: u64,
    pub changes: u64,
    /// Of processors, all replicas together.
    pub replicas: Duration,
    pub database: Duration,
}

impl<'p> Fleet<'p> {
    pub fn start(place: &'p Place, replicas: usize) -> Self {
        let settings = ["--workers", "1", "--log-level", "warn,keyreeve=info"];
        let server = Keyreeve::start(place, "0", &settings);
        let others = (1..replicas).map(|_| server.replica(place, "0", &settings)).collect();
        let keys = (0..WRITERS).map(|number| server.key_of_its_own(&format!("Writer {number}"))).collect();
        Self { place, server, others, keys }
    }

    /// So many gateways follow for so long, while so many changes are made a second.
    pub fn follow(&self, gateways: usize, changes_per_second: f64, length: Duration) -> Seen {
        let addresses: Vec<SocketAddr> = self.processes().map(|process| process.address).collect();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let mut followers = Followers::connect(&addresses, gateways, &self.server.gateway);
            // All have begun, and each has been answered.
            followers.run(Duration::from_secs(2 * u64::from(WAIT_S)));
            let writers: Vec<_> = (self.keys.iter().enumerate())
                .filter(|_| changes_per_second > 0.0)
                .map(|(number, key)| {
                    let every = Duration::from_secs_f64(WRITERS as f64 / changes_per_second);
                    let first = every.mul_f64(number as f64 / WRITERS as f64);
                    let (operator, is_over) = (&self.server.operator, &is_over);
                    scope.spawn(move || write(operator, key, first, every, is_over))
                })
                .collect();
            let before = self.spent();
            let (polls, delivered, refused) = (followers.polls, followers.delivered, followers.refused);
            let began = Instant::now();
            followers.run(length);
            let (took, after) = (began.elapsed(), self.spent());
            is_over.store(true, Ordering::Release);
            Seen {
                took,
                polls: followers.polls - polls,
                refused: followers.refused - refused,
                delivered: followers.delivered - delivered,
                changes: writers.into_iter().map(|writer| writer.join().expect("a writer")).sum(),
                replicas: after.0.saturating_sub(before.0),
                database: after.1.saturating_sub(before.1),
            }
        })
    }

    fn processes(&self) -> impl Iterator<Item = &Process> {
        std::iter::once(&self.server.process).chain(self.others.iter().map(|other| &other.process))
    }

    /// Of the replicas and of PostgreSQL; SQLite is a part of its only replica.
    fn spent(&self) -> (Duration, Duration) {
        let replicas = self.processes().map(Process::processor_time).sum();
        let database = match self.place {
            Place::Sqlite(_) => Duration::ZERO,
            Place::Postgres(database) => {
                let url = database.url();
                let port = url.rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("a port");
                let postmaster = process::started_with("-p", port).expect("PostgreSQL on this machine");
                family(postmaster).into_iter().map(processor_time).sum()
            }
        };
        (replicas, database)
    }
}

impl Seen {
    /// Microseconds of processors for each of something, beyond what there is without it.
    pub fn each(&self, of: fn(&Self) -> Duration, without: &Self, count: u64) -> f64 {
        let without = of(without).mul_f64(self.took.as_secs_f64() / without.took.as_secs_f64().max(1e-9));
        of(self).saturating_sub(without).as_secs_f64() * 1e6 / count.max(1) as f64
    }

    pub fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.took.as_secs_f64()
    }
}

/// Gateways, each with its connection and the number it has heard everything up to.
struct Followers {
    poll: rustix::fd::OwnedFd,
    lines: Vec<Line>,
    after: Vec<i64>,
    token: String,
    /// Who was refused asks again after a pause, which gets longer.
    pauses: Vec<Duration>,
    pausing: BinaryHeap<Reverse<(Instant, usize)>>,
    polls: u64,
    delivered: u64,
    /// Told that the server is busy.
    refused: u64,
}

impl Followers {
    fn connect(addresses: &[SocketAddr], gateways: usize, token: &str) -> Self {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("epoll");
        let mut followers = Self {
            poll,
            after: vec![-1; gateways],
            pauses: vec![SHORTEST_PAUSE; gateways],
            pausing: BinaryHeap::new(),
            lines: Vec::with_capacity(gateways),
            token: token.to_owned(),
            polls: 0,
            delivered: 0,
            refused: 0,
        };
        for number in 0..gateways {
            let line = Line::to(addresses[number % addresses.len()], None);
            let (place, all) = (EventData::new_u64(number as u64), EventFlags::IN | EventFlags::OUT | EventFlags::ET);
            epoll::add(&followers.poll, &line.stream, place, all).expect("epoll");
            followers.lines.push(line);
            followers.ask(number);
            // Not all at the same moment: gateways are not started at the same moment either.
            std::thread::sleep(Duration::from_millis(2));
        }
        followers
    }

    fn ask(&mut self, number: usize) {
        let after = self.after[number];
        let waiting = if after < 0 { String::new() } else { format!("&wait_s={WAIT_S}&after={after}") };
        let path = format!("/v1/gateway/changes?instance=gateway-{number}{waiting}");
        self.lines[number].ask(&get(&path, &self.token), Instant::now());
    }

    fn run(&mut self, length: Duration) {
        let began = Instant::now();
        let mut events = Vec::with_capacity(256);
        while began.elapsed() < length {
            while let Some(Reverse((due, number))) = self.pausing.peek().copied()
                && due <= Instant::now()
            {
                self.pausing.pop();
                self.ask(number);
            }
            // It sleeps, unlike the generator of load: those who write have the same processor.
            let patience = Duration::from_millis(5).try_into().expect("a time");
            events.clear();
            match epoll::wait(&self.poll, rustix::buffer::spare_capacity(&mut events), Some(&patience)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("epoll: {error}"),
            }
            for event in &events {
                let number = event.data.u64() as usize;
                let Some(answer) = self.lines[number].go_on() else { continue };
                if answer.status == 503 {
                    self.refused += 1;
                    self.pauses[number] = (self.pauses[number] * 2).min(LONGEST_PAUSE);
                    self.pausing.push(Reverse((Instant::now() + self.pauses[number], number)));
                } else {
                    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
                    let changes: Changes = serde_json::from_slice(answer.body).expect("changes");
                    self.polls += 1;
                    self.delivered += changes.changes.len() as u64;
                    self.after[number] = changes.sequence;
                    self.pauses[number] = SHORTEST_PAUSE;
                    self.ask(number);
                }
            }
        }
    }
}

/// Disables and enables a key again and again, at its times, and says how often.
fn write(operator: &Client, key: &str, first: Duration, every: Duration, is_over: &AtomicBool) -> u64 {
    let (began, mut turns, mut made) = (Instant::now(), 0, 0);
    for verb in ["disable", "enable"].into_iter().cycle() {
        let due = first + every.mul_f64(f64::from(turns));
        while began.elapsed() < due && !is_over.load(Ordering::Acquire) {
            std::thread::sleep((due.saturating_sub(began.elapsed())).min(Duration::from_millis(20)));
        }
        if is_over.load(Ordering::Acquire) {
            return made;
        }
        // Whoever is told that the server is busy asks again.
        let answer = loop {
            let answer = operator.act(&format!("{key}/{verb}?wait=0"));
            if answer.status != 503 {
                break answer;
            }
        };
        // 409: a while before this one has left it so.
        assert!([200, 202, 409].contains(&answer.status), "{answer}");
        turns += 1;
        made += u64::from(answer.status != 409);
    }
    made
}
