//! `keyreeve restore`: puts a backup in the place of a database, or says of one that PostgreSQL has restored that it was.
//!
//! Either way a new epoch of the feed begins, and what has changed since the backup is held back as far as journals tell. Where
//! they do not tell, nothing is verified until an operator has decided.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use persistence::{Database, Options, Url};
use service::Service;

use crate::command_line::Restore;
use crate::failure::Failure;
use crate::settings::{Settings, shown};
use crate::{database, journal, master_key, opened, out, own_files};

pub(crate) fn run(settings: &Settings, command: &Restore) -> Result<(), Failure> {
    let shown = shown::database(&settings.database);
    let (held, is_quarantined) = match (&settings.database, &command.file) {
        (Url::Sqlite(path), Some(file)) => put_back(settings, command, file, path)?,
        (Url::Postgres(_), None) => announce(settings, command, database::open(settings))?,
        (Url::Sqlite(_), None) => {
            return Err(Failure::Usage(vec!["which backup is to be restored? Name its file".to_owned()]));
        }
        (Url::Postgres(_), Some(_)) => {
            return Err(Failure::because(format!(
                "the database {shown} is restored by PostgreSQL's own means, and then announced by `keyreeve restore` without a \
                 file: docs/operations/backup.md says how"
            )));
        }
    };
    let next = if is_quarantined {
        "Nobody knows what else has changed since the backup: no request is verified until an operator lifts the quarantine, by \
         POST /v1/quarantine/lift."
    } else {
        "Requests are verified, except for what is held back."
    };
    out::say(&format!("Restored {shown}. Held back: {held}; GET /v1/quarantine/held-back lists it.\n{next}"))
}

/// The copy appears under its name when it can bring back nothing any more that it should not.
fn put_back(settings: &Settings, command: &Restore, file: &Path, path: &Path) -> Result<(usize, bool), Failure> {
    let database = path.display();
    for there in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        if there.exists() {
            return Err(Failure::because(format!(
                "{} is there, and no database is ever overwritten: move it away, or name another place with --database",
                there.display()
            )));
        }
    }
    let mut backup = File::open(file)
        .map_err(|error| Failure::because(format!("the backup {} cannot be read: {error}", file.display())))?;
    database::make_directory(settings)?;
    let mut announced = Ok((0, true));
    let written = own_files::create_by(path, |draft| {
        io::copy(&mut backup, &mut OpenOptions::new().write(true).open(draft)?)?;
        announced = check(file, draft).and_then(|()| announce(settings, command, open(draft)));
        if announced.is_err() {
            return Err(io::Error::other("nothing was restored"));
        }
        open(draft).settle().map_err(io::Error::other)
    });
    let done = announced?;
    written
        .map_err(|error| Failure::because(format!("{database} cannot be made: {}", own_files::explained(&error))))?;
    Ok(done)
}

/// Of the copy: the backup itself is not touched.
fn check(file: &Path, draft: &Path) -> Result<(), Failure> {
    open(draft)
        .check_integrity()
        .map_err(|error| Failure::because(format!("the backup {} is damaged, or is none: {error}", file.display())))
}

fn open(path: &Path) -> Database {
    Database::open(Options::at(Url::Sqlite(path.to_owned())))
}

fn announce(settings: &Settings, command: &Restore, database: Database) -> Result<(usize, bool), Failure> {
    database::prepare_this(&database)?;
    let ring = match master_key::read(&settings.master_key_file).map_err(Failure::because)? {
        Some(ring) => ring,
        None => {
            return Err(Failure::because(format!(
                "there is no master key file {}: a backup opens only with the one that its database had",
                settings.master_key_file.display()
            )));
        }
    };
    let service: Service = opened::start(settings, database, ring, String::new())?;
    let journals = journal::read(settings, &command.journal, service.database_name())?;
    service
        .announce_restore(&journals, command.accept_without_journal)
        .map_err(|error| opened::said_by(settings, &error))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
