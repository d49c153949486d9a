//! How far long work has come: a bar for whoever sits in front of a terminal, and nothing for a log.

use std::io::{IsTerminal, stderr};

use crate::out;

pub(crate) struct Progress {
    what: &'static str,
    total: u64,
    done: u64,
    shown: Option<Option<u64>>,
    is_seen: bool,
}

const WIDTH: u64 = 30;

impl Progress {
    pub(crate) fn of(what: &'static str, total: u64) -> Self {
        let mut progress = Self { what, total, done: 0, shown: None, is_seen: stderr().is_terminal() };
        progress.show();
        progress
    }

    pub(crate) fn advance(&mut self, count: u64) {
        self.done += count;
        self.show();
    }

    pub(crate) fn be_at(&mut self, done: u64, total: u64) {
        (self.done, self.total) = (done, total);
        self.show();
    }

    /// Not more often than an eye can tell.
    fn show(&mut self) {
        let share = (self.done * 500).checked_div(self.total);
        if self.is_seen && (self.shown != Some(share) || self.done == self.total) {
            out::show_on_terminal(&format!("\r{}", line(self.what, self.done, self.total)));
            self.shown = Some(share);
        }
    }
}

/// Whatever is said next begins on a line of its own.
impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            out::show_on_terminal("\n");
        }
    }
}

/// More may come than was counted before.
fn line(what: &str, done: u64, total: u64) -> String {
    let total = total.max(done);
    let share = |of: u64| (done * of).checked_div(total).unwrap_or(of);
    let full = "█".repeat(usize::try_from(share(WIDTH)).unwrap_or(0));
    let empty = "░".repeat(usize::try_from(WIDTH - share(WIDTH)).unwrap_or(0));
    format!("{what} {full}{empty} {:3} %  {done} of {total}", share(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_and_never_overflows() {
        assert!(line("Sealing", 0, 10).ends_with(&format!("{}   0 %  0 of 10", "░".repeat(30))));
        assert!(line("Sealing", 5, 10).contains(" 50 %  5 of 10"));
        assert!(line("Sealing", 12, 10).ends_with(&format!("{} 100 %  12 of 12", "█".repeat(30))));
        assert!(line("Sealing", 0, 0).contains("100 %"));
    }
}
