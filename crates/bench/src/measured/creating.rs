//! Keys that are made: a transaction with an audit event and a change in the feed each, synced to the disk.

use serde_json::json;

use super::Row;
use crate::keyreeve::{Keyreeve, Place, REGION, post};
use crate::process::{Process, server};
use crate::rounds::{Contestant, Rounds, median};

const CLIENTS: usize = 64;
/// Who wait for one another less than the clients of one tenant do, whose audit is one chain.
const TENANTS: usize = 16;

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let (on_sqlite, on_postgres, bare) = (Place::sqlite(), Place::postgres(), Place::postgres());
    let sqlite = Keyreeve::pinned(&on_sqlite, &[]);
    let postgres = Keyreeve::pinned(&on_postgres, &[]);
    let bare_insert = Process::start(&server("bare-insert"), &[&bare.url()], "0");
    let of_one = |server: &Keyreeve| orders(server, std::slice::from_ref(&server.tenant));
    let (of_sqlite, of_postgres) = (of_one(&sqlite), of_one(&postgres));
    let tenants: Vec<String> = (0..TENANTS).map(|number| postgres.another_tenant(&format!("maker {number}"))).collect();
    let of_many = orders(&postgres, &tenants);
    let contestant = |name, process, connections, requests| Contestant::plain(name, process, connections, requests, "");
    let contestants = [
        contestant("create key, SQLite, 64 clients", &sqlite.process, CLIENTS, &of_sqlite[..]),
        contestant("create key, SQLite, one client", &sqlite.process, 1, &of_sqlite[..]),
        contestant("create key, PostgreSQL, 64 clients", &postgres.process, CLIENTS, &of_postgres[..]),
        contestant("create key, PostgreSQL, 64 clients of 16 tenants", &postgres.process, CLIENTS, &of_many[..]),
        contestant("a bare row, PostgreSQL, 64 clients", &bare_insert, CLIENTS, &of_postgres[..]),
    ];
    // More clients than places to work at, of which each waits for a quarter of a second at most.
    let figures = rounds.of_full(&contestants);
    let [many, one, postgres_many, of_many, bare] = figures.try_into().unwrap_or_else(|_| panic!());
    let (commits, events) =
        (sqlite.metric("keyreeve_commits_total", ""), sqlite.metric("keyreeve_audit_events_total", ""));
    vec![
        Row::new("create key, SQLite, 64 clients", "", format!("{:.0}/s", median(&many.per_second)), true),
        Row::new("create key, PostgreSQL, 64 clients", "", format!("{:.0}/s", median(&postgres_many.per_second)), true),
        Row::at_least(
            "create key, SQLite, 64 clients to one client, who commits each by itself",
            ">= 3",
            3.0,
            &many.per_second,
            &one.per_second,
        ),
        Row::new(
            "changes that share a commit, SQLite, over the whole run",
            "",
            format!("{:.1}", events / commits.max(1.0)),
            true,
        ),
        Row::at_least(
            "create key, PostgreSQL, to a bare row through actix, r2d2 and diesel",
            ">= 0.5",
            0.5,
            &postgres_many.per_second,
            &bare.per_second,
        ),
        Row::at_least("the same in 16 tenants", ">= 0.5", 0.5, &of_many.per_second, &bare.per_second),
        Row::new("told to come back later, SQLite", "", many.sent_away.to_string(), true),
        Row::new("told to come back later, PostgreSQL", "", postgres_many.sent_away.to_string(), true),
        Row::new("told to come back later, PostgreSQL, 16 tenants", "", of_many.sent_away.to_string(), true),
    ]
}

/// Orders of keys as they go over the wire, of these tenants in turns.
pub(super) fn orders(server: &Keyreeve, tenants: &[String]) -> Vec<Vec<u8>> {
    let order = |(number, tenant)| {
        let body = json!({"region": REGION, "label": format!("made {number}")}).to_string();
        post(&format!("{tenant}/keys"), server.operator_token(), "", &body)
    };
    (0..1000).zip(tenants.iter().cycle()).map(order).collect()
}
