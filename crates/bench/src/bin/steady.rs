//! Keeps a server busy with one kind of request, for whoever wants to look at it with a profiler: `steady verify 20`.

#![expect(clippy::print_stderr, clippy::expect_used, reason = "a measurement prints, and stops at the first surprise")]

use std::time::Duration;

use keyreeve_bench::keyreeve::{Keyreeve, Place, REGION, post};
use keyreeve_bench::load::{Load, Pace};
use keyreeve_bench::process::{OF_LOAD, stay_on};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (kind, seconds) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    stay_on(OF_LOAD);
    let place = if kind.ends_with("-postgres") { Place::postgres() } else { Place::sqlite() };
    let known = if kind.starts_with("cold") { "16" } else { "1000" };
    let server = Keyreeve::pinned(&place, &["--known-keys", known]);
    let requests: Vec<_> = if kind.starts_with("create") {
        let order = format!("{{\"region\":\"{REGION}\",\"label\":\"made\"}}");
        vec![post(&format!("{}/keys", server.tenant), server.operator_token(), "", &order)]
    } else {
        server.keys(200).iter().map(|key| server.question(key)).collect()
    };
    let address = server.process.address;
    let connections = std::env::args().nth(3).map_or(64, |count| count.parse().expect("a number of connections"));
    let load = Load { address, connections, requests: &requests, proof: "", pace: Pace::AsFastAsPossible, tls: None };
    load.run(Duration::from_secs(1));
    eprintln!("process {} is busy", server.process.id());
    let heard = load.run(Duration::from_secs(seconds.parse().expect("a number of seconds")));
    eprintln!("{:.0}/s, {} refused: {:?}", heard.per_second(), heard.wrong, heard.example);
}
