//! Keeps a server busy with one kind of request, for whoever wants to look at it with a profiler: `steady verify 20`.

#![expect(clippy::print_stderr, clippy::expect_used, reason = "a measurement prints, and stops at the first surprise")]

use std::net::SocketAddr;
use std::time::Duration;

use keyreeve_bench::keyreeve::{Keyreeve, Place, REGION, post};
use keyreeve_bench::load::{Load, Pace};
use keyreeve_bench::process::{OF_LOAD, stay_on};

/// How many keys there are to `many`, which takes minutes to make them, and how many of them are in use at once.
const MANY: usize = 1_000_000;
const IN_USE: usize = 200_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (kind, seconds) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    stay_on(OF_LOAD);
    let place = if kind.ends_with("-postgres") { Place::postgres() } else { Place::sqlite() };
    let known = match kind.as_str() {
        kind if kind.starts_with("cold") => 16,
        kind if kind.starts_with("many") => IN_USE * 2,
        _ => 1000,
    };
    let server = Keyreeve::pinned(&place, &["--known-keys", &known.to_string()]);
    let address = server.process.address;
    let connections = arguments.next().map_or(64, |count| count.parse().expect("a number of connections"));
    let requests: Vec<_> = if kind.starts_with("create") {
        let order = format!("{{\"region\":\"{REGION}\",\"label\":\"made\"}}");
        vec![post(&format!("{}/keys", server.tenant), server.operator_token(), "", &order)]
    } else if kind.starts_with("many") {
        let keys: Vec<_> = server.seeded(&place, MANY).spread(IN_USE).collect();
        let batches: Vec<_> = keys.chunks(256).map(|keys| server.questions(keys)).collect();
        load(address, 1, &batches).once();
        keys.iter().map(|key| server.question(key)).collect()
    } else {
        server.keys(200).iter().map(|key| server.question(key)).collect()
    };
    load(address, connections, &requests).run(Duration::from_secs(1));
    eprintln!("process {} is busy", server.process.id());
    let before = server.process.processor_time();
    let heard =
        load(address, connections, &requests).run(Duration::from_secs(seconds.parse().expect("a number of seconds")));
    let cost = (server.process.processor_time() - before).as_secs_f64() * 1e6 / heard.answers.max(1) as f64;
    eprintln!("{:.0}/s, {cost:.2} us of a processor, {} refused: {:?}", heard.per_second(), heard.wrong, heard.example);
}

fn load(address: SocketAddr, connections: usize, requests: &[Vec<u8>]) -> Load<'_> {
    Load { address, connections, requests, proof: "", pace: Pace::AsFastAsPossible, tls: None }
}
