//! What comes from outside: the environment, the clock, chance and time that passes. The only place that asks for them.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::hex;

use crate::exit::{Failure, Result};

/// Variables that the client reads and that are no settings of the server.
pub const VARIABLES: [&str; 5] = [SERVER, PROFILE, TOKEN_FILE, CA_FILE, TENANT];

pub(crate) const SERVER: &str = "KEYREEVE_SERVER";
pub(crate) const PROFILE: &str = "KEYREEVE_PROFILE";
pub(crate) const TOKEN_FILE: &str = "KEYREEVE_TOKEN_FILE";
pub(crate) const CA_FILE: &str = "KEYREEVE_CA_FILE";
pub(crate) const TENANT: &str = "KEYREEVE_TENANT";

/// A variable; one that is empty says nothing.
#[expect(clippy::disallowed_methods, reason = "this module is where the client reads the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the client keeps its files, if the environment says so much.
pub(crate) fn config_dir() -> Option<PathBuf> {
    let usual = || variable("HOME").map(|home| PathBuf::from(home).join(".config"));
    let absolute = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    absolute.or_else(usual).map(|path| path.join("keyreeve"))
}

#[expect(clippy::disallowed_methods, reason = "this module is the client's clock")]
pub(crate) fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

#[expect(clippy::disallowed_methods, reason = "this module is where the client waits, and it has one thread")]
pub(crate) fn wait(time: Duration) {
    std::thread::sleep(time);
}

/// 128 bits that nobody else has, in hexadecimal.
#[expect(clippy::disallowed_methods, reason = "this module is where the client asks for randomness")]
pub(crate) fn unique() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::local(format!("the system gives no randomness: {error}")))?;
    Ok(hex::encode(&bytes))
}

/// `90m`, `24h`, `30d`.
pub fn duration(text: &str) -> Result<TimeDelta, String> {
    const WANTED: &str = "needs a number and s, m, h or d, such as 24h";
    let unit = text.chars().last().ok_or(WANTED)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(WANTED.to_owned()),
    };
    let count: u32 = text.strip_suffix(unit).and_then(|count| count.parse().ok()).ok_or(WANTED)?;
    TimeDelta::try_seconds(i64::from(count) * seconds).ok_or_else(|| WANTED.to_owned())
}

/// A moment: RFC 3339, or a duration from now.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(after) = duration(text) {
        // The API takes whole seconds as gladly, and people read them more easily.
        let at = now().checked_add_signed(after).and_then(|at| DateTime::from_timestamp(at.timestamp(), 0));
        return at.ok_or_else(|| "is too far ahead".to_owned());
    }
    let at = DateTime::parse_from_rfc3339(text);
    at.map(|at| at.to_utc())
        .map_err(|_| "needs a moment such as 2027-01-31T12:00:00Z, or a time from now such as 90d".to_owned())
}

/// A moment gone by, or any that is named in full.
pub(crate) fn past(text: &str) -> Result<DateTime<Utc>, String> {
    let at = DateTime::parse_from_rfc3339(text);
    at.map(|at| at.to_utc()).map_err(|_| "needs a moment such as 2026-11-20T15:04:05Z".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_moment_is_absolute_or_from_now() {
        assert_eq!(moment("2027-01-31T12:00:00Z").unwrap().timestamp(), 1_801_396_800);
        assert_eq!(moment("2027-01-31T13:00:00+01:00").unwrap().timestamp(), 1_801_396_800);
        let ahead = moment("90d").unwrap() - now();
        assert!(ahead > TimeDelta::days(89) && ahead <= TimeDelta::days(90));
        for wrong in ["", "tomorrow", "90", "2027-01-31", "99999999999d", "4294967295d"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("24h"), Ok(TimeDelta::hours(24)));
        assert_eq!(duration("30d"), Ok(TimeDelta::days(30)));
        for wrong in ["", "24", "h", "-1h", "1.5h", "1w", "99999999999d", "1é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_refused(text in "\\PC{0,30}", count in any::<u64>(), unit in "[smhdw]", digits in "[-+0-9TZ:.]{8,40}") {
            for text in [text, format!("{count}{unit}"), format!("{}{unit}", count % 5_000_000_000), digits] {
                if let Ok(duration) = duration(&text) {
                    prop_assert!(duration >= TimeDelta::zero(), "{}", text);
                }
                if let Ok(at) = past(&text) {
                    prop_assert_eq!(past(&at.to_rfc3339()), Ok(at));
                }
                let _ = moment(&text);
            }
        }
    }
}
