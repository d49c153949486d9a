//! Who asks for the keys of ids that nobody has: one that is misled by its clients, or one that is guessing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use authz::caller::GatewayToken;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::audit::{AuditAction, Chain, Target};
use domain::id::GatewayId;
use domain::time;

use crate::context::Context;
use crate::error::Result;
use crate::service::Service;

/// So many unknown ids in so long are an alarm, and one for that time.
const MANY: u64 = 300;
const WINDOW: TimeDelta = time::minutes(1);

#[derive(Default)]
pub(crate) struct Guesses(Mutex<HashMap<GatewayId, Guessing>>);

struct Guessing {
    since: Timestamp,
    unknown: u64,
    has_alarmed: bool,
}

impl Guesses {
    /// Whether it is time for an alarm, and how many there were until now.
    fn note(&self, gateway: &GatewayId, unknown: u64, now: Timestamp) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || Guessing { since: now, unknown: 0, has_alarmed: false };
        let guessing = all.entry(gateway.clone()).or_insert_with(begin);
        if now - guessing.since >= WINDOW {
            *guessing = begin();
        }
        guessing.unknown += unknown;
        let is_time = guessing.unknown >= MANY && !guessing.has_alarmed;
        guessing.has_alarmed |= is_time;
        is_time.then_some(guessing.unknown)
    }
}

impl Service {
    /// Takes note of ids that a gateway was given nothing for.
    pub(super) fn note_unknown(&self, context: &mut Context, asker: &GatewayToken, unknown: u64) -> Result<()> {
        if unknown == 0 {
            return Ok(());
        }
        let id = &asker.gateway.id;
        let Some(unknown) = self.plane.guesses.note(id, unknown, context.now) else { return Ok(()) };
        tracing::warn!(gateway = %id, unknown, "a gateway asks for the keys of many ids that nobody has");
        let author = context.author(domain::actor::Actor::gateway(id));
        let details = [("unknown", unknown.to_string()), ("seconds", WINDOW.num_seconds().to_string())];
        self.database.write("alarm", &author, &Chain::Platform, |db| -> Result<()> {
            Ok(db.record(AuditAction::GatewayEnumerationSuspected, Target::new("gateway", id), &details)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_of_unknown_ids_is_one_alarm_a_minute() {
        let guesses = Guesses::default();
        let now = Timestamp::UNIX_EPOCH;
        let mut entropy = domain::Entropy::from_seed([1; 32]);
        let (one, other) = (GatewayId::draw(&mut entropy, now), GatewayId::draw(&mut entropy, now));
        assert_eq!(guesses.note(&one, MANY - 1, now), None);
        assert_eq!(guesses.note(&other, MANY - 1, now), None);
        assert_eq!(guesses.note(&one, 1, now), Some(MANY));
        assert_eq!(guesses.note(&one, MANY, now), None, "it was said");
        assert_eq!(guesses.note(&one, MANY - 1, now + WINDOW), None);
        assert_eq!(guesses.note(&one, 1, now + WINDOW), Some(MANY));
    }
}
