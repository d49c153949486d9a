//! The journal of this server: found, opened, and compared with the database before the first request.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use persistence::Url;
use persistence::journal::{Contents, Journal, JournalError};
use service::Service;

use crate::failure::Failure;
use crate::opened;
use crate::own_files;
use crate::settings::Settings;

pub(crate) fn keep(settings: &Settings, service: &Service) -> Result<(), Failure> {
    let path = &settings.journal_file;
    if let Some(why) = why_it_is_unsafe(settings) {
        return Err(Failure::because(why));
    }
    let made = own_files::make_directory_for(path, &settings.data_dir);
    let opened = made
        .map_err(|error| JournalError::Io(path.clone(), error))
        .and_then(|()| Journal::open(path, service.database_name()));
    let (journal, contents) = match opened {
        Ok(opened) => opened,
        Err(error) if is_a_courtesy(settings, &error) => {
            tracing::warn!("no journal: {error}. After a restore this server will not know what has changed since");
            return Ok(());
        }
        Err(error) => return Err(Failure::because(error)),
    };
    service.keep_journal(journal, &contents).map_err(|error| opened::said_by(settings, &error))
}

/// Why serve would not start with this journal, as far as can be seen without touching it.
pub(crate) fn why_not(settings: &Settings) -> Option<String> {
    if let Some(why) = why_it_is_unsafe(settings) {
        return Some(why);
    }
    let path = &settings.journal_file;
    let usable = match fs::metadata(path) {
        Ok(_) => OpenOptions::new().append(true).open(path).map(drop),
        Err(error) if error.kind() == ErrorKind::NotFound => own_files::can_be_made(path, &settings.data_dir),
        Err(error) => Err(error),
    };
    let readable =
        usable.map_err(|error| JournalError::Io(path.clone(), error)).and_then(|()| match File::open(path) {
            Ok(_) => Contents::read(path).map(drop),
            Err(_) => Ok(()),
        });
    readable.err().filter(|error| !is_a_courtesy(settings, error)).map(|error| error.to_string())
}

/// What would make the journal worth nothing, or harm what is there.
fn why_it_is_unsafe(settings: &Settings) -> Option<String> {
    let path = &settings.journal_file;
    let taken =
        [("the database", embedded(settings)), ("the master key file", Some(settings.master_key_file.as_path()))];
    let is_same = |other: &Path| match (fs::metadata(path), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => path == other,
    };
    if let Some((what, _)) = taken.iter().find(|(_, other)| other.is_some_and(is_same)) {
        return Some(format!("the journal {} is {what}: name another file with --journal-file", path.display()));
    }
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() {
        return Some(format!("the journal {} is not a file: name one with --journal-file", path.display()));
    }
    can_be_changed_by_others(&metadata).then(|| {
        let path = path.display();
        format!(
            "the journal {path} can be changed by others than its owner, so it proves nothing: run chmod 600 {path}"
        )
    })
}

fn embedded(settings: &Settings) -> Option<&Path> {
    match &settings.database {
        Url::Sqlite(path) => Some(path),
        Url::Postgres(_) => None,
    }
}

fn can_be_changed_by_others(metadata: &Metadata) -> bool {
    metadata.mode() & 0o022 != 0
}

/// Whether whoever rolls back the disk of the database rolls back the journal as well.
pub(crate) fn is_on_the_disk_of_the_database(settings: &Settings) -> bool {
    let disk = |path: &Path| -> io::Result<u64> { Ok(fs::metadata(own_files::directory(path))?.dev()) };
    embedded(settings).is_some_and(|database| match (disk(database), disk(&settings.journal_file)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    })
}

/// A second server on the same directory leaves it to the first. On PostgreSQL there may be no place for one: that is no
/// reason not to serve, unless somebody named it.
fn is_a_courtesy(settings: &Settings, error: &JournalError) -> bool {
    match error {
        JournalError::Taken(_) => true,
        JournalError::Io(..) => settings.chosen.is_default("journal_file") && !settings.database.is_embedded(),
        JournalError::Broken { .. } | JournalError::Foreign(_) => false,
    }
}

/// Reads journals that were kept elsewhere, and the own one where there is one.
pub(crate) fn read(settings: &Settings, named: &[impl AsRef<Path>], database: &str) -> Result<Vec<Contents>, Failure> {
    let read = |path: &Path| Contents::read(path).map_err(Failure::because);
    let mut journals = named.iter().map(|path| read(path.as_ref())).collect::<Result<Vec<_>, _>>()?;
    match Contents::read(&settings.journal_file) {
        Ok(own) => journals.push(own),
        Err(JournalError::Io(_, error)) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::because(error)),
    }
    match journals.iter().position(|journal| journal.since.is_some() && journal.database != database) {
        None => Ok(journals),
        Some(place) => {
            let path = named.get(place).map_or(settings.journal_file.as_path(), AsRef::as_ref);
            Err(Failure::because(JournalError::Foreign(path.to_owned())))
        }
    }
}
