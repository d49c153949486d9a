//! A directory of one test's own, and the binary run in it. Every wait has an end, and only own children are ended.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Home(TempDir);

/// A command that has ended.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        self.set_mode(name, 0o600);
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }

    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// The key in the usual master key file, as text.
    pub(crate) fn master_key(&self) -> String {
        let text = self.read("keyreeve-data/master.key");
        text.lines().find(|line| !line.starts_with('#')).unwrap().to_owned()
    }

    /// The binary in this directory, with nothing in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyreeve"));
        command.args(arguments).env_clear().current_dir(&self.0).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.run_with(arguments, &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Finished {
        self.start(arguments, environment).finish()
    }

    pub(crate) fn start(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Running {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = Heard::from(child.stdout.take().unwrap());
        let err = Heard::from(child.stderr.take().unwrap());
        Running { child, out, err }
    }

    /// A server on a port that it, or another process, had before.
    pub(crate) fn serve_at(&self, address: &str, arguments: &[&str]) -> Server {
        let usual = ["serve", "--listen", address, "--metrics-listen", "off"];
        Server::ready(self.start(&[&usual, arguments].concat(), &[]))
    }

    /// A server on free ports that shows its metrics.
    pub(crate) fn serve_with_metrics(&self, arguments: &[&str]) -> Server {
        let usual = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"];
        Server::ready(self.start(&[&usual, arguments].concat(), &[]))
    }

    /// A server on a free port, ready to be asked.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        self.serve_at("127.0.0.1:0", arguments)
    }
}

pub(crate) struct Running {
    child: Child,
    pub(crate) out: Heard,
    pub(crate) err: Heard,
}

impl Running {
    pub(crate) fn heard(child: Child, out: Heard, err: Heard) -> Self {
        Self { child, out, err }
    }

    pub(crate) fn finish(mut self) -> Finished {
        let status = self.wait();
        Finished { code: status.code(), out: self.out.until_it_ends(), err: self.err.until_it_ends() }
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        until("the process to end", || child.try_wait().unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) url: String,
}

impl Server {
    /// Waits until it says where it listens.
    pub(crate) fn ready(mut running: Running) -> Self {
        let url = until("the server to listen", || {
            let log = running.err.so_far();
            assert!(!running.has_ended(), "the server ended: {log}");
            let (_, after) = log.split_once("listening on ")?;
            let (url, _) = after.split_once(['\n', '"'])?;
            Some(url.to_owned())
        });
        Self { running, url }
    }

    pub(crate) fn is_live(&self) -> bool {
        ureq::get(format!("{}/livez", self.url)).call().unwrap().status().is_success()
    }

    /// What its metrics say at this moment.
    pub(crate) fn metrics(&self) -> String {
        let url = until("the metrics to be served", || {
            let log = self.running.err.so_far();
            Some(log.split_once("metrics are at ")?.1.lines().next()?.to_owned())
        });
        ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// As a person at a terminal does, who has nobody to be told first.
    pub(crate) fn stop(self) -> Finished {
        self.running.signal(Signal::INT);
        self.running.finish()
    }

    /// As whoever restarts servers does, with load balancers in front of them.
    pub(crate) fn terminate(self) -> Finished {
        self.running.signal(Signal::TERM);
        self.running.finish()
    }
}

/// Tells others that something is over, also when a test fails.
pub(crate) struct Over<'a>(pub(crate) &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What a process says, gathered while it runs.
pub(crate) struct Heard {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Heard {
    pub(crate) fn from(mut source: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let gathered = text.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal that nobody holds any more ends with an error.
            while let Ok(count @ 1..) = source.read(&mut buffer) {
                gathered.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { text, reader: Some(reader) }
    }

    pub(crate) fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    pub(crate) fn until_it_ends(&mut self) -> String {
        let reader = self.reader.take().unwrap();
        until("the output to end", || reader.is_finished().then_some(()));
        self.so_far()
    }
}

#[expect(clippy::disallowed_methods, reason = "another process gives no event to wait for")]
pub(crate) fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Finished {
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// Ended with this code and one clear line on standard error that says all of this.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        for words in says {
            assert!(self.err.contains(words) || self.out.contains(words), "{words:?} is not in: {}", self.err);
        }
        assert!(!self.err.contains("panicked") && !self.err.contains("Error("), "{}", self.err);
    }
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}
