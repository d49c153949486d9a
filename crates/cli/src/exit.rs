//! Why a command did not do what it was asked to, and the exit code that says so to scripts. The codes are stable:
//! docs/cli.md lists them.

use serde_json::Value;

use crate::output::printable;

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

pub(crate) enum Failure {
    /// It makes no sense, or nobody was there to confirm it.
    Usage(String),
    /// Something on this machine: a file, an input, an answer that is none.
    Local(String),
    NotLoggedIn(String),
    /// The server's own words.
    Refused(Box<Refusal>),
    /// Nobody answered, or not now.
    Unreachable(String),
    /// Some of it was done.
    Partly(String),
    /// The audit is not what was written.
    Altered(String),
}

pub(crate) struct Refusal {
    pub(crate) problem: wire::Problem,
    /// The same, as it came.
    pub(crate) document: Value,
}

/// What `--help` says about exit codes.
pub(crate) const CODES: &str = "Exit codes: 0 done, 1 refused or failed, 2 makes no sense or wants --yes, 3 not logged in, \
    4 forbidden or not found, 5 in conflict with how things are, 6 server out of reach or busy, 7 done in part, \
    8 audit altered";

impl Failure {
    pub(crate) fn local(why: impl ToString) -> Self {
        Self::Local(why.to_string())
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Local(_) => 1,
            Self::Usage(_) => 2,
            Self::NotLoggedIn(_) => 3,
            Self::Refused(refusal) => of_status(refusal.problem.status),
            Self::Unreachable(_) => 6,
            Self::Partly(_) => 7,
            Self::Altered(_) => 8,
        }
    }

    /// One line for each thing there is to say.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Self::Usage(why)
            | Self::Local(why)
            | Self::NotLoggedIn(why)
            | Self::Unreachable(why)
            | Self::Partly(why)
            | Self::Altered(why) => why.lines().map(printable).collect(),
            Self::Refused(refusal) => refusal.lines(),
        }
    }
}

impl Refusal {
    pub(crate) fn lines(&self) -> Vec<String> {
        let problem = &self.problem;
        let mut lines = vec![printable(&format!("{}: {}", problem.title, problem.detail))];
        lines.extend(problem.errors.iter().map(|error| printable(&format!("  {}: {}", error.pointer, error.detail))));
        if problem.status == 401 {
            lines.push("  log in with `keyreeve login`".to_owned());
        }
        lines.push(printable(&format!("  status {}, request {}", problem.status, problem.request_id)));
        lines
    }
}

fn of_status(status: u16) -> u8 {
    match status {
        401 => 3,
        403 | 404 => 4,
        409 | 412 => 5,
        408 | 429 | 500.. => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_code() {
        let pairs =
            [(400, 1), (401, 3), (403, 4), (404, 4), (409, 5), (412, 5), (413, 1), (422, 1), (429, 6), (503, 6)];
        for (status, code) in pairs {
            assert_eq!(of_status(status), code, "{status}");
        }
    }
}
