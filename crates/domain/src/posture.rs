//! Posture: how many keys are what their owners would not want them to be. Numbers, without the keys.

use chrono::TimeDelta;

use crate::time;

/// Of some keys that are not over: neither revoked nor expired, see [`Key::counts`](crate::key::Key::counts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Posture {
    pub keys: i64,
    /// Without those that are disabled.
    pub active: i64,
    /// From the moment on that [`Key::rotate_by`](crate::key::Key::rotate_by) names.
    pub past_rotation_age: i64,
    /// Of the key, and not of its pair: one that nobody uses is not less so for having been rotated.
    pub unused_45_days: i64,
    pub unused_90_days: i64,
    pub all_buckets: i64,
    pub without_expiry: i64,
}

pub const UNUSED: TimeDelta = time::days(45);
pub const LONG_UNUSED: TimeDelta = time::days(90);
