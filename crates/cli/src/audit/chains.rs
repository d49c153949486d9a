//! The hash chains of an export, followed row by row with nothing but the rows: each hash covers every field of its
//! event and the hash before.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::actor::{Actor, ActorKind};
use domain::audit::{BEGINNING, Event, Hash, Head};
use domain::hex;
use domain::id::{EventId, PartnerId, TenantId};
use wire::AuditEvent;

/// What was followed so far.
pub(super) struct Chains {
    heads: BTreeMap<String, (i64, Hash)>,
    count: u64,
}

impl Chains {
    pub(super) fn after(heads: Vec<Head>) -> Self {
        let heads = heads.into_iter().map(|head| (head.chain, (head.sequence, head.hash))).collect();
        Self { heads, count: 0 }
    }

    /// The next row, how far its chain goes with it, and when it was. What is wrong with it, in a sentence.
    pub(super) fn take(&mut self, line: &str) -> Result<(Head, DateTime<Utc>), String> {
        let event: AuditEvent = serde_json::from_str(line).map_err(|error| format!("this is no event ({error})"))?;
        let row = format!("event {} ({} {} of the chain {})", event.sequence, event.id, event.action, event.chain);
        // Two ways to write the same would be two rows with one hash.
        let again = serde_json::to_string(&event).map_err(|error| error.to_string())?;
        if again != line {
            return Err(format!(
                "{row} is not written as the server writes it, so it was changed or is of another version"
            ));
        }
        let (sequence, previous) = self.heads.get(&event.chain).copied().unwrap_or((0, BEGINNING));
        if event.sequence != sequence + 1 {
            return Err(match event.sequence {
                early if early <= sequence => {
                    format!("{row} comes after event {sequence}: rows were moved or repeated")
                }
                late => format!("{row} comes after event {sequence}: {} missing", missing(late - sequence - 1)),
            });
        }
        let hash = domain_event(&event).map(|event| event.hash(&previous));
        let hash = hash.map_err(|field| format!("{row} was changed: its {field} is none"))?;
        if hex::encode(&hash) != event.hash {
            return Err(format!("{row} was changed, or the one before it was"));
        }
        self.heads.insert(event.chain.clone(), (event.sequence, hash));
        self.count += 1;
        Ok((Head { chain: event.chain, sequence: event.sequence, hash }, event.at))
    }

    /// Whether the chains got as far as these heads, and through them.
    pub(super) fn reach(&self, heads: &[Head]) -> Result<(), String> {
        for head in heads {
            let Head { chain, sequence, hash } = head;
            match self.heads.get(chain) {
                None => return Err(format!("the chain {chain} is missing")),
                Some((last, _)) if last < sequence => {
                    return Err(format!(
                        "the chain {chain} ends at event {last}: {} missing",
                        missing(sequence - last)
                    ));
                }
                Some((last, found)) if last == sequence && found != hash => {
                    return Err(format!("event {sequence} of the chain {chain} is another one than the head says"));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn heads(&self) -> impl Iterator<Item = Head> {
        self.heads.iter().map(|(chain, (sequence, hash))| Head {
            chain: chain.clone(),
            sequence: *sequence,
            hash: *hash,
        })
    }

    /// 0 for one that is not there.
    pub(super) fn end_of(&self, chain: &str) -> i64 {
        self.heads.get(chain).map_or(0, |(sequence, _)| *sequence)
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }
}

pub(super) fn missing(count: i64) -> String {
    if count == 1 { "1 event is".to_owned() } else { format!("{count} events are") }
}

/// The event that was hashed, or the name of the field that cannot be one of it.
fn domain_event(event: &AuditEvent) -> Result<Event, &'static str> {
    let address = event.address.as_deref().map(|text| match text.parse::<IpAddr>() {
        Ok(address) if address.to_string() == text => Ok(address),
        _ => Err("address"),
    });
    // The hash knows microseconds: what is finer is no part of it.
    let at = DateTime::from_timestamp_micros(event.at.timestamp_micros()).filter(|at| *at == event.at);
    Ok(Event {
        id: EventId::parse(&event.id).map_err(|_| "id")?,
        chain: event.chain.clone(),
        sequence: event.sequence,
        at: at.ok_or("at")?,
        actor: Actor { kind: ActorKind::parse(&event.actor.kind).map_err(|_| "actor")?, id: event.actor.id.clone() },
        action: event.action.clone(),
        target_kind: event.target.kind.clone(),
        target_id: event.target.id.clone(),
        tenant_id: event.tenant_id.as_deref().map(TenantId::parse).transpose().map_err(|_| "tenant_id")?,
        partner_id: event.partner_id.as_deref().map(PartnerId::parse).transpose().map_err(|_| "partner_id")?,
        request_id: event.request_id.clone(),
        address: address.transpose()?,
        details: event.details.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    proptest! {
        #[test]
        fn no_line_of_a_chain_can_be_changed(
            texts in vec("\\PC{0,8}", 1..4), line in any::<Index>(), place in any::<Index>(), letter in "[\\x20-~é\\n]",
        ) {
            let lines = export(&texts);
            prop_assert!(verified(&lines));
            let (line, mut changed) = (line.index(lines.len()), lines.clone());
            let at: Vec<usize> = lines[line].char_indices().map(|(at, _)| at).collect();
            let at = at[place.index(at.len())];
            let after = at + lines[line][at..].chars().next().map_or(0, char::len_utf8);
            changed[line] = format!("{}{letter}{}", &lines[line][..at], &lines[line][after..]);
            prop_assert!(changed == lines || !verified(&changed), "{}", changed[line]);
            changed[line] = format!("{}{letter}{}", &lines[line][..at], &lines[line][at..]);
            prop_assert!(!verified(&changed), "{}", changed[line]);
            changed[line].truncate(at);
            prop_assert!(!verified(&changed), "{}", changed[line]);
        }

        #[test]
        fn no_line_of_a_chain_can_be_moved(texts in vec("\\PC{0,8}", 2..5), from in any::<Index>(), to in any::<Index>()) {
            let lines = export(&texts);
            let (from, to) = (from.index(lines.len()), to.index(lines.len()));
            let mut moved = lines.clone();
            let line = moved.remove(from);
            // Without its last event a chain looks whole: that is what a head is for.
            prop_assert!(from + 1 == lines.len() || !verified(&moved));
            moved.insert(to, line.clone());
            prop_assert!(moved == lines || !verified(&moved));
            let mut repeated = lines.clone();
            repeated.insert(to, line);
            prop_assert!(!verified(&repeated));
        }

        #[test]
        fn any_line_is_followed_or_refused(line in "\\PC{0,60}", json in "[\\[\\]{}:,\"a0]{0,40}") {
            for line in [line, json] {
                prop_assert!(Chains::after(Vec::new()).take(&line).is_err(), "{}", line);
                prop_assert!(line.parse::<Head>().is_err(), "{}", line);
            }
        }
    }

    fn verified(lines: &[String]) -> bool {
        let mut chains = Chains::after(Vec::new());
        lines.iter().all(|line| chains.take(line).is_ok())
    }

    /// A chain with an event for each of these texts, as the server writes it.
    pub(in crate::audit) fn export(texts: &[String]) -> Vec<String> {
        let mut previous = BEGINNING;
        let line = |(place, text): (usize, &String)| {
            let mut event = AuditEvent {
                id: format!("evt_01jd000000000000000000000{place}"),
                chain: "platform".to_owned(),
                sequence: place as i64 + 1,
                at: DateTime::from_timestamp(1_795_176_000, 5_000).unwrap(),
                actor: wire::AuditActor { kind: "system".to_owned(), id: text.clone() },
                action: "region.created".to_owned(),
                target: wire::AuditTarget { kind: "region".to_owned(), id: text.clone() },
                tenant_id: None,
                partner_id: Some("ptr_01jd0000000000000000000000".to_owned()),
                request_id: "req_1".to_owned(),
                address: Some("203.0.113.9".to_owned()),
                details: BTreeMap::from([(text.clone(), text.clone()), ("name".to_owned(), "A".to_owned())]),
                hash: String::new(),
            };
            previous = domain_event(&event).unwrap().hash(&previous);
            event.hash = hex::encode(&previous);
            serde_json::to_string(&event).unwrap()
        };
        texts.iter().enumerate().map(line).collect()
    }
}
