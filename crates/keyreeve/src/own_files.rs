//! Files that hold secrets: made for their owner only, and never over one that is there.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
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

/// The same for a file that somebody else writes under the name of a draft.
pub(crate) fn create_by(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let draft = draft_of(path);
    let made = create(&draft)
        .and_then(|_| write(&draft))
        .and_then(|()| File::open(&draft)?.sync_all())
        .and_then(|()| std::fs::hard_link(&draft, path));
    for ending in ["", "-wal", "-shm"] {
        let mut name = draft.as_os_str().to_owned();
        name.push(ending);
        let _ = std::fs::remove_file(name);
    }
    made?;
    File::open(directory(path))?.sync_all()
}

/// Why a file that must be new could not be made.
pub(crate) fn explained(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::AlreadyExists {
        "it is there already, and nothing is overwritten".to_owned()
    } else {
        error.to_string()
    }
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
