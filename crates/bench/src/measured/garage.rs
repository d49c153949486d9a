//! Keys that Garage makes, by its admin API and on one node, beside those that Keyreeve makes. One processor each.
//!
//! Garage syncs what it stores only where it is told to; Keyreeve always does, and a key of its is audited and told besides.

use serde_json::json;
use tempfile::TempDir;

use super::Row;
use super::creating::orders;
use crate::keyreeve::{Keyreeve, Place, post};
use crate::process::{Process, script};
use crate::rounds::{Contestant, Rounds};

const CLIENTS: usize = 8;
const TOKEN: &str = "of-this-bench";

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let (synced, unsynced) = (Garage::start(true), Garage::start(false));
    let (on_sqlite, on_postgres) = (Place::sqlite(), Place::postgres());
    let (sqlite, postgres) = (Keyreeve::pinned(&on_sqlite, &[]), Keyreeve::pinned(&on_postgres, &[]));
    let theirs: Vec<_> = (0..100).map(|number| order(&format!("made {number}"))).collect();
    let of_sqlite = orders(&sqlite, std::slice::from_ref(&sqlite.tenant));
    let of_postgres = orders(&postgres, std::slice::from_ref(&postgres.tenant));

    let figures = rounds.of(&[
        Contestant::plain("Garage, synced", &synced.process, CLIENTS, &theirs, "secretAccessKey"),
        Contestant::plain("Garage, not synced", &unsynced.process, CLIENTS, &theirs, "secretAccessKey"),
        Contestant::plain("create key, SQLite", &sqlite.process, CLIENTS, &of_sqlite, "secret"),
        Contestant::plain("create key, PostgreSQL", &postgres.process, CLIENTS, &of_postgres, "secret"),
    ]);
    let [synced, unsynced, sqlite, postgres] = figures.try_into().unwrap_or_else(|_| panic!());
    let ratio = |what: &str, of, to| Row::at_least(what, ">= 50", 50.0, of, to);
    vec![
        Row::rate("Garage's CreateKey, with metadata_fsync", &synced),
        Row::rate("Garage's CreateKey, without", &unsynced),
        Row::rate("create key, SQLite", &sqlite),
        Row::rate("create key, PostgreSQL", &postgres),
        ratio("create key, SQLite, to Garage with metadata_fsync", &sqlite.per_second, &synced.per_second),
        ratio("create key, SQLite, to Garage without", &sqlite.per_second, &unsynced.per_second),
        ratio("create key, PostgreSQL, to Garage with metadata_fsync", &postgres.per_second, &synced.per_second),
        ratio("create key, PostgreSQL, to Garage without", &postgres.per_second, &unsynced.per_second),
    ]
}

fn order(name: &str) -> Vec<u8> {
    post("/v2/CreateKey", TOKEN, "", &json!({"name": name}).to_string())
}

struct Garage {
    process: Process,
    _folder: TempDir,
}

impl Garage {
    fn start(is_synced: bool) -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().to_str().expect("a path");
        let process = Process::start(&script("bench-garage-server"), &[path, TOKEN, &is_synced.to_string()], "0");
        Self { process, _folder: folder }
    }
}
