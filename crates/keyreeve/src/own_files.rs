//! Files that hold secrets: made for their owner only, and never over one that is there.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use crate::failure::Failure;

/// The directory of a file, `.` for a bare name.
pub(crate) fn directory(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the data directory, if this file is to be in it. Other directories are their owner's to make.
pub(crate) fn make_directory_for(file: &Path, data_dir: &Path) -> io::Result<()> {
    if file.starts_with(data_dir) { DirBuilder::new().recursive(true).mode(0o700).create(data_dir) } else { Ok(()) }
}

/// Whether a file could be made there. The data directory itself need not be there yet.
pub(crate) fn can_be_made(file: &Path, data_dir: &Path) -> io::Result<()> {
    let mut place = directory(file);
    while file.parent() == Some(data_dir) && !place.exists() {
        place = directory(place);
    }
    Ok(accessat(CWD, place, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?)
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

/// Why a file that `--out` names could not be made, and what to do.
pub(crate) fn not_created(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::because(if error.kind() == io::ErrorKind::AlreadyExists {
        format!("{path} is there already: name a new file with --out")
    } else {
        format!("{path} cannot be made ({error}): name another file with --out")
    })
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
    name.push(format!(".{}-{}.new", std::process::id(), service::machine_time().timestamp_micros()));
    name.into()
}

/// Whether anybody may read or write it who should not.
pub(crate) fn is_open_to_others(file: &File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    Ok(is_open(metadata.mode(), metadata.uid(), rustix::process::geteuid().as_raw()))
}

/// The owner alone, unless root hands a file to a service that is not root: systemd and Kubernetes let it read by the group, or by an
/// access list, which looks like that.
fn is_open(mode: u32, owner: u32, us: u32) -> bool {
    let is_handed_by_root = owner == 0 && us != 0;
    mode & if is_handed_by_root { 0o037 } else { 0o077 } != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_owners_or_handed_by_root() {
        const US: u32 = 1000;
        for (mode, owner) in [(0o600, US), (0o400, US), (0o400, 0), (0o440, 0), (0o640, 0)] {
            assert!(!is_open(mode, owner, US), "{mode:o} of {owner}");
        }
        for (mode, owner) in [(0o640, US), (0o604, US), (0o440, 1001), (0o444, 0), (0o460, 0), (0o441, 0)] {
            assert!(is_open(mode, owner, US), "{mode:o} of {owner}");
        }
        assert!(is_open(0o440, 0, 0), "root hands nothing to itself");
    }
}
