//! One line of a journal, and the seal that ties it to those before it.

use std::fmt::Write;

use domain::change::Change;
use domain::{Timestamp, hex};
use sha2::{Digest, Sha256};

use crate::changes::Told;

const MAGIC: &str = "keyreeve-journal";
const VERSION: &str = "1";
const NOWHERE: &str = "-";
/// Written to the file at once with the line before.
const JOINED: &str = "+ ";

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
        hex::encode(&self.0)
    }
}

impl Line {
    /// Appends the line to a text, and says what the next one continues from. `is_joined` if it goes to the file at once
    /// with the one before.
    pub(super) fn write(&self, text: &mut String, before: Seal, is_joined: bool) -> Seal {
        let line = self.text();
        let joined = if is_joined { JOINED } else { "" };
        let seal = before.over(&format!("{joined}{line}"));
        let _ = writeln!(text, "{joined}{line} {}", seal.shown());
        seal
    }

    fn text(&self) -> String {
        match self {
            Self::Head { database, since } => format!("{MAGIC} {VERSION} {database} {since}"),
            Self::Complete(to) => format!("complete {to}"),
            Self::Change(Told { sequence, change, at }) => {
                let region = change.region().map_or(NOWHERE, |region| region.as_str());
                format!("{sequence} {} {} {} {region}", at.timestamp_micros(), change.kind(), change.subject())
            }
        }
    }

    /// None if it is no line, or not the one that comes next.
    pub(super) fn read(line: &str, before: Seal) -> Option<(Self, Seal)> {
        let (text, sealed) = line.rsplit_once(' ')?;
        let seal = before.over(text);
        if seal.shown() != sealed {
            return None;
        }
        let words: Vec<&str> = text.strip_prefix(JOINED).unwrap_or(text).split(' ').collect();
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

/// Whether a line that stands somewhere behind a torn one was written after that was on the disk, as far as it can be read.
pub(super) fn was_written_later(line: &[u8]) -> bool {
    let is_ours = |text: &str| {
        text.starts_with(MAGIC) || text.starts_with("complete ") || text.starts_with(|c: char| c.is_ascii_digit())
    };
    std::str::from_utf8(line).is_ok_and(|text| !text.contains('\0') && is_ours(text))
}
