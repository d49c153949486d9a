//! Servers as processes of their own, each on the processor it was given, and what they cost.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};

/// Where the server runs while the load generator runs on the other one.
pub const OF_SERVERS: usize = 0;
pub const OF_LOAD: usize = 1;

pub struct Process {
    child: Child,
    pub address: SocketAddr,
    metrics: Arc<OnceLock<String>>,
    heard: Option<std::thread::JoinHandle<()>>,
}

impl Process {
    /// Starts a server that says on standard error where it listens, and waits until it does.
    pub fn start(program: &Path, arguments: &[&str], processors: &str) -> Self {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", processors]).arg(program).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("taskset, to give the server a processor of its own");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let mut seen = String::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("{} ended: {seen}", program.display())).expect("a line");
            if let Some((_, url)) = line.split_once("listening on ") {
                let address = url.trim().trim_start_matches("http://").trim_start_matches("https://");
                break address.parse().expect("an address");
            }
            seen += &line;
        };
        // Whoever logs must be listened to, as it would be.
        let metrics = Arc::<OnceLock<String>>::default();
        let found = metrics.clone();
        let heard = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("metrics are at ") {
                    let _ = found.set(url.trim().to_owned());
                }
            }
        });
        Self { child, address, metrics, heard: Some(heard) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where its metrics are, which it says soon after it listens.
    pub fn metrics(&self) -> &str {
        let began = Instant::now();
        loop {
            match self.metrics.get() {
                Some(url) => return url,
                None => assert!(began.elapsed() < Duration::from_secs(10), "it has no metrics"),
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What its metrics say of a name, added up over all labels that hold these words.
    pub fn metric(&self, name: &str, words: &str) -> f64 {
        let url = self.metrics();
        let page = ureq::get(url).call().expect("metrics").body_mut().read_to_string().expect("a page");
        let of_name = page.lines().filter(|line| line.starts_with(name) && line.contains(words));
        of_name.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Until `/readyz` says so.
    pub fn until_ready(&self, began: Instant) -> Duration {
        loop {
            if ureq::get(format!("{}/readyz", self.url())).call().is_ok_and(|answer| answer.status() == 200) {
                return began.elapsed();
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it does not become ready");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The time that its threads, and those of the processes it has started, have had a processor for.
    pub fn processor_time(&self) -> Duration {
        family(self.child.id()).into_iter().map(processor_time).sum()
    }

    /// What it has in memory, in bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its size");
        line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
    }

    pub fn stop(mut self) {
        self.end(Signal::INT);
    }

    fn end(&mut self, signal: Signal) {
        if let Some(heard) = self.heard.take() {
            let _ = kill_process(Pid::from_child(&self.child), signal);
            let _ = self.child.wait();
            let _ = heard.join();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(Signal::KILL);
    }
}

/// The time that a process has had a processor for, with its threads and children that have ended; none if it has ended.
pub fn processor_time(id: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    Duration::from_millis(10 * ticks(&text).unwrap_or(0))
}

/// Hundredths of a second: its own in user and in kernel mode, then those of its children.
fn ticks(stat: &str) -> Option<u64> {
    // Its name may hold spaces and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let times = fields.split_ascii_whitespace().skip(11).take(4);
    times.map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// A process and those it has started, as long as they are there.
pub fn family(id: u32) -> Vec<u32> {
    let parent_of = |id: u32| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse::<u32>().ok()
    };
    let all = fs::read_dir("/proc").expect("the processes");
    let ids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let mut family: Vec<u32> = ids.filter(|other| parent_of(*other) == Some(id)).collect();
    family.push(id);
    family
}

/// The process that was started with this argument behind that one, such as a port behind `-p`.
pub fn started_with(argument: &str, value: &str) -> Option<u32> {
    let is_it = |id: &u32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        words.windows(2).any(|pair| pair == [argument.as_bytes(), value.as_bytes()])
    };
    let all = fs::read_dir("/proc").expect("the processes");
    let mut ids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    ids.find(is_it)
}

/// Leaves the servers' processor to them.
pub fn stay_on(processor: usize) {
    let mut set = CpuSet::new();
    set.set(processor);
    sched_setaffinity(None, &set).expect("a processor of its own");
}

/// A server that is measured: a release build, whatever build this program is.
pub fn server(name: &str) -> PathBuf {
    let own = || std::env::current_exe().expect("this program").parent().expect("its folder").to_owned();
    let path = std::env::var_os("BENCH_SERVERS").map_or_else(own, PathBuf::from).join(name);
    assert!(path.exists(), "{} is missing: run `just bench`, which builds it", path.display());
    path
}

/// What starts a server of others.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts").join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_read_behind_whatever_the_process_is_called() {
        let fields = "S 1 2 3 0 -1 4194560 900 0 5 0 250 17 30 4 20 0 9 0 12345 1000";
        assert_eq!(ticks(&format!("42 (keyreeve) {fields}")), Some(301));
        assert_eq!(ticks(&format!("42 (a) b (c) {fields}")), Some(301));
        assert_eq!(ticks(""), None);
    }

    #[test]
    fn a_family_is_a_process_and_its_children() {
        let own = std::process::id();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let found = family(own);
        let is_found = found.contains(&own) && found.contains(&child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_found, "{found:?}");
        assert!(!family(own).contains(&child.id()));
    }
}
