//! Checkpoints that somebody has kept, held against the chains of an export. What is wrong is said in sentences, one for
//! each chain; that a file of checkpoints is none that was signed ends it at once.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::audit::{Hash, Head};
use domain::checkpoint::{Checkpoint, NONE_BEFORE, PublicKey, Signature, Statement};
use domain::hex;
use ring::signature::{ED25519, UnparsedPublicKey};
use wire::AuditCheckpoint;

use super::chains::{Chains, missing};

/// A checkpoint as the log tells of it: `NUMBER:SIGNATURE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Noted {
    number: i64,
    signature: Signature,
}

/// What the checkpoints of a file have seen, and what of it is otherwise in the export.
#[derive(Default)]
pub(super) struct Checkpoints {
    keys: Vec<PublicKey>,
    /// By chain and sequence.
    seen: BTreeMap<String, BTreeMap<i64, Vec<Sight>>>,
    signatures: BTreeMap<i64, Signature>,
    rewritten: BTreeMap<String, String>,
    newest_event: Option<DateTime<Utc>>,
}

struct Sight {
    hash: Hash,
    by: String,
    at: DateTime<Utc>,
}

impl Checkpoints {
    /// Only what one of these keys has signed counts.
    pub(super) fn signed_by(keys: Vec<PublicKey>) -> Self {
        Self { keys, ..Self::default() }
    }

    /// The next line of the file. What is wrong with it, in a sentence.
    pub(super) fn take(&mut self, line: &str) -> Result<(), String> {
        let Checkpoint { statement, signature } = parse(line)?;
        let Statement { number, at, key, previous, .. } = statement;
        if !self.keys.contains(&key) {
            let key = hex::encode(&key);
            return Err(format!(
                "checkpoint {number} is signed by the key {key}, which is none of those that were named"
            ));
        }
        if UnparsedPublicKey::new(&ED25519, key).verify(statement.text().as_bytes(), &signature).is_err() {
            return Err(format!("checkpoint {number} was changed: its signature does not fit"));
        }
        match self.signatures.last_key_value() {
            None if number == 1 && previous != NONE_BEFORE => {
                return Err("checkpoint 1 goes on from another one".to_owned());
            }
            Some((last, _)) if number != last + 1 => {
                return Err(format!(
                    "checkpoint {number} comes after checkpoint {last}: some are missing or were moved"
                ));
            }
            Some((last, signature)) if *signature != previous => {
                return Err(format!(
                    "checkpoint {number} does not go on from this checkpoint {last}: \
                     between them the database was put back to an earlier state"
                ));
            }
            None | Some(_) => {}
        }
        self.signatures.insert(number, signature);
        let by = format!("checkpoint {number} of {}", at.to_rfc3339_opts(SecondsFormat::Secs, true));
        for Head { chain, sequence, hash } in statement.heads {
            let sight = Sight { hash, by: by.clone(), at };
            self.seen.entry(chain).or_default().entry(sequence).or_default().push(sight);
        }
        Ok(())
    }

    /// Whether the checkpoints that somebody has noted are these.
    pub(super) fn include(&self, noted: &[Noted]) -> Result<(), String> {
        let last = self.signatures.last_key_value().map_or(0, |(number, _)| *number);
        for Noted { number, signature } in noted {
            match self.signatures.get(number) {
                Some(found) if found == signature => {}
                Some(_) => {
                    return Err(format!(
                        "checkpoint {number} is another one than was noted: the database was put back to an earlier state"
                    ));
                }
                None if *number > last => {
                    return Err(format!(
                        "the checkpoints end at {last}, and {number} was noted: the last were removed"
                    ));
                }
                None => return Err(format!("checkpoint {number} was noted, and is not among them")),
            }
        }
        Ok(())
    }

    /// An event of the export, with the hash that it has.
    pub(super) fn meet(&mut self, head: &Head, at: DateTime<Utc>) {
        self.newest_event = self.newest_event.max(Some(at));
        let sights = self.seen.get(&head.chain).and_then(|chain| chain.get(&head.sequence));
        let Some(other) = sights.and_then(|sights| sights.iter().find(|sight| sight.hash != head.hash)) else { return };
        let Head { chain, sequence, .. } = head;
        let by = &other.by;
        self.rewritten.entry(chain.clone()).or_insert_with(|| {
            format!("the chain {chain} was rewritten: its event {sequence} is another one than {by} saw")
        });
    }

    /// What is wrong with each chain, after the whole export; only with those named, if any are.
    pub(super) fn findings(&self, chains: &Chains, only: &[String]) -> Vec<String> {
        let asked = |chain: &String| only.is_empty() || only.contains(chain);
        let mut found = Vec::new();
        for (chain, sights) in self.seen.iter().filter(|(chain, _)| asked(chain)) {
            if let Some(rewritten) = self.rewritten.get(chain) {
                found.push(rewritten.clone());
                continue;
            }
            let Some((sequence, sight)) = sights.last_key_value().and_then(|(at, all)| Some((*at, all.first()?)))
            else {
                continue;
            };
            let end = chains.end_of(chain);
            if end < sequence {
                found.push(self.cut(chain, end, sequence, sight));
            }
        }
        found.extend(
            only.iter()
                .filter(|chain| !self.seen.contains_key(*chain))
                .map(|chain| format!("no checkpoint of the file speaks of the chain {chain}")),
        );
        found
    }

    fn cut(&self, chain: &str, end: i64, sequence: i64, Sight { by, at, .. }: &Sight) -> String {
        let gone = missing(sequence - end);
        let what = match end {
            0 => format!("the chain {chain} is missing: {by} saw it end at event {sequence}"),
            end => format!(
                "the chain {chain} was cut off: it ends at event {end}, and {by} saw event {sequence}: {gone} missing"
            ),
        };
        // What was cut off everywhere looks like an export that was made before.
        let is_older = self.newest_event.is_none_or(|newest| newest < *at);
        if is_older {
            format!("{what}, unless the export is older than the checkpoint: nothing in it is as late")
        } else {
            what
        }
    }

    /// The first and the last.
    pub(super) fn numbers(&self) -> Option<(i64, i64)> {
        Some((*self.signatures.first_key_value()?.0, *self.signatures.last_key_value()?.0))
    }

    /// How many chains they speak of.
    pub(super) fn chains(&self) -> usize {
        self.seen.len()
    }

    /// How many events of these chains a checkpoint vouches for.
    pub(super) fn signed_of(&self, chains: &Chains) -> i64 {
        let of = |(chain, sights): (&String, &BTreeMap<i64, Vec<Sight>>)| {
            sights.range(..=chains.end_of(chain)).next_back().map_or(0, |(sequence, _)| *sequence)
        };
        self.seen.iter().map(of).sum()
    }
}

fn parse(line: &str) -> Result<Checkpoint, String> {
    let found: AuditCheckpoint =
        serde_json::from_str(line).map_err(|error| format!("this is no checkpoint ({error})"))?;
    let number = found.number;
    let wrong = |field: &str| format!("checkpoint {number} was changed: its {field} is none");
    // What is signed knows microseconds.
    let at = DateTime::from_timestamp_micros(found.at.timestamp_micros()).filter(|at| *at == found.at);
    let heads: Vec<Head> =
        found.heads.iter().map(|head| head.parse()).collect::<Result<_, _>>().map_err(|_| wrong("heads"))?;
    let names: BTreeSet<&str> = heads.iter().map(|head| head.chain.as_str()).collect();
    if names.len() != heads.len() {
        return Err(wrong("heads"));
    }
    let statement = Statement {
        number,
        at: at.ok_or_else(|| wrong("at"))?,
        key: hex::decode(&found.key).ok_or_else(|| wrong("key"))?,
        previous: hex::decode(&found.previous).ok_or_else(|| wrong("previous"))?,
        heads,
    };
    Ok(Checkpoint { statement, signature: hex::decode(&found.signature).ok_or_else(|| wrong("signature"))? })
}

/// 64 hexadecimal digits.
pub(super) fn public_key(text: &str) -> Result<PublicKey, String> {
    hex::decode(text).ok_or_else(|| "needs 64 hexadecimal digits, as each checkpoint and the log hold them".to_owned())
}

impl FromStr for Noted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (number, signature) = text.split_once(':')?;
            Some(Self { number: number.parse().ok()?, signature: hex::decode(signature)? })
        };
        parse().ok_or_else(|| "needs NUMBER:SIGNATURE, as the log holds them".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;
    use crate::audit::chains::tests::export;

    /// Whoever signs; the same seed is the same key.
    struct Signer(Ed25519KeyPair);

    impl Signer {
        fn of(seed: u8) -> Self {
            Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
        }

        fn key(&self) -> PublicKey {
            self.0.public_key().as_ref().try_into().unwrap()
        }

        /// What the server would have signed after so many lines of an export, and how that is signed.
        fn sign(&self, number: i64, previous: Signature, seconds: i64, lines: &[String]) -> (String, Signature) {
            let ends = follow(lines);
            let statement = Statement {
                number,
                at: DateTime::from_timestamp(1_795_176_000 + seconds, 0).unwrap(),
                key: self.key(),
                previous,
                heads: ends.heads().collect(),
            };
            let signature: Signature = self.0.sign(statement.text().as_bytes()).as_ref().try_into().unwrap();
            let wire = AuditCheckpoint {
                number,
                at: statement.at,
                key: hex::encode(&statement.key),
                previous: hex::encode(&previous),
                heads: statement.heads.iter().map(ToString::to_string).collect(),
                signature: hex::encode(&signature),
            };
            (serde_json::to_string(&wire).unwrap(), signature)
        }
    }

    fn follow(lines: &[String]) -> Chains {
        let mut chains = Chains::after(Vec::new());
        lines.iter().for_each(|line| drop(chains.take(line).unwrap()));
        chains
    }

    fn events(texts: &[&str]) -> Vec<String> {
        export(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    /// The sentence that says what is wrong with the checkpoints, or those about the chains.
    fn verify(keys: &[PublicKey], checkpoints: &[String], lines: &[String]) -> Result<Vec<String>, String> {
        let mut kept = Checkpoints::signed_by(keys.to_vec());
        for line in checkpoints {
            kept.take(line)?;
        }
        let mut chains = Chains::after(Vec::new());
        for line in lines {
            let (head, at) = chains.take(line)?;
            kept.meet(&head, at);
        }
        Ok(kept.findings(&chains, &[]))
    }

    fn only(found: Result<Vec<String>, String>) -> String {
        let mut found = found.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// Four events, signed after the second and after the fourth.
    fn signed() -> (Signer, Vec<String>, Vec<String>) {
        let (signer, lines) = (Signer::of(1), events(&["a", "b", "c", "d"]));
        let (one, signature) = signer.sign(1, NONE_BEFORE, -100, &lines[..2]);
        let (two, _) = signer.sign(2, signature, -50, &lines);
        (signer, vec![one, two], lines)
    }

    #[test]
    fn nothing_is_found_where_nothing_was_done() {
        let (signer, checkpoints, mut lines) = signed();
        assert_eq!(verify(&[signer.key()], &checkpoints, &lines), Ok(vec![]));
        // The chain has gone on since; and the first checkpoints were thrown away.
        lines = events(&["a", "b", "c", "d", "e"]);
        assert_eq!(verify(&[Signer::of(2).key(), signer.key()], &checkpoints, &lines), Ok(vec![]));
        assert_eq!(verify(&[signer.key()], &checkpoints[1..], &lines), Ok(vec![]));
    }

    #[test]
    fn a_chain_that_was_cut_off_or_taken_away_is_found() {
        let (signer, checkpoints, lines) = signed();
        let cut = only(verify(&[signer.key()], &checkpoints, &lines[..3]));
        assert!(cut.contains("platform was cut off: it ends at event 3, and checkpoint 2 of 2026-"), "{cut}");
        assert!(cut.ends_with("saw event 4: 1 event is missing"), "{cut}");
        let gone = only(verify(&[signer.key()], &checkpoints, &[]));
        assert!(gone.contains("the chain platform is missing") && gone.contains("saw it end at event 4"), "{gone}");
    }

    #[test]
    fn an_export_from_before_the_checkpoint_is_told_apart_from_a_cut() {
        let (signer, _, lines) = signed();
        let (later, _) = signer.sign(1, NONE_BEFORE, 3600, &lines);
        let older = only(verify(&[signer.key()], &[later], &lines[..3]));
        assert!(older.contains("unless the export is older than the checkpoint"), "{older}");
    }

    /// Every hash is computed anew: the chain adds up, and is another one.
    #[test]
    fn a_chain_that_was_computed_anew_is_found() {
        let (signer, checkpoints, _) = signed();
        for (rewritten, event) in [(["a", "x", "c", "d"], 2), (["a", "b", "c", "x"], 4)] {
            let lines = events(&rewritten);
            let found = only(verify(&[signer.key()], &checkpoints, &lines));
            assert!(found.contains(&format!("platform was rewritten: its event {event} is another one")), "{found}");
        }
        // One that goes on after a cut is another one as well.
        let lines = events(&["a", "b", "x", "y", "z"]);
        let found = only(verify(&[signer.key()], &checkpoints, &lines));
        assert!(found.contains("its event 4 is another one than checkpoint 2"), "{found}");
    }

    #[test]
    fn no_checkpoint_can_be_edited_removed_or_made_by_somebody_else() {
        let (signer, checkpoints, lines) = signed();
        let keys = [signer.key()];
        let refused = |checkpoints: &[String], sentence: &str| {
            let found = verify(&keys, checkpoints, &lines).unwrap_err();
            assert!(found.contains(sentence), "{found}");
        };
        let (first, second) = (&checkpoints[0], &checkpoints[1]);
        refused(&[first.replace("\"number\":1", "\"number\":3")], "was changed: its signature does not fit");
        refused(&[first.replace("platform:2:", "platform:1:")], "was changed: its signature does not fit");
        refused(&[first.replace("2026-", "2025-")], "was changed: its signature does not fit");
        refused(&[first.replace("platform:2:", "platform\\n:2:")], "its heads is none");
        refused(&[first[..40].to_owned()], "this is no checkpoint");
        refused(&[second.clone(), first.clone()], "comes after checkpoint 2");
        let (third, _) = signer.sign(3, NONE_BEFORE, 0, &lines);
        refused(&[first.clone(), third], "comes after checkpoint 1: some are missing");
        let (other, _) = signer.sign(2, [7; 64], 0, &lines);
        refused(&[first.clone(), other], "does not go on from this checkpoint 1");
        let (forged, _) = Signer::of(2).sign(1, NONE_BEFORE, 0, &lines[..1]);
        refused(&[forged], "which is none of those that were named");
    }

    #[test]
    fn what_was_noted_has_to_be_there() {
        let (signer, checkpoints, lines) = signed();
        let mut kept = Checkpoints::signed_by(vec![signer.key()]);
        kept.take(&checkpoints[0]).unwrap();
        let (_, signature) = signer.sign(1, NONE_BEFORE, -100, &lines[..2]);
        let noted = |number, signature: Signature| {
            format!("{number}:{}", hex::encode(&signature)).parse::<Noted>().map(|noted| vec![noted]).unwrap()
        };
        assert_eq!(kept.include(&noted(1, signature)), Ok(()));
        assert!(kept.include(&noted(1, [7; 64])).unwrap_err().contains("another one than was noted"));
        assert!(kept.include(&noted(2, [7; 64])).unwrap_err().contains("the last were removed"));
        assert!("1".parse::<Noted>().is_err() && "1:00".parse::<Noted>().is_err());
    }
}
