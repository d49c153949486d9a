//! One line of a journal, and the seal that ties it to those before it.

use std::fmt::Write;

use domain::Timestamp;
use domain::change::Change;
use sha2::{Digest, Sha256};

use crate::changes::Told;

const MAGIC: &str = "keyreeve-journal";
const VERSION: &str = "1";
const NOWHERE: &str = "-";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Of which database, and after which number it tells everything.
    Head {
        database: String,
        since: i64,
    },
    Change(Told),
    /// Nothing up to here is missing.
    Complete(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seal([u8; 8]);

impl Seal {
    fn over(self, text: &str) -> Self {
        let hash: [u8; 32] = Sha256::new().chain_update(self.0).chain_update(text).finalize().into();
        let mut short = Self::default();
        short.0.copy_from_slice(hash.first_chunk::<8>().unwrap_or(&[0; 8]));
        short
    }

    fn shown(self) -> String {
        self.0.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl Line {
    /// Appends the line to a text, and says what the next one continues from.
    pub(super) fn write(&self, text: &mut String, before: Seal) -> Seal {
        let line = match self {
            Self::Head { database, since } => format!("{MAGIC} {VERSION} {database} {since}"),
            Self::Complete(to) => format!("complete {to}"),
            Self::Change(Told { sequence, change, at }) => {
                let region = change.region().map_or(NOWHERE, |region| region.as_str());
                format!("{sequence} {} {} {} {region}", at.timestamp_micros(), change.kind(), change.subject())
            }
        };
        let seal = before.over(&line);
        let _ = writeln!(text, "{line} {}", seal.shown());
        seal
    }

    /// None if it is no line, or not the one that comes next.
    pub(super) fn read(line: &str, before: Seal) -> Option<(Self, Seal)> {
        let (text, sealed) = line.rsplit_once(' ')?;
        let seal = before.over(text);
        if seal.shown() != sealed {
            return None;
        }
        let words: Vec<&str> = text.split(' ').collect();
        let line = match *words.as_slice() {
            [MAGIC, VERSION, database, since] => {
                Self::Head { database: database.to_owned(), since: since.parse().ok()? }
            }
            ["complete", to] => Self::Complete(to.parse().ok()?),
            [sequence, at, kind, subject, region] => Self::Change(Told {
                sequence: sequence.parse().ok()?,
                at: Timestamp::from_timestamp_micros(at.parse().ok()?)?,
                change: Change::parse(kind, subject, Some(region).filter(|region| *region != NOWHERE)).ok()?,
            }),
            _ => return None,
        };
        Some((line, seal))
    }
}
