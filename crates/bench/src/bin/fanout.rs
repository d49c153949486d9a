//! What it costs that gateways follow the feed:
//! `fanout --gateways 1000 --replicas 2 --changes-per-second 20 --seconds 20 --database postgres`.
//!
//! Prints what was seen in three whiles: nobody follows and changes are made; all follow and nothing changes; all follow
//! and changes are made. `docs/capacity.md` goes on from there.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement prints, and stops at the first surprise"
)]

use std::time::Duration;

use keyreeve_bench::fanout::{Fleet, Seen};
use keyreeve_bench::keyreeve::Place;
use keyreeve_bench::process::{OF_LOAD, stay_on};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).map(String::as_str)
    };
    let number = |name: &str, usual: usize| said(name).map_or(usual, |text| text.parse().expect("a number"));
    let (gateways, rate) = (number("--gateways", 1000), number("--changes-per-second", 20));
    let (replicas, seconds) = (number("--replicas", 2), number("--seconds", 20));
    let (place, replicas) = match said("--database") {
        Some("sqlite") => (Place::sqlite(), 1),
        Some("postgres") | None => (Place::postgres(), replicas),
        Some(other) => panic!("--database is sqlite or postgres, not {other}"),
    };
    stay_on(OF_LOAD);
    let fleet = Fleet::start(&place, replicas);
    let length = Duration::from_secs(seconds as u64);
    println!("{}, {replicas} replica(s), {gateways} gateways, {rate} changes/s wanted, {seconds} s each", place.name());

    let writing = fleet.follow(0, rate as f64, length);
    show("nobody follows, changes are made", &writing);
    let nothing = fleet.follow(0, 0.0, length);
    let waiting = fleet.follow(gateways, 0.0, length);
    show("all follow, nothing changes", &waiting);
    let following = fleet.follow(gateways, rate as f64, length);
    show("all follow, changes are made", &following);

    println!(
        "a poll that hears nothing costs {:.0} us of a replica and {:.0} us of PostgreSQL",
        waiting.each(|seen| seen.replicas, &nothing, waiting.polls),
        waiting.each(|seen| seen.database, &nothing, waiting.polls)
    );
    println!(
        "a poll that hears of {:.1} changes costs {:.0} us of a replica and {:.0} us of PostgreSQL",
        following.delivered as f64 / following.polls.max(1) as f64,
        following.each(|seen| seen.replicas, &writing, following.polls),
        following.each(|seen| seen.database, &writing, following.polls)
    );
    println!(
        "a change told to a gateway costs {:.0} us of a replica and {:.0} us of PostgreSQL",
        following.each(|seen| seen.replicas, &writing, following.delivered),
        following.each(|seen| seen.database, &writing, following.delivered)
    );
}

fn show(what: &str, seen: &Seen) {
    let share = |time: Duration| 100.0 * time.as_secs_f64() / seen.took.as_secs_f64();
    println!(
        "{what}: {:.0} changes/s, {:.0} polls/s and {:.0} refused/s, {:.0} changes told/s; replicas {:.0} % and PostgreSQL {:.0} % of a processor",
        seen.per_second(seen.changes),
        seen.per_second(seen.polls),
        seen.per_second(seen.refused),
        seen.per_second(seen.delivered),
        share(seen.replicas),
        share(seen.database)
    );
}
