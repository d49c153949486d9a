//! What came back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::exit::{Failure, Refusal, Result};

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// There may be secrets in it.
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(super) retry_after: Option<u64>,
    /// The server's clock.
    pub(crate) date: Option<DateTime<Utc>>,
    /// Path and query of the next page, of those that have it in a header.
    pub(crate) next: Option<String>,
}

impl Answer {
    /// Null where there is none.
    pub(crate) fn document(&self) -> Result<Value> {
        if self.body.is_empty() { Ok(Value::Null) } else { self.read() }
    }

    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        // What could not be read may be a secret: the error says where, and not what.
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::Local(format!(
                "the answer is not understood, at line {line}, column {column}: is that a Keyreeve?"
            ))
        })
    }

    /// After which time the same request is worth another try.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let may_pass = matches!(self.status, 429 | 503);
        self.retry_after.filter(|_| may_pass).map(|seconds| Duration::from_secs(seconds.max(1)))
    }

    /// Whether another access token may do. Nobody is let in by one who is suspended.
    pub(super) fn is_worth_renewing(&self) -> bool {
        self.status == 401 && !self.is_suspension()
    }

    pub(super) fn is_suspension(&self) -> bool {
        let problem = serde_json::from_slice::<wire::Problem>(&self.body);
        problem.is_ok_and(|problem| problem.kind == "/problems/suspended")
    }

    /// Of an answer of 400 and above.
    pub(super) fn refusal(&self) -> Failure {
        let document = serde_json::from_slice::<Value>(&self.body).ok();
        let problem = document.and_then(|document| {
            let problem = serde_json::from_value::<wire::Problem>(document.clone()).ok()?;
            Some(Refusal { problem, document })
        });
        match (problem, self.status) {
            (Some(refusal), _) => Failure::Refused(Box::new(refusal)),
            (None, status @ (408 | 429 | 500..)) => Failure::Unreachable(format!(
                "the server, or something in front of it, answered {status} and nothing more"
            )),
            (None, status) => Failure::Local(format!("the answer was {status} without a reason: is that a Keyreeve?")),
        }
    }
}
