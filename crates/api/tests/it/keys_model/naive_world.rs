//! A tenant's keys as one would keep them on paper: a row for each key, a few marks, and the three products' rules.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::Timestamp;
use serde_json::{Value, json};

/// The status and the problem with which something is refused.
pub(super) type No = (u16, &'static str);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Product {
    Instance,
    Pair,
    Multi,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Active,
    Disabled,
    Revoked,
}

#[derive(Debug, Clone)]
pub(super) struct NaiveKey {
    pub product: Product,
    pub instance: String,
    pub label: Option<String>,
    pub description: Option<String>,
    pub buckets: Vec<String>,
    pub expires_at: Option<Timestamp>,
    pub state: State,
    pub access_key_id: String,
    pub since: Timestamp,
    /// The pair before, its beginning and its end.
    pub retiring: Option<(String, Timestamp, Timestamp)>,
    pub version: i64,
}

#[derive(Debug, Default)]
pub(super) struct NaiveWorld {
    pub keys: BTreeMap<String, NaiveKey>,
    pub instances: BTreeMap<String, Product>,
}

const LONGEST_GRACE: i64 = 30 * 86_400;

impl Product {
    pub(super) const ALL: [Self; 3] = [Self::Instance, Self::Pair, Self::Multi];

    /// Of its key model, and of the region that has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Pair => "pair",
            Self::Multi => "multi",
        }
    }
}

impl NaiveKey {
    pub(super) fn status(&self, now: Timestamp) -> &'static str {
        match self.state {
            State::Revoked => "revoked",
            State::Active | State::Disabled if self.expires_at.is_some_and(|at| at <= now) => "expired",
            State::Disabled => "disabled",
            State::Active => "active",
        }
    }

    fn unless_over(&self, now: Timestamp) -> Result<(), No> {
        match self.status(now) {
            "revoked" => Err((409, "key-revoked")),
            "expired" => Err((409, "key-expired")),
            _ => Ok(()),
        }
    }

    pub(super) fn may_reset(&self, now: Timestamp) -> Result<(), No> {
        if self.product == Product::Instance { Err((409, "key-model-forbids-reset")) } else { self.unless_over(now) }
    }

    pub(super) fn may_rotate(&self, grace: i64, now: Timestamp) -> Result<(), No> {
        match self.product {
            Product::Instance | Product::Pair => Err((409, "key-model-forbids-rotate")),
            Product::Multi if grace > LONGEST_GRACE => Err((422, "invalid")),
            Product::Multi => self.unless_over(now),
        }
    }

    pub(super) fn may_revoke(&self) -> Result<(), No> {
        match (self.product, self.state) {
            (Product::Instance | Product::Pair, _) => Err((409, "key-model-forbids-revoke")),
            (Product::Multi, State::Revoked) => Err((409, "key-revoked")),
            (Product::Multi, State::Active | State::Disabled) => Ok(()),
        }
    }

    pub(super) fn may_disable(&self, now: Timestamp) -> Result<(), No> {
        self.unless_over(now)?;
        if self.state == State::Disabled { Err((409, "key-already-disabled")) } else { Ok(()) }
    }

    pub(super) fn may_enable(&self, now: Timestamp) -> Result<(), No> {
        self.unless_over(now)?;
        if self.state == State::Disabled { Ok(()) } else { Err((409, "key-not-disabled")) }
    }

    pub(super) fn may_delete(&self) -> Result<(), No> {
        if self.product == Product::Pair { Err((409, "key-model-forbids-delete")) } else { Ok(()) }
    }

    pub(super) fn may_change(
        &self,
        clears_label: bool,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), No> {
        self.unless_over(now)?;
        let lacks_label = clears_label && self.product == Product::Multi;
        let ends_now = expires_at.is_some_and(|at| at <= now) && expires_at != self.expires_at;
        if lacks_label || ends_now { Err((422, "invalid")) } else { Ok(()) }
    }

    /// As the API shows it, but for what never changes.
    pub(super) fn shown(&self, id: &str, now: Timestamp) -> Value {
        let mut pairs = vec![json!({"access_key_id": self.access_key_id, "state": "current", "since": self.since})];
        if let Some((old, since, until)) = self.retiring.as_ref().filter(|(_, _, until)| now < *until) {
            pairs.push(json!({"access_key_id": old, "state": "retiring", "since": since, "until": until}));
        }
        let access = if self.buckets.is_empty() { "all" } else { "specific" };
        let rotate_by = (self.product == Product::Multi).then(|| self.since + TimeDelta::days(90));
        json!({
            "id": id, "instance_id": self.instance, "region": self.product.name(), "label": self.label,
            "description": self.description, "access_key_id": self.access_key_id, "status": self.status(now),
            "buckets": {"access": access, "names": self.buckets}, "expires_at": self.expires_at,
            "rotate_by": rotate_by, "version": self.version, "pairs": pairs,
        })
    }
}

impl NaiveWorld {
    pub(super) fn instances_of(&self, product: Product) -> Vec<&String> {
        self.instances.iter().filter(|(_, of)| **of == product).map(|(id, _)| id).collect()
    }

    /// In which instance a key is that names the region alone.
    pub(super) fn place(&self, product: Product) -> Result<String, No> {
        match self.instances_of(product).as_slice() {
            [only] => Ok((*only).clone()),
            [] => Err((409, "region-unavailable")),
            [_, _, ..] => Err((422, "invalid")),
        }
    }

    pub(super) fn may_create(&self, key: &NaiveKey, now: Timestamp) -> Result<(), No> {
        let in_use = self.keys.values().filter(|other| other.instance == key.instance);
        let counting = in_use.filter(|other| !["revoked", "expired"].contains(&other.status(now))).count();
        if key.product == Product::Pair && counting > 0 {
            return Err((409, "too-many-keys"));
        }
        let lacks = match key.product {
            Product::Multi => key.label.is_none(),
            Product::Instance => key.description.is_none(),
            Product::Pair => false,
        };
        let too_narrow = key.product != Product::Multi && !key.buckets.is_empty();
        if lacks || too_narrow || key.expires_at.is_some_and(|at| at <= now) { Err((422, "invalid")) } else { Ok(()) }
    }

    pub(super) fn may_make_instance(&self, product: Product) -> Result<(), No> {
        let is_full = product != Product::Instance && !self.instances_of(product).is_empty();
        if is_full { Err((409, "one-instance")) } else { Ok(()) }
    }

    pub(super) fn may_delete_instance(&self, id: &str) -> Result<(), No> {
        match self.instances.get(id) {
            None => Err((404, "not-found")),
            Some(Product::Pair) if self.keys.values().any(|key| key.instance == id) => {
                Err((409, "key-model-forbids-delete"))
            }
            Some(_) => Ok(()),
        }
    }

    /// What a region says of itself.
    pub(super) fn region_status(&self, product: Product) -> &'static str {
        if self.keys.values().any(|key| key.product == product) { "ACTIVE" } else { "NOT CONFIGURED" }
    }
}
