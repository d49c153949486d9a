//! Checkpoints of the audit: a signed statement of how far its chains went at a moment. Whoever keeps one where the
//! database's owner cannot reach it finds a chain that was cut off or computed anew afterwards.
//!
//! A checkpoint names the chains that have moved since the one before, and holds that one's signature: one that is kept
//! vouches for all before it.

use sha2::{Digest, Sha256};

use crate::audit::{Hash, Head};
use crate::{Timestamp, hex};

/// By which a signature of Ed25519 is verified.
pub type PublicKey = [u8; 32];
pub type Signature = [u8; 64];

/// What the first checkpoint goes on from.
pub const NONE_BEFORE: Signature = [0; 64];

/// How many chains one checkpoint names; of more that have moved, the next one speaks.
pub const MOST_HEADS: usize = 100;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// 1, 2, 3 ... without gaps.
    pub number: i64,
    pub at: Timestamp,
    pub key: PublicKey,
    /// The signature of the checkpoint before.
    pub previous: Signature,
    /// Where the chains ended that have moved since, by name.
    pub heads: Vec<Head>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub statement: Statement,
    pub signature: Signature,
}

impl Statement {
    /// The bytes that are signed: lines of text that can be put together again by hand, from what the log says of it.
    pub fn text(&self) -> String {
        format!(
            "keyreeve audit checkpoint v1\nnumber {}\nat {}\nkey {}\nprevious {}\nheads {}\n",
            self.number,
            self.at.timestamp_micros(),
            hex::encode(&self.key),
            hex::encode(&self.previous),
            hex::encode(&self.heads_hash()),
        )
    }

    /// SHA-256 over the heads, each as it is printed, on a line of its own.
    pub fn heads_hash(&self) -> Hash {
        let mut digest = Sha256::new();
        for head in &self.heads {
            digest.update(format!("{head}\n"));
        }
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        let head = |chain: &str, sequence| Head { chain: chain.to_owned(), sequence, hash: [0xab; 32] };
        Statement {
            number: 17,
            at: Timestamp::from_timestamp(1_795_176_000, 5_000).unwrap(),
            key: [1; 32],
            previous: [2; 64],
            heads: vec![head("platform", 4), head("ten_a", 9)],
        }
    }

    /// As the documentation says, so that others can verify it.
    #[test]
    fn what_is_signed_stays_as_it_is() {
        let lines = format!("platform:4:{0}\nten_a:9:{0}\n", "ab".repeat(32));
        let heads = hex::encode(&Sha256::digest(lines));
        let (key, previous) = ("01".repeat(32), "02".repeat(64));
        assert_eq!(
            statement().text(),
            format!(
                "keyreeve audit checkpoint v1\nnumber 17\nat 1795176000000005\nkey {key}\nprevious {previous}\nheads {heads}\n"
            )
        );
    }

    #[test]
    fn every_field_counts() {
        let original = statement().text();
        let edits: [fn(&mut Statement); 9] = [
            |s| s.number = 18,
            |s| s.at += chrono::TimeDelta::microseconds(1),
            |s| s.key[31] = 0,
            |s| s.previous[63] = 0,
            |s| s.heads.clear(),
            |s| s.heads.reverse(),
            |s| s.heads[1].chain.push('b'),
            |s| s.heads[1].sequence = 8,
            |s| s.heads[1].hash[0] = 0,
        ];
        for (number, edit) in edits.iter().enumerate() {
            let mut edited = statement();
            edit(&mut edited);
            assert_ne!(edited.text(), original, "edit {number}");
        }
    }
}
