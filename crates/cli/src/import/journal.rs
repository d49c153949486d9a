//! What has become of each line, in a file beside the input: appended to before a batch is sent and after it is answered,
//! and on disk each time. It holds no secret.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wire::{ImportProblem, ImportResult};

use crate::exit::{Failure, Result};
use crate::export::beside;

pub(super) struct Journal {
    path: PathBuf,
    file: File,
    outcomes: Vec<Outcome>,
    /// Whether the batch after the outcomes was begun by a command that was ended.
    is_doubtful: bool,
}

/// What has become of a line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    pub(super) line: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<ImportProblem>,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Entry {
    Input { server: String, tenant: String, sha256: String },
    Began { count: usize },
    Ended { outcomes: Vec<Outcome> },
}

impl Outcome {
    pub(super) fn of(line: u64, result: ImportResult) -> Self {
        Self { line, key: result.key.map(|key| key.id), problem: result.problem }
    }
}

impl Journal {
    /// Goes on with the one that is there, if it is of this input.
    pub(super) fn open(input: &Path, server: &str, tenant: &str, sha256: &str) -> Result<Self> {
        let path = beside(input);
        let cannot = |error: std::io::Error| Failure::local(format!("{} cannot be written: {error}", path.display()));
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(cannot)?;
        if file.try_lock().is_err() {
            return Err(Failure::local(format!("another command is importing {}", input.display())));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(cannot)?;
        // A line that was being written when its writer was ended says nothing.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(cannot)?;
        let mut journal = Self { path: path.clone(), file, outcomes: Vec::new(), is_doubtful: false };
        let stranger = || {
            Failure::local(format!(
                "{} is of another import: if {} has changed since, or is for somebody else, remove it to begin anew",
                path.display(),
                input.display()
            ))
        };
        let mut is_ours = false;
        for line in text.get(..whole).unwrap_or_default().lines() {
            match serde_json::from_str(line).map_err(|_| stranger())? {
                Entry::Input { server: s, tenant: t, sha256: d } => is_ours = s == server && t == tenant && d == sha256,
                Entry::Began { .. } => journal.is_doubtful = true,
                Entry::Ended { outcomes } => {
                    journal.outcomes.extend(outcomes);
                    journal.is_doubtful = false;
                }
            }
        }
        if whole == 0 {
            let input = (server.to_owned(), tenant.to_owned(), sha256.to_owned());
            journal.write(&Entry::Input { server: input.0, tenant: input.1, sha256: input.2 })?;
        } else if !is_ours {
            return Err(stranger());
        }
        Ok(journal)
    }

    /// How many lines have an outcome.
    pub(super) fn done(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether the batch that begins now may have begun before.
    pub(super) fn begin(&mut self, count: usize) -> Result<bool> {
        self.write(&Entry::Began { count })?;
        Ok(std::mem::take(&mut self.is_doubtful))
    }

    pub(super) fn end(&mut self, outcomes: Vec<Outcome>) -> Result<()> {
        let entry = Entry::Ended { outcomes };
        self.write(&entry)?;
        if let Entry::Ended { outcomes } = entry {
            self.outcomes.extend(outcomes);
        }
        Ok(())
    }

    /// All outcomes; the file has done its work.
    pub(super) fn finish(self) -> Result<Vec<Outcome>> {
        let removed = std::fs::remove_file(&self.path);
        removed.map_err(|error| Failure::local(format!("{} cannot be removed: {error}", self.path.display())))?;
        Ok(self.outcomes)
    }

    fn write(&mut self, entry: &Entry) -> Result<()> {
        let mut line = serde_json::to_string(entry).map_err(Failure::local)?;
        line.push('\n');
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| Failure::local(format!("{} cannot be written: {error}", self.path.display())))
    }
}
