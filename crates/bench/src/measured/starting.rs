//! A server that starts on a database that is there, and what it takes when nobody asks it anything.

use std::time::Duration;

use super::Row;
use crate::keyreeve::{Keyreeve, Place};
use crate::process::server;
use crate::rounds::{Rounds, median};

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let mut rows = Vec::new();
    for place in [Place::sqlite(), Place::postgres()] {
        let mut server = Keyreeve::start(&place, "0", &[]);
        let (mut times, mut sizes) = (Vec::new(), Vec::new());
        for _ in 0..rounds.rounds {
            let (restarted, took) = server.restarted_and_ready(&place);
            server = restarted;
            times.push(took.as_secs_f64() * 1e3);
            std::thread::sleep(Duration::from_secs(1));
            sizes.push(server.process.resident() as f64 / (1 << 20) as f64);
        }
        let (time, size) = (median(&times), median(&sizes));
        let name = place.name();
        rows.push(Row::new(format!("start to ready, {name}"), "<= 300 ms", format!("{time:.0} ms"), time <= 300.0));
        rows.push(Row::new(format!("in memory, idle, {name}"), "<= 40 MiB", format!("{size:.1} MiB"), size <= 40.0));
    }
    let bytes = std::fs::metadata(server("keyreeve")).expect("the binary").len() as f64 / 1e6;
    rows.push(Row::new("the binary", "<= 20 MB", format!("{bytes:.1} MB"), bytes <= 20.0));
    rows
}
