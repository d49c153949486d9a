//! Between rows and things: what every table's conversion needs. A value that does not parse is [`Error::Corrupt`].

use domain::time::Day;
use domain::{Invalid, Timestamp};

use crate::error::{Error, Result};

pub(crate) fn micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

/// Since 1970.
pub(crate) fn day_number(day: Day) -> i64 {
    day.to_epoch_days().into()
}

/// Reads the fields of one table's row, and says which table it was when one does not parse.
#[derive(Clone, Copy)]
pub(crate) struct Row(pub(crate) &'static str);

impl Row {
    pub(crate) fn timestamp(self, micros: i64) -> Result<Timestamp> {
        Timestamp::from_timestamp_micros(micros).ok_or_else(|| Error::corrupt(self.0, "a time is out of range"))
    }

    pub(crate) fn timestamp_if(self, micros: Option<i64>) -> Result<Option<Timestamp>> {
        micros.map(|micros| self.timestamp(micros)).transpose()
    }

    pub(crate) fn day(self, number: i64) -> Result<Day> {
        Day::from_epoch_days(self.number(number)?).ok_or_else(|| Error::corrupt(self.0, "a day is out of range"))
    }

    pub(crate) fn parse<T>(self, parse: impl Fn(&str) -> Result<T, Invalid>, text: &str) -> Result<T> {
        parse(text).map_err(|invalid| Error::corrupt(self.0, invalid))
    }

    pub(crate) fn parse_if<T>(
        self,
        parse: impl Fn(&str) -> Result<T, Invalid>,
        text: Option<&str>,
    ) -> Result<Option<T>> {
        text.map(|text| self.parse(parse, text)).transpose()
    }

    pub(crate) fn number<T: TryFrom<i64>>(self, number: i64) -> Result<T> {
        T::try_from(number).map_err(|_| Error::corrupt(self.0, "a number is out of range"))
    }

    pub(crate) fn hash(self, bytes: &[u8]) -> Result<[u8; 32]> {
        bytes.try_into().map_err(|_| Error::corrupt(self.0, "a hash has not 32 bytes"))
    }
}
