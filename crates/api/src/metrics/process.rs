//! What the system says of this process, under `/proc`. Elsewhere than on Linux it says nothing.

use std::fs;

pub(super) struct Process {
    pub(super) cpu_seconds: f64,
    pub(super) resident_bytes: f64,
    pub(super) open_fds: f64,
    pub(super) max_fds: f64,
    pub(super) threads: f64,
    /// Seconds since 1970.
    pub(super) started_at: f64,
}

/// What `/proc` counts processor time in; the same on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

impl Process {
    pub(super) fn look() -> Option<Self> {
        let read = |path| fs::read_to_string(path).ok();
        let stat = Stat::parse(&read("/proc/self/stat")?)?;
        let status = read("/proc/self/status")?;
        let booted_at = number_after(&read("/proc/stat")?, "btime")?;
        Some(Self {
            cpu_seconds: stat.cpu_ticks / TICKS_PER_SECOND,
            resident_bytes: number_after(&status, "VmRSS:")? * 1024.0,
            open_fds: fs::read_dir("/proc/self/fd").ok()?.count() as f64,
            max_fds: number_after(&read("/proc/self/limits")?, "Max open files")?,
            threads: stat.threads,
            started_at: booted_at + stat.start_ticks / TICKS_PER_SECOND,
        })
    }
}

struct Stat {
    cpu_ticks: f64,
    threads: f64,
    start_ticks: f64,
}

impl Stat {
    /// The name of the process is in brackets, and may hold spaces and brackets itself. What follows is counted from 3 on in
    /// the manual.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        Some(Self { cpu_ticks: field(14)? + field(15)?, threads: field(20)?, start_ticks: field(22)? })
    }
}

fn number_after(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    match rest.split_whitespace().next()? {
        "unlimited" => Some(f64::INFINITY),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_confuses_nobody() {
        let text = "42 (a) b (c) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 7 0 123456 1 2 3";
        let stat = Stat::parse(text).unwrap();
        assert_eq!((stat.cpu_ticks, stat.threads, stat.start_ticks), (200.0, 7.0, 123_456.0));
        assert!(Stat::parse("42 (a) S 1").is_none() && Stat::parse("").is_none());
    }

    #[test]
    fn numbers_stand_after_their_names() {
        let limits = "Limit     Soft Limit  Hard Limit  Units\nMax open files            1024   4096   files\n";
        assert_eq!(number_after(limits, "Max open files"), Some(1024.0));
        assert_eq!(number_after("Max open files  unlimited", "Max open files"), Some(f64::INFINITY));
        assert_eq!(number_after(limits, "VmRSS:"), None);
    }

    #[test]
    fn this_process_is_alive() {
        let process = Process::look().unwrap();
        assert!(process.resident_bytes > 1e6 && process.open_fds >= 3.0 && process.max_fds > process.open_fds);
        assert!(process.started_at > 1.7e9 && process.threads >= 1.0 && process.cpu_seconds >= 0.0);
    }
}
