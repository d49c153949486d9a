//! Who was refused by the authorisation table, and how often: gathered in memory, and written into the audit of the
//! caller's own level at a bounded rate.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use authz::Caller;
use authz::action::Operation;
use chrono::{SecondsFormat, TimeDelta};
use domain::Timestamp;
use domain::actor::Actor;
use domain::audit::{AuditAction, Chain, Origin, Target};
use domain::id::{PartnerId, TenantId};
use domain::time;
use persistence::Error as DatabaseError;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::{Service, system};

/// For so long one caller leaves one event for one operation.
const WINDOW: TimeDelta = time::minutes(1);
/// Of one tenant, partner or the platform. Further ones are counted together.
const MOST_OF_ONE_CHAIN: usize = 100;
const MOST: usize = 10_000;

#[derive(Default)]
pub(crate) struct Denials(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    entries: HashMap<Key, Denial>,
    of_chain: HashMap<String, usize>,
    /// Those for which there was no room at all.
    lost: u64,
}

/// One caller and one operation, or everybody else of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    One { caller: String, operation: Operation },
    Others { chain: String },
}

/// The newest of some denials, and what has gathered since the last event.
#[derive(Debug, Clone)]
struct Denial {
    chain: Chain,
    actor: Actor,
    origin: Origin,
    asked: String,
    answer: &'static str,
    since: Timestamp,
    unwritten: u64,
    written_at: Option<Timestamp>,
}

impl Service {
    /// Remembers that the table refused `operation`. What was asked for is noted alike whether it is there or not.
    pub fn note_denial(&self, context: &Context, caller: &Caller, operation: Operation, asked: &str, refused: &Error) {
        let answer = if matches!(refused, Error::Forbidden) {
            "403"
        } else if matches!(refused, Error::NotFound) {
            "404"
        } else {
            return;
        };
        self.denials.note(
            Key::One { caller: caller.identity().to_owned(), operation },
            Denial {
                chain: caller.chain(),
                actor: caller.actor(),
                origin: context.origin.clone(),
                asked: recordable(asked).to_owned(),
                answer,
                since: context.now,
                unwritten: 1,
                written_at: None,
            },
        );
    }

    /// Writes down what is due. What cannot be written now is kept for the next time.
    pub fn write_down_denials(&self) -> Result<()> {
        let now = self.clock.now();
        let (due, lost) = self.denials.due(now);
        if lost > 0 {
            tracing::warn!(lost, "there was no room to remember denials");
        }
        let mut result = Ok(());
        for (key, denial) in due {
            match self.write_down(&key, &denial) {
                Ok(()) => self.denials.written(&key, denial.unwritten, now),
                Err(error) => {
                    let is_away = is_away(&error);
                    result = result.and(Err(error));
                    if is_away {
                        break;
                    }
                }
            }
        }
        result
    }

    fn write_down(&self, key: &Key, denial: &Denial) -> Result<()> {
        let mut context = self.own_context()?;
        context.origin = denial.origin.clone();
        let author = context.author(denial.actor.clone());
        let operation = match key {
            Key::One { operation, .. } => operation.as_str(),
            Key::Others { .. } => "others",
        };
        let details = [
            ("refused", denial.unwritten.to_string()),
            ("since", denial.since.to_rfc3339_opts(SecondsFormat::Micros, true)),
            ("answer", denial.answer.to_owned()),
        ];
        self.database.write("note denial", &author, &denial.chain, |db| -> Result<()> {
            Ok(db.record(AuditAction::AccessDenied, Target::new(operation, &denial.asked), &details)?)
        })
    }
}

impl Denials {
    fn note(&self, key: Key, denial: Denial) {
        let mut noted = self.lock();
        if noted.add_to(&key, &denial) {
            return;
        }
        let chain = denial.chain.name();
        let of_chain = noted.of_chain.get(&chain).copied().unwrap_or_default();
        if of_chain < MOST_OF_ONE_CHAIN {
            noted.insert(key, denial);
            return;
        }
        let others = Key::Others { chain };
        let (_, actor) = system("denials");
        let denial = Denial { actor, asked: "others".to_owned(), ..denial };
        if !noted.add_to(&others, &denial) {
            noted.insert(others, denial);
        }
    }

    /// What may be written at this moment; and how many were lost since this was last asked.
    fn due(&self, now: Timestamp) -> (Vec<(Key, Denial)>, u64) {
        let mut noted = self.lock();
        let is_over = |denial: &Denial| denial.written_at.is_none_or(|at| now - at >= WINDOW);
        noted.retain(|denial| denial.unwritten > 0 || !is_over(denial));
        let due = noted.entries.iter().filter(|(_, denial)| denial.unwritten > 0 && is_over(denial));
        let due = due.map(|(key, denial)| (key.clone(), denial.clone())).collect();
        (due, std::mem::take(&mut noted.lost))
    }

    fn written(&self, key: &Key, count: u64, at: Timestamp) {
        if let Some(denial) = self.lock().entries.get_mut(key) {
            denial.unwritten = denial.unwritten.saturating_sub(count);
            denial.written_at = Some(at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    /// Counts it with those that are there already, if there are any.
    fn add_to(&mut self, key: &Key, newest: &Denial) -> bool {
        let Some(denial) = self.entries.get_mut(key) else { return false };
        let since = if denial.unwritten == 0 { newest.since } else { denial.since };
        let (unwritten, written_at) = (denial.unwritten + 1, denial.written_at);
        *denial = Denial { since, unwritten, written_at, ..newest.clone() };
        true
    }

    fn insert(&mut self, key: Key, denial: Denial) {
        if self.entries.len() >= MOST {
            self.lost += 1;
            return;
        }
        *self.of_chain.entry(denial.chain.name()).or_default() += 1;
        self.entries.insert(key, denial);
    }

    fn retain(&mut self, keep: impl Fn(&Denial) -> bool) {
        let Self { entries, of_chain, .. } = self;
        entries.retain(|_, denial| {
            let is_kept = keep(denial);
            if !is_kept && let Some(count) = of_chain.get_mut(&denial.chain.name()) {
                *count -= 1;
            }
            is_kept
        });
        of_chain.retain(|_, count| *count > 0);
    }
}

/// What was asked for, if it can be an object's name: anything else may be a secret in the wrong place.
fn recordable(asked: &str) -> &str {
    let is_name =
        matches!(asked, "platform" | "me") || TenantId::parse(asked).is_ok() || PartnerId::parse(asked).is_ok();
    if is_name { asked } else { "unreadable" }
}

fn is_away(error: &Error) -> bool {
    matches!(
        error,
        Error::Database(
            DatabaseError::Busy | DatabaseError::Frozen | DatabaseError::Unreachable(_) | DatabaseError::Unwritable(_)
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_763_000_000 + seconds, 0).unwrap()
    }

    fn denial(since: Timestamp) -> Denial {
        Denial {
            chain: Chain::Platform,
            actor: Actor::system("test"),
            origin: Origin { request_id: "req".to_owned(), address: None },
            asked: "platform".to_owned(),
            answer: "403",
            since,
            unwritten: 1,
            written_at: None,
        }
    }

    fn key(caller: usize) -> Key {
        Key::One { caller: format!("usr_{caller}"), operation: Operation::ListKeys }
    }

    /// Writes down what is due, and says how many each event stands for.
    fn write(denials: &Denials, now: Timestamp) -> Vec<u64> {
        let (due, _) = denials.due(now);
        due.iter().for_each(|(key, denial)| denials.written(key, denial.unwritten, now));
        due.iter().map(|(_, denial)| denial.unwritten).collect()
    }

    #[test]
    fn the_first_is_written_at_once_and_the_rest_a_minute_later() {
        let denials = Denials::default();
        denials.note(key(1), denial(at(0)));
        assert_eq!(write(&denials, at(0)), [1]);
        for second in 1..=59 {
            denials.note(key(1), denial(at(second)));
            assert!(write(&denials, at(second)).is_empty());
        }
        let (due, _) = denials.due(at(60));
        assert_eq!(due.iter().map(|(_, denial)| denial.since).collect::<Vec<_>>(), [at(1)]);
        assert_eq!(write(&denials, at(60)), [59]);
        assert!(write(&denials, at(119)).is_empty() && !denials.lock().entries.is_empty());
        assert!(write(&denials, at(120)).is_empty() && denials.lock().entries.is_empty(), "nothing is kept for ever");
        assert!(denials.lock().of_chain.is_empty());
    }

    #[test]
    fn what_comes_while_it_is_written_is_counted_next_time() {
        let denials = Denials::default();
        denials.note(key(1), denial(at(0)));
        let (due, _) = denials.due(at(0));
        denials.note(key(1), denial(at(0)));
        denials.written(&due[0].0, due[0].1.unwritten, at(0));
        assert_eq!(write(&denials, at(60)), [1]);
    }

    #[test]
    fn a_crowd_of_callers_is_counted_together() {
        let denials = Denials::default();
        for _ in 0..3 {
            (0..1_000).for_each(|caller| denials.note(key(caller), denial(at(0))));
        }
        let events = write(&denials, at(0));
        assert_eq!((events.len(), events.iter().sum::<u64>()), (MOST_OF_ONE_CHAIN + 1, 3_000));
    }

    #[test]
    fn memory_is_bounded() {
        let denials = Denials::default();
        let mut entropy = domain::Entropy::from_seed([5; 32]);
        for caller in 0..MOST + 7 {
            let chain = Chain::Tenant(TenantId::draw(&mut entropy, at(0)), None);
            denials.note(key(caller), Denial { chain, ..denial(at(0)) });
        }
        let (due, lost) = denials.due(at(0));
        assert_eq!((due.len(), lost), (MOST, 7));
    }

    #[test]
    fn only_names_are_recorded() {
        for name in ["platform", "me", "ten_01jd0000000000000000000000", "ptr_01jd0000000000000000000000"] {
            assert_eq!(recordable(name), name);
        }
        for other in ["", "x", "krt_secret", "ten_01jd0000000000000000000000\0", &"a".repeat(5_000)] {
            assert_eq!(recordable(other), "unreadable");
        }
    }
}
