//! The file of a journal: opened, locked, read to its end, and made smaller when it has grown.

use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::JournalError;
use super::line::{Line, Seal, was_written_later};
use crate::changes::Told;

/// With so many lines that say nothing new it is worth writing it anew.
pub(super) const MANY: usize = 1000;

/// What a journal knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// After which number it tells everything; none if it has just been made.
    pub since: Option<i64>,
    /// Up to which number nothing is missing.
    pub complete_to: i64,
    /// In the order in which they were written.
    pub changes: Vec<Told>,
    /// Of which database it is.
    pub database: String,
}

impl Contents {
    /// Reads a journal that somebody else may keep.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let wrong = |error| JournalError::Io(path.to_owned(), error);
        let file = File::open(path).map_err(wrong)?;
        Ok(parse(path, &file)?.contents)
    }

    /// The change with the highest number.
    pub fn newest(&self) -> Option<&Told> {
        self.changes.iter().max_by_key(|told| told.sequence)
    }

    pub(super) fn numbers_after(&self, number: i64) -> BTreeSet<i64> {
        self.changes.iter().map(|told| told.sequence).filter(|sequence| *sequence > number).collect()
    }

    /// Of each thing its newest change.
    fn newest_of_each(&self) -> Vec<&Told> {
        let mut newest: HashMap<&str, &Told> = HashMap::new();
        for told in &self.changes {
            let kept = newest.entry(told.change.subject()).or_insert(told);
            if told.sequence > kept.sequence {
                *kept = told;
            }
        }
        let mut newest: Vec<&Told> = newest.into_values().collect();
        newest.sort_by_key(|told| told.sequence);
        newest
    }
}

struct Parsed {
    contents: Contents,
    seal: Seal,
    /// Where the last whole line ends.
    length: u64,
}

/// For whoever keeps it, from now on alone.
pub(super) fn open(path: &Path, database: &str) -> Result<(File, Contents, Seal), JournalError> {
    let wrong = |error| JournalError::Io(path.to_owned(), error);
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(wrong)?;
    lock(path, &file)?;
    let Parsed { contents, seal, length } = parse(path, &file)?;
    if contents.since.is_some() && contents.database != database {
        return Err(JournalError::Foreign(path.to_owned()));
    }
    settle(&file, length).map_err(wrong)?;
    if contents.changes.len() > contents.newest_of_each().len() + MANY {
        return write_anew(path, contents).map_err(wrong);
    }
    Ok((file, contents, seal))
}

/// What is left lasts, and the rest is gone, before anything is written behind it. Otherwise a disk that loses power may have kept
/// a part of that and not what it continues, or have joined it with what was cut off.
fn settle(file: &File, length: u64) -> io::Result<()> {
    file.set_len(length)?;
    file.sync_all()
}

fn lock(path: &Path, file: &File) -> Result<(), JournalError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => JournalError::Taken(path.to_owned()),
        TryLockError::Error(error) => JournalError::Io(path.to_owned(), error),
    })
}

fn parse(path: &Path, mut file: &File) -> Result<Parsed, JournalError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| JournalError::Io(path.to_owned(), error))?;
    let (mut contents, mut seal, mut length) = (Contents::default(), Seal::default(), 0);
    for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let behind = bytes.get(length as usize + line.len()..).unwrap_or_default();
        if is_torn(line) && !behind.split(|byte| *byte == b'\n').any(was_written_later) {
            break;
        }
        let broken = || JournalError::Broken { path: path.to_owned(), line: at + 1 };
        let text = line.strip_suffix(b"\n").and_then(|whole| std::str::from_utf8(whole).ok()).ok_or_else(broken)?;
        let (read, next) = Line::read(text, seal).ok_or_else(broken)?;
        match (at, read) {
            (_, Line::Head { database, since }) if at == 0 || database == contents.database => {
                (contents.since, contents.complete_to, contents.database) = (Some(since), since, database);
            }
            (1.., Line::Change(told)) => contents.changes.push(told),
            (1.., Line::Complete(to)) => contents.complete_to = contents.complete_to.max(to),
            (0, _) | (_, Line::Head { .. }) => return Err(broken()),
        }
        seal = next;
        length += line.len() as u64;
    }
    Ok(Parsed { contents, seal, length })
}

/// It was being written when the machine or the process went away, and nobody was told that it had been. Of a write that was
/// not synced some blocks may be there and others not, and those read as zeros.
fn is_torn(line: &[u8]) -> bool {
    !line.ends_with(b"\n") || line.contains(&0)
}

/// Into a new file that takes the place of the old one when it is whole.
fn write_anew(path: &Path, contents: Contents) -> io::Result<(File, Contents, Seal)> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let options = || {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o600);
        options
    };
    let mut file = options().open(&name)?;
    file.try_lock().map_err(io::Error::from)?;
    file.set_len(0)?;
    let changes: Vec<Told> = contents.newest_of_each().into_iter().cloned().collect();
    let since = contents.since.unwrap_or_default();
    let head = Line::Head { database: contents.database.clone(), since };
    let lines = [head].into_iter().chain(changes.iter().cloned().map(Line::Change));
    let (mut text, mut seal) = (String::new(), Seal::default());
    for line in lines.chain([Line::Complete(contents.complete_to)]) {
        seal = line.write(&mut text, seal, false);
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&name, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok((file, Contents { changes, ..contents }, seal))
}
