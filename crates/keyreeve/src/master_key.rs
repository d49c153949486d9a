//! The master key file: read, checked, and made once for a new database.
//!
//! A key that is missing is only ever made where nothing can have been sealed with another one. What is in the file is
//! known to [`KeyRing`].

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use domain::Secret;
use persistence::{Database, KeyRing};
use service::EntropySource;

use crate::database;
use crate::failure::Failure;
use crate::own_files;
use crate::settings::Settings;

/// No real one comes near.
const LARGEST: u64 = 64 * 1024;

/// Reads the master key, after making it if that is possible and safe.
pub(crate) fn open(settings: &Settings, database: &Database) -> Result<KeyRing, Failure> {
    let path = &settings.master_key_file;
    // In this order: another process that starts on the same file makes the key before it initialises the database.
    let is_initialised = database::is_initialised(database).map_err(Failure::because)?;
    if let Some(ring) = read(path).map_err(Failure::because)? {
        return Ok(ring);
    }
    if let Some(why) = why_not_made(settings, is_initialised) {
        return Err(Failure::because(why));
    }
    make_for_new_database(settings)?;
    read(path).map_err(Failure::because)?.ok_or_else(|| Failure::because(missing(path)))
}

/// None if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<KeyRing>, String> {
    let Some(text) = read_text(path)? else { return Ok(None) };
    let ring = KeyRing::parse(&text);
    ring.map(Some).map_err(|why| format!("the master key file {} is of no use: {why}", path.display()))
}

fn read_text(path: &Path) -> Result<Option<Secret>, String> {
    let unreadable = |error: io::Error| format!("the master key file {} cannot be read: {error}", path.display());
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(unreadable)?,
    };
    if own_files::is_open_to_others(&file).map_err(unreadable)? {
        let path = path.display();
        return Err(format!("the master key file {path} is open to others than its owner: run chmod 600 {path}"));
    }
    let mut text = String::with_capacity(1024);
    file.take(LARGEST).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Some(Secret::new(text)))
}

/// Why a missing key may not be made here; nothing if it may.
pub(crate) fn why_not_made(settings: &Settings, is_initialised: bool) -> Option<String> {
    let path = &settings.master_key_file;
    if is_initialised {
        return Some(format!(
            "{}, and the database was set up with one: copy that file here from another replica or from your backup, \
             or name it with --master-key-file",
            missing(path)
        ));
    }
    if !settings.database.is_embedded() && !settings.listen.ip().is_loopback() {
        return Some(format!(
            "{}: make one with `keyreeve master-key new --out FILE`, give every replica a copy, \
             and name it with --master-key-file",
            missing(path)
        ));
    }
    None
}

/// Writes a new key into a new file.
pub(crate) fn create(path: &Path) -> Result<(), Failure> {
    write_new(path)?.map_err(|error| not_made(path, &error))
}

/// Draws another key into the file, in front, and says its id.
pub(crate) fn add(path: &Path) -> Result<String, Failure> {
    let mut entropy = EntropySource::System.draw().map_err(Failure::because)?;
    let ring = rewrite(path, |text| Ok(KeyRing::draw_before(text, &mut entropy)))?;
    Ok(ring.newest().to_owned())
}

/// Takes a key out of the file; what is left has to be good for something.
pub(crate) fn take_out(path: &Path, id: &str) -> Result<(), Failure> {
    rewrite(path, |text| KeyRing::without(text, id)).map(drop)
}

/// One writer at a time, or the key that one adds is lost to another.
fn rewrite(path: &Path, change: impl FnOnce(&Secret) -> Result<Secret, String>) -> Result<KeyRing, Failure> {
    let not_changed = |why: &dyn std::fmt::Display| {
        Failure::because(format!("the master key file {} cannot be changed: {why}", path.display()))
    };
    let locked = own_files::lock(path).map_err(|error| {
        if error.kind() == ErrorKind::NotFound { Failure::because(missing(path)) } else { not_changed(&error) }
    })?;
    let text = read_text(path).map_err(Failure::because)?.ok_or_else(|| Failure::because(missing(path)))?;
    let changed = change(&text).map_err(|why| not_changed(&why))?;
    let ring = KeyRing::parse(&changed).map_err(|why| not_changed(&why))?;
    own_files::replace_whole(path, &locked, changed.expose()).map_err(|error| not_changed(&error))?;
    Ok(ring)
}

fn make_for_new_database(settings: &Settings) -> Result<(), Failure> {
    let path = &settings.master_key_file;
    own_files::make_directory_for(path, &settings.data_dir).map_err(|error| not_made(path, &error))?;
    match write_new(path)? {
        Ok(()) => {
            tracing::warn!(file = %path.display(), "made a master key: back it up, apart from the database");
            Ok(())
        }
        // Another process was faster, and its key is as good.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(not_made(path, &error)),
    }
}

fn write_new(path: &Path) -> Result<io::Result<()>, Failure> {
    let mut entropy = EntropySource::System.draw().map_err(Failure::because)?;
    Ok(own_files::create_whole(path, KeyRing::draw(&mut entropy).expose()))
}

fn missing(path: &Path) -> String {
    format!("there is no master key file {}", path.display())
}

fn not_made(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::because(if error.kind() == ErrorKind::AlreadyExists {
        format!("{path} is there already, and a master key is never overwritten")
    } else {
        format!("the master key file {path} cannot be made: {error}")
    })
}
