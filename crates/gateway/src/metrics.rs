//! What can be counted. Give an implementation to [`Options::metrics`](crate::Options::metrics); each method may be left
//! out.

use std::time::Duration;

use crate::{Trouble, Verdict};

/// Called on the way of each request: count, and do nothing that waits.
pub trait Metrics: Send + Sync + 'static {
    /// A verdict was found.
    fn verified(&self, _by: By, _verdict: &Verdict) {}
    /// A question was put to Keyreeve, and answered or not.
    fn called(&self, _call: Call, _took: Duration, _trouble: Option<&Trouble>) {}
    /// Something has become of the feed.
    fn followed(&self, _feed: Feed<'_>) {}
    /// Uses were counted that could not be reported and cannot be kept any longer.
    fn usage_lost(&self, _uses: u64) {}
}

/// What a verdict was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The key was at hand.
    Memory,
    /// Its signing key had to be fetched.
    Fetching,
    /// Keyreeve was asked about the request.
    Asking,
}

/// A question to Keyreeve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Verify,
    VerifyBatch,
    SigningKeys,
    Secret,
    Changes,
    Usage,
}

#[derive(Debug)]
pub enum Feed<'a> {
    /// From now on changes are heard of.
    Begun,
    /// So many things have changed.
    Heard(usize),
    /// Nothing is heard; trying again.
    Lost(&'a Trouble),
    /// What was missed cannot be told: everything is forgotten.
    StartedOver,
}

pub(crate) struct Nothing;

impl Metrics for Nothing {}
