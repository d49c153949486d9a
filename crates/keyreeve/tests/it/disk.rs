//! A server whose data folder is on a disk that can lose power, fill up and fail: `tests/power/disk.c`, between it and libc.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use rustix::process::Signal;

use crate::fleet::Fleet;
use crate::home::{Server, until};
use crate::writers::Writers;

pub(crate) const DATABASE: &str = "keyreeve-data/keyreeve.db";
const BLOCK: usize = 4096;
/// How often a cut looks for the right moment.
const LOOKS: usize = 200;

pub(crate) struct Disk {
    pub(crate) fleet: Fleet,
    shim: PathBuf,
    environment: Vec<(&'static str, &'static str)>,
}

impl Disk {
    pub(crate) fn new(environment: &[(&'static str, &'static str)]) -> Self {
        let mut fleet = Fleet::of(1, &format!("sqlite:{DATABASE}"), &["--lease-seconds", "5"]);
        fleet.replicas.remove(0).stop().succeeded();
        let shim = compiled("disk.c", &fleet.home.path("disk.so"));
        let mut disk = Self { fleet, shim, environment: environment.to_vec() };
        // What was stopped in good order is on the disk.
        copy_folder(&disk.live(), &disk.durable());
        disk.start();
        disk
    }

    fn live(&self) -> PathBuf {
        self.fleet.home.path("keyreeve-data")
    }

    fn fault(&self) -> PathBuf {
        self.fleet.home.path("fault")
    }

    /// From now on writing or syncing fails, as `disk.c` says.
    pub(crate) fn fail(&self, fault: &str) {
        self.fleet.home.write("fault.new", fault);
        fs::rename(self.fleet.home.path("fault.new"), self.fault()).unwrap();
    }

    pub(crate) fn mend(&self) {
        fs::remove_file(self.fault()).unwrap();
    }

    fn durable(&self) -> PathBuf {
        self.fleet.home.path("durable")
    }

    pub(crate) fn writers(&self, count: usize) -> Writers {
        Writers::of(count, &self.fleet.operator, &self.fleet.gateway, &self.fleet.tenant)
    }

    pub(crate) fn start(&mut self) -> String {
        let (live, durable, fault) = (self.live().canonicalize().unwrap(), self.durable(), self.fault());
        let mut environment = vec![
            ("LD_PRELOAD", self.shim.to_str().unwrap()),
            ("DISK_LIVE", live.to_str().unwrap()),
            ("DISK_DURABLE", durable.to_str().unwrap()),
            ("DISK_FAULT", fault.to_str().unwrap()),
        ];
        environment.extend(&self.environment);
        let arguments =
            ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--database", &self.fleet.database];
        let more = ["--requests-per-second", "0", "--lease-seconds", "5"];
        let server = Server::ready(self.fleet.home.start(&[&arguments[..], &more].concat(), &environment));
        let url = server.url.clone();
        self.fleet.replicas.push(server);
        url
    }

    pub(crate) fn write_and_cut(&mut self, writers: &mut Writers, cut: usize) {
        let before = writers.acknowledged.load(Ordering::SeqCst);
        let url = self.fleet.replicas[0].url.clone();
        writers.write_while(&url, |acknowledged| {
            until("something to be acknowledged", || (acknowledged.load(Ordering::SeqCst) > before).then_some(()));
            thread::park_timeout(Duration::from_micros((cut as u64 * 7_919) % 150_000));
            let server = self.fleet.replicas.remove(0);
            self.stop_in_the_middle(&server);
            server.running.signal(Signal::KILL);
            drop(server);
        });
    }

    /// At a moment at which something is on its way to the disk, however seldom such moments are on this machine.
    fn stop_in_the_middle(&self, server: &Server) {
        for _ in 0..LOOKS {
            server.running.signal(Signal::STOP);
            if self.has_unsynced() {
                break;
            }
            server.running.signal(Signal::CONT);
            thread::park_timeout(Duration::from_millis(1));
        }
    }

    pub(crate) fn has_unsynced(&self) -> bool {
        files(&self.live()).iter().any(|name| {
            let of = |folder: PathBuf| fs::read(folder.join(name)).unwrap_or_default();
            of(self.live()) != of(self.durable())
        })
    }

    /// Of the blocks that were written and not synced, every other one by chance; says how many.
    pub(crate) fn keep_some_unsynced(&self, cut: usize) -> usize {
        let (mut chance, mut kept) = (cut as u64, 0);
        for name in files(&self.durable()) {
            let Ok(written) = fs::read(self.live().join(&name)) else { continue };
            let path = self.durable().join(&name);
            let (synced, file) = (fs::read(&path).unwrap(), File::options().write(true).open(&path).unwrap());
            for (number, block) in written.chunks(BLOCK).enumerate() {
                let at = number * BLOCK;
                chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if synced.get(at..at + block.len()) != Some(block) && chance >> 63 == 0 {
                    file.write_all_at(block, at as u64).unwrap();
                    kept += 1;
                }
            }
        }
        kept
    }

    /// Puts a part of a line behind all that is on the disk of a file; says how long that was.
    pub(crate) fn tear(&self, name: &str, part: &str) -> usize {
        let paths = [self.live().join(name), self.durable().join(name)];
        for path in &paths {
            File::options().append(true).open(path).unwrap().write_all(part.as_bytes()).unwrap();
        }
        fs::read(&paths[1]).unwrap().len() - part.len()
    }

    pub(crate) fn durable_text(&self, name: &str) -> String {
        fs::read_to_string(self.durable().join(name)).unwrap()
    }

    /// What a machine finds after the cut.
    pub(crate) fn find_durable(&self) {
        fs::remove_dir_all(self.live()).unwrap();
        copy_folder(&self.durable(), &self.live());
    }

    pub(crate) fn check_integrity(&self) {
        let path = self.fleet.home.path(DATABASE);
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let check: Found = diesel::sql_query("PRAGMA integrity_check").get_result(&mut connection).unwrap();
        assert_eq!(check.integrity_check, "ok");
    }
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with("-shm")).collect()
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for name in files(from) {
        fs::copy(from.join(&name), to.join(&name)).unwrap();
    }
}

/// What stands between a process and libc.
pub(crate) fn compiled(source: &str, shim: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power").join(source);
    let compiled =
        Command::new("cc").args(["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o"]).arg(shim).arg(source).output();
    let compiled = compiled.unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    shim.to_owned()
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    integrity_check: String,
}
