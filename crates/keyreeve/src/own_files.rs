//! Files that hold secrets: made for their owner only, and never over one that is there.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use service::Clock;

/// The directory of a file, `.` for a bare name.
fn directory(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the data directory, if this file is to be in it. Other directories are their owner's to make.
pub(crate) fn make_directory_for(file: &Path, data_dir: &Path) -> io::Result<()> {
    if file.starts_with(data_dir) { DirBuilder::new().recursive(true).mode(0o700).create(data_dir) } else { Ok(()) }
}

pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// The file appears under its name with all that is in it, or not at all: of several makers one succeeds, and the
/// others find that it exists.
pub(crate) fn create_whole(path: &Path, text: &str) -> io::Result<()> {
    let draft = draft_of(path);
    let mut file = create(&draft)?;
    let written =
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| std::fs::hard_link(&draft, path));
    let _ = std::fs::remove_file(&draft);
    written?;
    File::open(directory(path))?.sync_all()
}

/// Holds a file against others who would change it the same way, until the handle is dropped.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    loop {
        let file = File::open(path)?;
        file.lock()?;
        // Whoever had it before has put another file in its place.
        if file.metadata()?.ino() == std::fs::metadata(path)?.ino() {
            return Ok(file);
        }
    }
}

/// Puts another text into the place of a file, all of it at one moment. It goes on to belong to whom it belonged.
pub(crate) fn replace_whole(path: &Path, before: &File, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let draft = draft_of(&path);
    let replace = || {
        let mut file = create(&draft)?;
        let (owner, new) = (before.metadata()?, file.metadata()?);
        if (owner.uid(), owner.gid()) != (new.uid(), new.gid()) {
            fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, &path)
    };
    let replaced = replace();
    if replaced.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    replaced?;
    File::open(directory(&path))?.sync_all()
}

/// A name that nobody else takes, not even the same process in another container.
fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{}.new", std::process::id(), Clock::System.now().timestamp_micros()));
    name.into()
}

/// Whether anybody but the owner may read or write it.
pub(crate) fn is_open_to_others(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.mode() & 0o077 != 0)
}
