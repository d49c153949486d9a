//! Files that hold secrets: for their owner only, whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use domain::Secret;

use crate::exit::{Failure, Result};

/// No token or password comes near.
const LARGEST: u64 = 64 * 1024;

/// A new file for its owner only; never one that is there. Where nothing comes for it, it goes away again.
pub(crate) struct NewFile {
    path: PathBuf,
    file: File,
    is_filled: bool,
}

impl NewFile {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = created.map_err(|error| {
            let path = path.display();
            if error.kind() == ErrorKind::AlreadyExists {
                return Failure::local(format!("{path} is there already, and is not overwritten: name another file"));
            }
            Failure::local(format!("{path} cannot be made: {error}"))
        })?;
        Ok(Self { path: path.to_owned(), file, is_filled: false })
    }

    pub(crate) fn fill(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_all())?;
        self.is_filled = true;
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_filled {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Puts this text in the place of what is there.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = Path::new(&draft);
    // What a process of this number left behind is nobody's.
    let _ = std::fs::remove_file(draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(draft, path))?;
    File::open(directory)?.sync_all()
}

pub(crate) fn is_open_to_others(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.mode() & 0o077 != 0)
}

/// All of a file, or of standard input for `-`.
pub(crate) fn text(path: &Path) -> Result<String> {
    let cannot = |error: io::Error| Failure::local(format!("{} cannot be read: {error}", path.display()));
    let mut text = String::new();
    if path == Path::new("-") {
        io::stdin().take(LARGEST).read_to_string(&mut text).map_err(cannot)?;
    } else {
        File::open(path).map_err(cannot)?.take(LARGEST).read_to_string(&mut text).map_err(cannot)?;
    }
    Ok(text)
}

/// The secret on the first line of a file, or of standard input for `-`.
pub(crate) fn secret(path: &Path, what: &str) -> Result<Secret> {
    let cannot =
        |error: io::Error| Failure::local(format!("the {what} cannot be read from {}: {error}", path.display()));
    let mut text = String::with_capacity(1024);
    if path == Path::new("-") {
        io::stdin().take(LARGEST).read_to_string(&mut text).map_err(cannot)?;
    } else {
        let file = File::open(path).map_err(cannot)?;
        if file.metadata().is_ok_and(|data| data.is_file()) && is_open_to_others(&file).map_err(cannot)? {
            let path = path.display();
            return Err(Failure::local(format!(
                "the file {path} with the {what} is open to others than its owner: run chmod 600 {path}"
            )));
        }
        file.take(LARGEST).read_to_string(&mut text).map_err(cannot)?;
    }
    let text = Secret::new(text);
    let line = text.expose().lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::local(format!("there is no {what} in {}", path.display())));
    }
    Ok(Secret::new(line.to_owned()))
}
