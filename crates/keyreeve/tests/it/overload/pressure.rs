//! Lines to a server that do what no proper client does, and a neighbour who notices.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::home::Server;

/// For how long the server may leave somebody without an answer or an end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection.
pub(crate) struct Line(TcpStream);

impl Line {
    pub(crate) fn to(server: &Server) -> Self {
        let stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
        Self(stream)
    }

    /// As far as somebody takes it: whoever has hung up hears nothing.
    pub(crate) fn say(&mut self, words: &str) {
        let _ = self.0.write_all(words.as_bytes());
    }

    /// Whether the server hangs up, whatever it says before that.
    pub(crate) fn is_ended_by_the_server(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == ErrorKind::ConnectionReset,
            }
        }
    }

    /// The status of what it says first.
    pub(crate) fn status(&mut self) -> Option<u16> {
        let mut head = [0; 12];
        self.0.read_exact(&mut head).ok()?;
        str::from_utf8(&head).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
    }
}

/// Does the work while a neighbour asks for something, again and again, and is served each time. Says how often that was.
pub(crate) fn beside_a_neighbour<T>(is_served: impl Fn() -> bool + Sync, work: impl FnOnce() -> T) -> (T, usize) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let neighbour = scope.spawn(|| {
            let mut served = 0;
            while !is_over.load(Ordering::SeqCst) {
                assert!(is_served(), "a neighbour was refused after {served} answers");
                served += 1;
            }
            served
        });
        let over = OnDrop(&is_over);
        let done = work();
        drop(over);
        (done, neighbour.join().unwrap())
    })
}

/// Work that fails must not leave the neighbour asking.
struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What of the server's memory is in use at this moment, in megabytes.
pub(crate) fn megabytes_of(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.running.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
