//! A cluster of our own: made from the installed binaries, gone with its owner.
//!
//! A guardian, the shell script `guardian.sh`, makes the cluster and waits on its standard input, a pipe from here. That
//! pipe closes when the owner drops the cluster and also when the owner is killed: either way the guardian stops the
//! server and removes its files.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::ops::Deref;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use super::{Error, Result, Server, environment};

/// A PostgreSQL server on 127.0.0.1, empty, with trust authentication. Dropping it stops it and removes its files.
pub struct Cluster {
    server: Server,
    guardian: Guardian,
}

impl Cluster {
    pub fn start() -> Result<Cluster> {
        let path = environment("PATH").unwrap_or_default();
        let binaries = find_binaries(&path, Path::new("/usr/lib/postgresql"))?;
        let directory = fresh_directory()?;
        let account = hand_to_unprivileged_account(&directory)?;

        let mut script = Command::new("sh");
        script.args(["-euc", include_str!("guardian.sh"), "postgres-guardian"]);
        script.arg(binaries).arg(directory.path()).args(free_ports()?.map(|port| port.to_string()));
        if let Some(Account { uid, gid }) = account {
            script.uid(uid).gid(gid);
        }
        let (guardian, port) = Guardian::start(script, directory)?;

        let server = Server::at(&format!("postgres://postgres@127.0.0.1:{port}/postgres"))?;
        Ok(Cluster { server, guardian })
    }

    /// Stops the server at once, as if its machine had lost power.
    pub fn crash(&self) -> Result<()> {
        self.guardian.order("crash")
    }

    /// Starts it again after a crash, at the same port with the same data.
    pub fn restart(&self) -> Result<()> {
        self.guardian.order("start")
    }

    /// Where the data and the unix socket are.
    pub fn directory(&self) -> &Path {
        &self.guardian.directory
    }
}

impl Deref for Cluster {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

struct Guardian {
    process: Child,
    line: Mutex<Line>,
    directory: PathBuf,
}

/// Its standard input and output.
struct Line {
    /// Held open for as long as the cluster shall live.
    lifeline: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Guardian {
    /// Starts the script and waits for its one line, `ready PORT`; anything else it says is why there is no cluster.
    fn start(mut script: Command, directory: TempDir) -> Result<(Guardian, u16)> {
        // A group of its own: Ctrl-C and a test runner's kill are meant for the tests, and the guardian sees the pipe close.
        script
            .current_dir(&directory)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = script.spawn().map_err(Error::doing("cannot run sh"))?;
        let lifeline = process.stdin.take();
        let output = process.stdout.take().ok_or_else(|| Error::new("the guardian has no output"))?;
        let line = Mutex::new(Line { lifeline, output: BufReader::new(output) });
        let guardian = Guardian { process, line, directory: directory.keep() };

        let mut said = guardian.line().hear()?;
        if let Some(port) = said.strip_prefix("ready ").and_then(|port| port.trim().parse().ok()) {
            return Ok((guardian, port));
        }
        let _ = guardian.line().output.read_to_string(&mut said);
        Err(Error(format!("PostgreSQL did not start: {}", said.trim())))
    }

    fn order(&self, order: &str) -> Result<()> {
        let mut line = self.line();
        let lifeline = line.lifeline.as_mut().ok_or_else(|| Error::new("the guardian has gone"))?;
        writeln!(lifeline, "{order}").map_err(Error::doing("cannot tell the guardian"))?;
        match line.hear()?.trim() {
            "done" => Ok(()),
            said => Err(Error(format!("PostgreSQL did not {order}: {said}"))),
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn hear(&mut self) -> Result<String> {
        let mut said = String::new();
        self.output.read_line(&mut said).map_err(Error::doing("cannot hear the guardian"))?;
        Ok(said)
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.line().lifeline.take());
        let _ = self.process.wait();
        // Empty by now, unless the guardian could not remove it from its parent directory.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// The directory of the server binaries: one of `path`, else the newest version of those Debian keeps out of it.
fn find_binaries(path: &OsStr, debian: &Path) -> Result<PathBuf> {
    std::env::split_paths(path).find(|directory| has_binaries(directory)).or_else(|| newest_version(debian)).ok_or_else(
        || Error::new("no PostgreSQL server binaries (initdb, pg_ctl, postgres): scripts/setup installs them"),
    )
}

fn newest_version(debian: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(debian).ok()?.flatten();
    let found = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse::<u32>().ok()?, version.path().join("bin"))))
        .filter(|(_, directory)| has_binaries(directory));
    found.max().map(|(_, directory)| directory)
}

fn has_binaries(directory: &Path) -> bool {
    NEEDED.iter().all(|name| directory.join(name).is_file())
}

/// In memory where there is room: a test's fsync then costs nothing, and still happens.
fn fresh_directory() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let parent = if free_kilobytes(memory) >= Some(1 << 20) { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new()
        .prefix("keyreeve-postgres-")
        .tempdir_in(&parent)
        .map_err(Error::doing(format!("cannot make a directory in {}", parent.display())))
}

fn free_kilobytes(directory: &Path) -> Option<u64> {
    let table = Command::new("df").arg("-Pk").arg(directory).stderr(Stdio::null()).output().ok()?.stdout;
    String::from_utf8_lossy(&table).lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

struct Account {
    uid: u32,
    gid: u32,
}

/// PostgreSQL refuses to run as root. Root's tests give the directory, and the cluster, to an account with fewer rights.
fn hand_to_unprivileged_account(directory: &TempDir) -> Result<Option<Account>> {
    let failed = || Error::doing(format!("cannot hand over {}", directory.path().display()));
    let owner = File::open(directory.path()).and_then(|opened| opened.metadata()).map_err(failed())?.uid();
    if owner != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").map_err(Error::doing("cannot read /etc/passwd"))?;
    let account = ["postgres", "nobody"]
        .iter()
        .find_map(|name| find_account(&accounts, name))
        .ok_or_else(|| Error::new("PostgreSQL refuses to run as root, and there is no user postgres or nobody"))?;
    chown(directory.path(), Some(account.uid), Some(account.gid)).map_err(failed())?;
    Ok(Some(account))
}

fn find_account(passwd: &str, name: &str) -> Option<Account> {
    let mut fields = passwd.lines().map(|line| line.split(':')).find(|line| line.clone().next() == Some(name))?.skip(2);
    Some(Account { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

/// Three to try in turn, since another process may take one before the server does.
fn free_ports() -> Result<[u16; 3]> {
    let failed = || Error::doing("no free port on 127.0.0.1");
    let probe = || TcpListener::bind(("127.0.0.1", 0));
    // All three stay bound until all are known, or they would be the same one.
    let probes = [probe().map_err(failed())?, probe().map_err(failed())?, probe().map_err(failed())?];
    let mut ports = [0; 3];
    for (port, probe) in ports.iter_mut().zip(&probes) {
        *port = probe.local_addr().map_err(failed())?.port();
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_on_the_path_come_first_then_the_newest_version() {
        let debian = tempfile::tempdir().unwrap();
        let on_path = with_binaries(debian.path().join("elsewhere"));
        with_binaries(debian.path().join("9/bin"));
        let newest = with_binaries(debian.path().join("15/bin"));
        fs::create_dir_all(debian.path().join("16/bin")).unwrap();

        assert_eq!(find_binaries(on_path.as_os_str(), debian.path()).unwrap(), on_path);
        assert_eq!(find_binaries(OsStr::new("/nowhere"), debian.path()).unwrap(), newest);
    }

    #[test]
    fn without_binaries_it_says_what_installs_them() {
        let missing = find_binaries(OsStr::new("/nowhere"), Path::new("/nowhere")).unwrap_err();
        assert!(missing.to_string().contains("scripts/setup"), "{missing}");
    }

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:8::/:/bin/sh\npostgres:x:101:104::/:/bin/sh\n";
        let account = find_account(passwd, "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (101, 104));
        assert!(find_account(passwd, "nobody").is_none());
    }

    fn with_binaries(directory: PathBuf) -> PathBuf {
        fs::create_dir_all(&directory).unwrap();
        for name in NEEDED {
            File::create(directory.join(name)).unwrap();
        }
        directory
    }
}
