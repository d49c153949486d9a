//! Which changes have been seen, to know answers that are older than those.

use std::collections::HashMap;

use wire::{ChangeEvent, ChangeKind};

/// How many are told apart; beyond that all keys count as changed.
const MOST: usize = 10_000;

#[derive(Default)]
pub(crate) struct Seen {
    /// How often everything was forgotten.
    beginnings: u64,
    /// Where the feed was when it was begun to be followed: what changed before is known to nobody here.
    begun_at: i64,
    /// The newest change of each.
    keys: HashMap<String, i64>,
    tenants: HashMap<String, i64>,
    everybody: i64,
    count: u64,
}

/// What had been seen when a question was sent.
#[derive(Clone, Copy)]
pub(crate) struct Before {
    beginnings: u64,
    count: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// As new as all that is known.
    New,
    /// Good for whoever asked, and nobody after: a change before the feed was followed may be missing in it.
    ForOnce,
    /// Older than something seen while it was on its way.
    Outdated,
}

impl Seen {
    pub(crate) fn before(&self) -> Before {
        Before { beginnings: self.beginnings, count: self.count }
    }

    /// Follows the feed from here on.
    pub(crate) fn begin(&mut self, at: i64) {
        *self = Self { beginnings: self.beginnings + 1, begun_at: at, count: self.count + 1, ..Self::default() };
    }

    /// A change with everything before it. One that was told before its turn is not noted here: until it is told again,
    /// nobody counts on its having been heard.
    pub(crate) fn note(&mut self, change: &ChangeEvent) {
        self.count += 1;
        let number = change.sequence;
        match (change.kind, &change.access_key_id, &change.tenant_id) {
            (ChangeKind::Key, Some(id), _) => raise(&mut self.keys, id, number),
            (ChangeKind::Tenant, _, Some(id)) => raise(&mut self.tenants, id, number),
            _ => self.everybody = self.everybody.max(number),
        }
        if self.keys.len() + self.tenants.len() > MOST {
            let newest = self.keys.values().chain(self.tenants.values()).copied().max();
            self.everybody = self.everybody.max(newest.unwrap_or(0));
            self.keys.clear();
            self.tenants.clear();
        }
    }

    /// Of an answer that something is there, which says how new it is.
    pub(crate) fn age_of(&self, before: Before, access_key_id: &str, tenant: &str, sequence: i64) -> Age {
        let newest = self.keys.get(access_key_id).max(self.tenants.get(tenant)).copied();
        if before.beginnings != self.beginnings || sequence < newest.unwrap_or(0).max(self.everybody) {
            Age::Outdated
        } else if sequence < self.begun_at {
            Age::ForOnce
        } else {
            Age::New
        }
    }

    /// Of an answer that nothing is there, which does not.
    pub(crate) fn age_of_nothing(&self, before: Before) -> Age {
        if before.count == self.count { Age::New } else { Age::ForOnce }
    }
}

fn raise(numbers: &mut HashMap<String, i64>, id: &str, to: i64) {
    match numbers.get_mut(id) {
        Some(number) => *number = to.max(*number),
        None => {
            numbers.insert(id.to_owned(), to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(sequence: i64, kind: ChangeKind, id: &str) -> ChangeEvent {
        let named = |wanted| (kind == wanted).then(|| id.to_owned());
        ChangeEvent {
            sequence,
            kind,
            access_key_id: named(ChangeKind::Key),
            tenant_id: named(ChangeKind::Tenant),
            partner_id: named(ChangeKind::Partner),
            at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_answer_older_than_a_change_of_what_it_is_about_is_outdated() {
        let mut seen = Seen::default();
        seen.begin(10);
        let before = seen.before();
        seen.note(&change(20, ChangeKind::Key, "A"));
        seen.note(&change(30, ChangeKind::Tenant, "t"));
        assert_eq!(seen.age_of(before, "A", "u", 19), Age::Outdated);
        assert_eq!(seen.age_of(before, "A", "u", 20), Age::New);
        assert_eq!(seen.age_of(before, "B", "u", 15), Age::New, "nothing of it has changed");
        assert_eq!(seen.age_of(before, "B", "t", 29), Age::Outdated);
        seen.note(&change(40, ChangeKind::Partner, "p"));
        assert_eq!(seen.age_of(before, "B", "u", 39), Age::Outdated, "whose partner it is nobody knows here");
        assert_eq!(seen.age_of_nothing(before), Age::ForOnce);
        assert_eq!(seen.age_of_nothing(seen.before()), Age::New);
    }

    #[test]
    fn what_is_older_than_the_beginning_is_not_remembered() {
        let mut seen = Seen::default();
        let before = seen.before();
        seen.begin(10);
        assert_eq!(seen.age_of(before, "A", "t", 11), Age::Outdated, "it was asked before the beginning");
        assert_eq!(seen.age_of(seen.before(), "A", "t", 9), Age::ForOnce);
        assert_eq!(seen.age_of(seen.before(), "A", "t", 10), Age::New);
    }

    #[test]
    fn what_is_kept_is_bounded_and_nothing_is_lost_by_it() {
        let mut seen = Seen::default();
        for number in 1..=20_000 {
            seen.note(&change(number, ChangeKind::Key, &number.to_string()));
            assert!(seen.keys.len() <= MOST);
        }
        for number in [1, 9_999, 10_001, 20_000] {
            assert_eq!(seen.age_of(seen.before(), &number.to_string(), "t", number - 1), Age::Outdated);
        }
    }
}
