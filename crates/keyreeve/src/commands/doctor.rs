//! `keyreeve doctor`: everything that is wrong with a server's surroundings, and what to do about each. Nothing is
//! changed, and a server that runs is not disturbed.

use std::fs::File;
use std::path::Path;

use chrono::{DateTime, TimeDelta};
use domain::floor::LEEWAY;
use persistence::clock::{self, Mark};
use persistence::{Database, Schema, System, Url};
use serde_json::json;

use crate::command_line::{Doctor, Findings};
use crate::failure::Failure;
use crate::settings::{Flags, Settings, shown};
use crate::{database, journal, master_key, out, own_files, refusals, tls};

const SYSTEM: System = System::as_part("doctor");

struct Finding {
    check: &'static str,
    state: State,
    says: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warning,
    Failure,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

pub(crate) fn run(command: &Doctor) -> Result<(), Failure> {
    let findings = of(&command.settings);
    let failures = findings.iter().filter(|finding| finding.state == State::Failure).count();
    out::say(&match command.output {
        Findings::Text => as_text(&findings),
        Findings::Json => as_json(&findings, failures),
    })?;
    // All there is to say is on standard output.
    if failures == 0 { Ok(()) } else { Err(Failure::Said(1)) }
}

fn as_text(findings: &[Finding]) -> String {
    let line = |finding: &Finding| format!("{:7}  {:10}  {}\n", finding.state.word(), finding.check, finding.says);
    findings.iter().map(line).collect()
}

fn as_json(findings: &[Finding], failures: usize) -> String {
    let one =
        |finding: &Finding| json!({"check": finding.check, "state": finding.state.word(), "detail": finding.says});
    let findings: Vec<_> = findings.iter().map(one).collect();
    format!("{:#}", json!({"ok": failures == 0, "checks": findings}))
}

fn of(flags: &Flags) -> Vec<Finding> {
    let settings = match Settings::load(flags) {
        Ok(settings) => settings,
        // Without settings there is nothing else to look at.
        Err(failure) => return failed("settings", failure.reasons().iter().cloned()),
    };
    let mut found = vec![ok("settings", "they make sense".to_owned())];
    found.extend(either("clock", refusals::of_clock(), "it is later than this Keyreeve"));
    found.extend(either("network", refusals::of_listeners(&settings), "nothing secret is served in the clear"));
    found.extend(of_tls(&settings));
    found.extend(of_files(&settings));
    found.extend(of_journal(&settings));
    found.extend(of_space(&settings));
    found.extend(of_database(&settings));
    found
}

fn of_tls(settings: &Settings) -> Vec<Finding> {
    let mut wrong: Vec<String> = tls::read(settings).err().into_iter().collect();
    wrong.extend(settings.tls_key.as_deref().and_then(|key| open_to_others(key, "600")));
    match settings.tls_certificate {
        None if wrong.is_empty() => Vec::new(),
        _ => either("tls", wrong, "the certificate and its key work"),
    }
}

/// Whatever holds secrets is for its owner only.
fn of_files(settings: &Settings) -> Vec<Finding> {
    let mut wrong = Vec::new();
    wrong.extend(open_to_others(&settings.data_dir, "700"));
    if let Url::Sqlite(path) = &settings.database {
        wrong.extend(open_to_others(path, "600"));
    }
    if let Some(path) = settings.chosen.file_with_password() {
        wrong.extend(open_to_others(path, "600"));
    }
    either("files", wrong, "others than their owner read nothing secret")
}

fn open_to_others(path: &Path, mode: &str) -> Option<String> {
    let is_open = File::open(path).and_then(|file| own_files::is_open_to_others(&file)).unwrap_or(false);
    let path = path.display();
    is_open.then(|| format!("{path} is open to others than its owner: run chmod {mode} {path}"))
}

fn of_journal(settings: &Settings) -> Vec<Finding> {
    let says = if journal::is_on_the_disk_of_the_database(settings) {
        "it can be kept; on the disk of the database, so whoever rolls back the disk rolls back both"
    } else {
        "it can be kept"
    };
    either("journal", journal::why_not(settings), says)
}

fn of_space(settings: &Settings) -> Option<Finding> {
    const LITTLE: u64 = 1 << 30;
    let Url::Sqlite(path) = &settings.database else { return None };
    let directory = path.parent().filter(|parent| parent.exists())?;
    let space = rustix::fs::statvfs(directory).ok()?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let says = format!("{} MiB are free at {}", free >> 20, directory.display());
    Some(if free < LITTLE {
        warning("space", format!("{says}: a database that cannot grow refuses every change, so make room"))
    } else {
        ok("space", says)
    })
}

fn of_database(settings: &Settings) -> Vec<Finding> {
    let database = database::open(settings);
    let shown = shown::database(database.url());
    if database::is_yet_to_be_made(database.url()) {
        return vec![ok("database", format!("{shown} is not there yet: serve will make it"))];
    }
    let schema = match database::settled_schema(&database) {
        Ok(schema) => schema,
        Err(why) => return failed("database", [why]),
    };
    let mut found = vec![ok("database", format!("{shown} answers"))];
    found.extend(of_engine(&database));
    found.extend(of_clocks(&database));
    let is_usable = database::why_unusable(database.url(), &schema);
    match (is_usable, &schema) {
        (Some(why), _) => found.extend(failed("schema", [why])),
        (None, Schema::Behind(count)) => {
            let missing = database::migrations(*count);
            let says =
                format!("the database {shown} lacks {missing}: run `keyreeve migrate`, or start serve, which does");
            found.push(warning("schema", says));
        }
        (None, Schema::Current | Schema::Ahead(_) | Schema::Empty | Schema::Unknown(_)) => {
            let is_ahead = matches!(schema, Schema::Ahead(_));
            let says = if is_ahead {
                "it is of a newer version, which this one can work with"
            } else {
                "it is of this version"
            };
            found.push(ok("schema", says.to_owned()));
            found.extend(of_time(&database));
            found.extend(of_master_key(settings, &database));
        }
    }
    found
}

/// An SQLite that is too old, a PostgreSQL that forgets.
fn of_engine(database: &Database) -> Vec<Finding> {
    let advice = if database.url().is_embedded() {
        "build Keyreeve with the SQLite that it brings along"
    } else {
        "mend it in postgresql.conf, or upgrade PostgreSQL"
    };
    match database.weaknesses() {
        Ok(weaknesses) => {
            let weaknesses = weaknesses.iter().map(|why| format!("{why} To mend it: {advice}"));
            either("engine", weaknesses, "it keeps what it has acknowledged")
        }
        Err(error) => failed("engine", [database::sentence(database.url(), &error)]),
    }
}

fn of_clocks(database: &Database) -> Option<Finding> {
    if database.url().is_embedded() {
        return None;
    }
    let before = service::machine_time();
    let theirs = database.clock().ok().and_then(DateTime::from_timestamp_micros)?;
    let after = service::machine_time();
    // It was read somewhere in between.
    let skew = if theirs < before { before - theirs } else { (theirs - after).max(TimeDelta::zero()) };
    Some(judged(skew))
}

/// Tokens end by this machine's clock, leases by the database's.
fn judged(skew: TimeDelta) -> Finding {
    let says = format!("this machine's clock and the database's are {} ms apart", skew.num_milliseconds());
    let advice = "keep both by NTP, as chrony or systemd-timesyncd does";
    match skew.num_seconds() {
        0 => ok("clocks", says),
        1..30 => warning("clocks", format!("{says}: {advice}")),
        _ => Finding { check: "clocks", state: State::Failure, says: format!("{says}: {advice}") },
    }
}

/// Whether a later time was reached than this machine's clock shows.
fn of_time(database: &Database) -> Vec<Finding> {
    let behind = database.read(|db| clock::find(SYSTEM, db)).map(|mark| {
        let behind = |mark: Mark| mark.reached_at - service::machine_time();
        mark.map_or(TimeDelta::zero(), behind)
    });
    match behind {
        Ok(behind) if behind > LEEWAY => failed(
            "time",
            [format!(
                "this machine's clock is {} s behind the time that was reached in this database: set it right, or, if it is right and \
                 was ahead before, run `keyreeve clock reset`",
                behind.num_seconds()
            )],
        ),
        Ok(_) => vec![ok("time", "this machine's clock has come as far as was reached".to_owned())],
        Err(error) => failed("time", [database::sentence(database.url(), &error)]),
    }
}

fn of_master_key(settings: &Settings, database: &Database) -> Vec<Finding> {
    let is_initialised = match database::is_initialised(database) {
        Ok(is_initialised) => is_initialised,
        Err(why) => return failed("master key", [why]),
    };
    let wrong = match master_key::read(&settings.master_key_file) {
        Err(why) => Some(why),
        Ok(None) => master_key::why_not_made(settings, is_initialised),
        Ok(Some(ring)) if is_initialised => refusals::why_it_does_not_open(settings, database, &ring),
        Ok(Some(_)) => None,
    };
    either("master key", wrong, "it opens the database, or will be made with it")
}

fn either(check: &'static str, wrong: impl IntoIterator<Item = String>, right: &str) -> Vec<Finding> {
    let found = failed(check, wrong);
    if found.is_empty() { vec![ok(check, right.to_owned())] } else { found }
}

fn failed(check: &'static str, wrong: impl IntoIterator<Item = String>) -> Vec<Finding> {
    wrong.into_iter().map(|says| Finding { check, state: State::Failure, says }).collect()
}

fn ok(check: &'static str, says: String) -> Finding {
    Finding { check, state: State::Ok, says }
}

fn warning(check: &'static str, says: String) -> Finding {
    Finding { check, state: State::Warning, says }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_differ_by_less_than_a_second() {
        let state = |milliseconds| judged(TimeDelta::milliseconds(milliseconds)).state.word();
        assert_eq!([0, 999, 1_000, 29_999, 30_000].map(state), ["ok", "ok", "warning", "warning", "failure"]);
    }
}
