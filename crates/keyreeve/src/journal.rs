//! The journal of this server: found, opened, and compared with the database before the first request.

use std::io::ErrorKind;
use std::path::Path;

use persistence::journal::{Contents, Journal, JournalError};
use service::Service;

use crate::failure::Failure;
use crate::opened;
use crate::own_files;
use crate::settings::Settings;

pub(crate) fn keep(settings: &Settings, service: &Service) -> Result<(), Failure> {
    let path = &settings.journal_file;
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
