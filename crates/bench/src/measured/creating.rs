//! Keys that are made: a transaction with an audit event and a change in the feed each, synced to the disk.

use serde_json::json;

use super::Row;
use crate::keyreeve::{Keyreeve, Place, REGION, post};
use crate::load::{Load, Pace};
use crate::process::{Process, server};
use crate::rounds::{Contestant, Rounds, median};

const CLIENTS: usize = 64;

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let (on_sqlite, on_postgres, bare) = (Place::sqlite(), Place::postgres(), Place::postgres());
    let sqlite = Keyreeve::pinned(&on_sqlite, &[]);
    let postgres = Keyreeve::pinned(&on_postgres, &[]);
    let bare_insert = Process::start(&server("bare-insert"), &[&bare.url()], "0");
    let orders = |server: &Keyreeve| {
        let order = |number| json!({"region": REGION, "label": format!("made {number}")}).to_string();
        let path = format!("{}/keys", server.tenant);
        (0..1000).map(|number| post(&path, server.operator_token(), "", &order(number))).collect::<Vec<_>>()
    };
    let (of_sqlite, of_postgres) = (orders(&sqlite), orders(&postgres));
    let load = |process: &Process, connections, requests| Load {
        address: process.address,
        connections,
        requests,
        proof: "",
        pace: Pace::AsFastAsPossible,
        tls: None,
    };
    let contestant =
        |name, process, connections, requests| Contestant { name, process, load: load(process, connections, requests) };
    let contestants = [
        contestant("create key, SQLite, 64 clients", &sqlite.process, CLIENTS, &of_sqlite[..]),
        contestant("create key, SQLite, one client", &sqlite.process, 1, &of_sqlite[..]),
        contestant("create key, PostgreSQL, 64 clients", &postgres.process, CLIENTS, &of_postgres[..]),
        contestant("a bare row, PostgreSQL, 64 clients", &bare_insert, CLIENTS, &of_postgres[..]),
    ];
    let figures = rounds.of(&contestants);
    let [many, one, postgres_many, bare] = figures.try_into().unwrap_or_else(|_| panic!());
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
    ]
}
