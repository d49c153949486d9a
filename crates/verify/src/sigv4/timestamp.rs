//! The two spellings of time in SigV4: `20261120T150405Z` and, in a scope, `20261120`.
//!
//! Both are read strictly, so that there is one text for one time and what was parsed can stand for what was signed.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

use super::Malformed;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(DateTime<Utc>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeDate(NaiveDate);

impl Timestamp {
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        Self::from_digits(text).ok_or(Malformed::Timestamp)
    }

    pub fn instant(self) -> DateTime<Utc> {
        self.0
    }

    pub fn date(self) -> ScopeDate {
        ScopeDate(self.0.date_naive())
    }

    fn from_digits(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let ScopeDate(date) = ScopeDate::from_digits(date)?;
        let [hour, minute, second] = pairs(number::<6>(time)?);
        Some(Self(date.and_hms_opt(hour, minute, second)?.and_utc()))
    }
}

impl ScopeDate {
    pub fn new(date: NaiveDate) -> Self {
        Self(date)
    }

    pub fn parse(text: &str) -> Result<Self, Malformed> {
        Self::from_digits(text).ok_or(Malformed::Credential)
    }

    pub fn date(self) -> NaiveDate {
        self.0
    }

    fn from_digits(text: &str) -> Option<Self> {
        let digits = number::<8>(text)?;
        let [_, month, day] = pairs(digits);
        let year = i32::try_from(digits / 10_000).ok()?;
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)?;
        f.write_str("T")?;
        write_number::<6>(self.0.hour() * 10_000 + self.0.minute() * 100 + self.0.second(), f)?;
        f.write_str("Z")
    }
}

impl fmt::Display for ScopeDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.0.year(), self.0.month(), self.0.day());
        match u32::try_from(year) {
            Ok(year @ ..=9999) => write_number::<8>(year * 10_000 + month * 100 + day, f),
            _ => write!(f, "{year:04}{month:02}{day:02}"),
        }
    }
}

/// The value of exactly `DIGITS` decimal digits; `str::parse` alone would also take a sign.
fn number<const DIGITS: usize>(text: &str) -> Option<u32> {
    let all_digits = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

/// All digits in one piece. Every signature that is checked needs two dates and a time, and to format their parts one by one
/// would take as long as the MAC does.
fn write_number<const DIGITS: usize>(number: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (mut text, mut rest) = ([b'0'; DIGITS], number);
    for digit in text.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

/// The last six decimal digits as three two-digit numbers.
fn pairs(digits: u32) -> [u32; 3] {
    [digits / 10_000 % 100, digits / 100 % 100, digits % 100]
}
