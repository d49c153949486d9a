//! The journal: a copy of the feed of changes, in a file beside the database and not in it. When the database is put back to an
//! earlier state, the journal still knows what has changed since.
//!
//! ```text
//! keyreeve-journal 1 3f0c2a51d6b7e980 0 5d41402abc4b2a76            of which database, after which number it tells all, seal
//! 17 1795176000000000 key KR0EXAMPLE waw3-1 9b74c9897bac770f        number, microseconds, kind, subject, region, seal
//! complete 17 8f14e45fceea167a                                      nothing up to here is missing, seal
//! keyreeve-journal 1 3f0c2a51d6b7e980 90 45c48cce2e2d7fbd           from here on it tells all again: something is missing before
//! ```
//!
//! The seal of a line is a hash of it and of all before it: who changes a line in the middle, or takes one out, has to write
//! everything anew from there.
//!
//! What is to be on the disk is gathered, and written and synced by one for all who wait; nothing else is written before that has
//! been synced. So only the last write can be torn by a crash, and is cut off: its lines after the first begin with `+ `.

mod file;
mod line;

pub use file::Contents;

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::changes::Told;
use line::{Line, Seal};

/// Why a journal is of no use, in a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the journal {0} cannot be used: {1}")]
    Io(PathBuf, io::Error),
    #[error(
        "the journal {path} was changed by hand, or damaged, in line {line}: put back a copy of it; \
         or move it away, and everything that has changed since the last backup is unknown"
    )]
    Broken { path: PathBuf, line: usize },
    #[error("the journal {0} belongs to another database: name another file with --journal-file")]
    Foreign(PathBuf),
    #[error("another process keeps the journal {0}")]
    Taken(PathBuf),
}

pub struct Journal {
    path: PathBuf,
    state: Mutex<State>,
    /// How many lines are known to be on the disk. Whoever has its lock makes it true for all that wait for it.
    synced: Mutex<u64>,
}

struct State {
    file: File,
    seal: Seal,
    /// Lines that are on their way to the file, those of each write by themselves. There is more than one where a write failed.
    pending: VecDeque<String>,
    /// How many lines there are, those on their way included, and up to which of them somebody waits for the disk.
    lines: u64,
    due: u64,
    /// Nothing up to here is missing; none before the first line was written.
    complete_to: Option<i64>,
    /// What is written of the changes above it.
    ahead: BTreeSet<i64>,
    has_news: bool,
}

impl Journal {
    /// Opens the journal of a database, or makes it, and says what it knows. Nobody else may keep it at the same time.
    pub fn open(path: &Path, database: &str) -> Result<(Self, Contents), JournalError> {
        let (file, contents, seal) = file::open(path, database)?;
        let ahead = contents.numbers_after(contents.complete_to);
        let state = State {
            file,
            seal,
            pending: VecDeque::new(),
            lines: 0,
            due: 0,
            complete_to: contents.since.map(|since| contents.complete_to.max(since)),
            ahead,
            has_news: false,
        };
        let journal = Self { path: path.to_owned(), state: Mutex::new(state), synced: Mutex::new(0) };
        Ok((journal, contents))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// From now on it knows of everything after this number, whatever it has missed before.
    pub fn begin(&self, database: &str, since: i64) -> Result<(), JournalError> {
        let mut state = self.state();
        state.write(&Line::Head { database: database.to_owned(), since });
        state.due = state.lines;
        state.complete_to = Some(since);
        self.sync(state)
    }

    /// Writes down what is not there yet. When it returns, that is on the disk.
    pub fn append(&self, told: &[Told]) -> Result<(), JournalError> {
        let mut state = self.state();
        let Some(complete_to) = state.complete_to else { return Ok(()) };
        let mut seen = HashSet::new();
        let is_new = |told: &&Told| told.sequence > complete_to && !state.ahead.contains(&told.sequence);
        let new: Vec<&Told> = told.iter().filter(is_new).filter(|told| seen.insert(told.sequence)).collect();
        for told in new {
            state.write(&Line::Change(told.clone()));
            state.ahead.insert(told.sequence);
            state.due = state.lines;
            state.has_news = true;
        }
        // Somebody else may have written it, and still wait for the disk.
        self.sync(state)
    }

    /// Nothing up to this number is missing.
    pub fn complete(&self, to: i64) -> Result<(), JournalError> {
        let mut state = self.state();
        if state.complete_to.is_none_or(|complete_to| to <= complete_to) {
            return Ok(());
        }
        state.complete_to = Some(to);
        state.ahead = state.ahead.split_off(&(to + 1));
        if std::mem::take(&mut state.has_news) {
            // Nobody waits for it: without it more is read again than had to be.
            state.write(&Line::Complete(to));
        }
        Ok(())
    }

    /// After which number something may be missing; none in a journal that has not begun.
    pub fn complete_to(&self) -> Option<i64> {
        self.state().complete_to
    }

    pub fn has(&self, sequence: i64) -> bool {
        let state = self.state();
        state.complete_to.is_some_and(|complete_to| sequence <= complete_to) || state.ahead.contains(&sequence)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One waits for the disk, for all that have something on its way to it.
    fn sync(&self, state: MutexGuard<'_, State>) -> Result<(), JournalError> {
        let due = state.due;
        drop(state);
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if *synced < due {
            *synced = self.write_out(File::sync_data).map_err(|error| self.io(error))?;
        }
        Ok(())
    }

    /// Says up to which line all is in the file. What cannot be written stays on its way, for the next who tries.
    fn write_out(&self, sync: impl Fn(&File) -> io::Result<()>) -> io::Result<u64> {
        let mut state = self.state();
        let (mut texts, lines, file) = (std::mem::take(&mut state.pending), state.lines, state.file.try_clone());
        drop(state);
        let written = file.and_then(|mut file| {
            while let Some(text) = texts.front() {
                let length = file.metadata()?.len();
                file.write_all(text.as_bytes()).and_then(|()| sync(&file)).or_else(|error| {
                    // What was written of it would make what comes after it look forged.
                    file.set_len(length)?;
                    Err(error)
                })?;
                texts.pop_front();
            }
            Ok(())
        });
        if let Err(error) = written {
            let mut state = self.state();
            texts.append(&mut state.pending);
            state.pending = texts;
            return Err(error);
        }
        Ok(lines)
    }

    fn io(&self, error: io::Error) -> JournalError {
        JournalError::Io(self.path.clone(), error)
    }
}

impl State {
    fn write(&mut self, line: &Line) {
        let is_joined = !self.pending.is_empty();
        if !is_joined {
            self.pending.push_back(String::new());
        }
        if let Some(text) = self.pending.back_mut() {
            self.seal = line.write(text, self.seal, is_joined);
            self.lines += 1;
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Nobody waits for what is left.
        let _ = self.write_out(|_| Ok(()));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use domain::change::Change;
    use domain::id::TenantId;
    use domain::{Entropy, Timestamp};
    use tempfile::TempDir;

    use super::*;

    fn told(sequence: i64) -> Told {
        let seed = u8::try_from(sequence % 200).unwrap();
        let tenant = TenantId::draw(&mut Entropy::from_seed([seed; 32]), Timestamp::UNIX_EPOCH);
        Told { sequence, change: Change::Tenant(tenant), at: Timestamp::UNIX_EPOCH }
    }

    fn journal_of(folder: &TempDir, numbers: impl IntoIterator<Item = i64>) -> PathBuf {
        let path = folder.path().join("journal");
        let (journal, _) = Journal::open(&path, "here").unwrap();
        journal.begin("here", 5).unwrap();
        for number in numbers {
            journal.append(&[told(number)]).unwrap();
        }
        path
    }

    #[test]
    fn what_was_written_is_read_again_and_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = journal_of(&folder, [6, 7, 9]);
        let (journal, contents) = Journal::open(&path, "here").unwrap();
        assert_eq!(contents.since, Some(5));
        assert_eq!(contents.changes, [told(6), told(7), told(9)]);
        assert!(journal.has(7) && !journal.has(8) && journal.has(3));
        journal.append(&[told(7), told(8)]).unwrap();
        journal.complete(9).unwrap();
        drop(journal);
        let contents = Contents::read(&path).unwrap();
        assert_eq!(contents.changes.iter().map(|told| told.sequence).collect::<Vec<_>>(), [6, 7, 9, 8]);
        assert_eq!(contents.complete_to, 9);
    }

    #[test]
    fn what_it_has_missed_shows_in_where_it_begins() {
        let folder = tempfile::tempdir().unwrap();
        let path = journal_of(&folder, [6, 7]);
        let (journal, _) = Journal::open(&path, "here").unwrap();
        journal.begin("here", 100).unwrap();
        journal.append(&[told(101)]).unwrap();
        drop(journal);
        let contents = Contents::read(&path).unwrap();
        assert_eq!((contents.since, contents.complete_to), (Some(100), 100));
        assert_eq!(contents.changes, [told(6), told(7), told(101)], "what it knew it knows");
    }

    #[test]
    fn a_last_line_that_is_torn_is_cut_off_wherever_it_was_torn() {
        let folder = tempfile::tempdir().unwrap();
        let whole = fs::read(journal_of(&folder, [6, 7])).unwrap();
        let path = folder.path().join("torn");
        let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        for end in last..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            let (journal, contents) = Journal::open(&path, "here").unwrap();
            assert_eq!(contents.changes, [told(6)], "cut to {end}");
            journal.append(&[told(7)]).unwrap();
            drop(journal);
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn of_a_write_that_was_not_synced_any_part_may_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = journal_of(&folder, [6, 7]);
        let synced = fs::metadata(&path).unwrap().len() as usize;
        let (journal, _) = Journal::open(&path, "here").unwrap();
        journal.append(&[told(8), told(9), told(10), told(11)]).unwrap();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        let torn = folder.path().join("torn");
        for begin in synced..whole.len() {
            for end in [begin + 1, begin + 40, begin + 90].map(|end| end.min(whole.len())) {
                let mut holed = whole.clone();
                holed[begin..end].fill(0);
                fs::write(&torn, &holed).unwrap();
                let (journal, contents) = Journal::open(&torn, "here").unwrap();
                assert_eq!(contents.changes[..2], [told(6), told(7)], "{begin} to {end}");
                let kept = contents.changes.len();
                journal.append(&[told(12)]).unwrap();
                drop(journal);
                let contents = Contents::read(&torn).unwrap();
                assert_eq!(contents.changes.len(), kept + 1, "and it goes on behind what is left");
            }
        }
        // Without the last line feed what was synced would be one line with what was not.
        for place in 0..synced - 1 {
            let mut holed = whole.clone();
            holed[place] = 0;
            fs::write(&torn, &holed).unwrap();
            assert!(Contents::read(&torn).is_err(), "a hole in what was synced, at {place}");
        }
    }

    #[test]
    fn what_came_while_a_write_failed_waits_until_that_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = journal_of(&folder, [6, 7]);
        let (journal, _) = Journal::open(&path, "here").unwrap();
        journal.state().write(&Line::Change(told(8)));
        let synced = fs::read(&path).unwrap();
        let failed = journal.write_out(|_| {
            journal.state().write(&Line::Change(told(9)));
            Err(io::Error::other("on purpose"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), synced);
        let seen = std::cell::RefCell::new(Vec::new());
        let look = |_: &File| {
            seen.borrow_mut().push(Contents::read(&path).unwrap().changes);
            Ok(())
        };
        assert_eq!(journal.write_out(look).unwrap(), 2);
        let one_more = vec![told(6), told(7), told(8)];
        assert_eq!(seen.into_inner(), [one_more.clone(), [one_more, vec![told(9)]].concat()]);
    }

    #[test]
    fn whatever_is_changed_before_the_last_line_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let whole = fs::read(journal_of(&folder, [6, 7, 8])).unwrap();
        let path = folder.path().join("edited");
        for place in (0..whole.len() - 1).filter(|place| whole[*place] != b'\n') {
            let mut edited = whole.clone();
            edited[place] = if edited[place] == b'1' { b'2' } else { b'1' };
            fs::write(&path, &edited).unwrap();
            assert!(Contents::read(&path).is_err(), "byte {place}");
        }
        let text = String::from_utf8(whole).unwrap();
        for left_out in 0..3 {
            let kept: String =
                text.split_inclusive('\n').enumerate().filter(|(at, _)| *at != left_out).map(|it| it.1).collect();
            fs::write(&path, kept).unwrap();
            assert!(matches!(Contents::read(&path), Err(JournalError::Broken { .. })), "line {left_out}");
        }
    }

    #[test]
    fn one_process_keeps_it_and_of_one_database_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = journal_of(&folder, [6]);
        let (_kept, _) = Journal::open(&path, "here").unwrap();
        assert!(matches!(Journal::open(&path, "here"), Err(JournalError::Taken(_))));
        drop(_kept);
        assert!(matches!(Journal::open(&path, "there"), Err(JournalError::Foreign(_))));
    }

    #[test]
    fn of_what_changed_often_the_newest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = journal_of(&folder, []);
        let (journal, _) = Journal::open(&path, "here").unwrap();
        let same = told(1);
        for sequence in 6..6 + 3 * file::MANY as i64 {
            journal.append(&[Told { sequence, ..same.clone() }]).unwrap();
        }
        drop(journal);
        let before = fs::metadata(&path).unwrap().len();
        drop(Journal::open(&path, "here").unwrap());
        assert!(fs::metadata(&path).unwrap().len() < before / 100);
        let (journal, contents) = Journal::open(&path, "here").unwrap();
        assert_eq!((contents.since, contents.changes.len()), (Some(5), 1));
        journal.append(&[told(50)]).unwrap();
    }
}
