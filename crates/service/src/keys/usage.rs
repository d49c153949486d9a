use authz::Permit;
use authz::action::ReadKeyUsage;
use domain::Timestamp;
use domain::id::KeyId;
use domain::key::{Key, Pair};
use domain::time::Day;
use persistence::key_usage::{self, Use};
use persistence::key_usage_days;

use super::find;
use crate::context::Context;
use crate::error::Result;
use crate::service::{Service, system};

/// A key and what is known of the use of each of its pairs.
pub struct KeyUsage {
    pub key: Key,
    pub uses: Vec<Use>,
    /// The newest first.
    pub days: Vec<(Day, i64)>,
    pub now: Timestamp,
}

impl KeyUsage {
    pub fn of(&self, pair: &Pair) -> Option<&Use> {
        self.uses.iter().find(|used| used.access_key_id == pair.access_key_id)
    }

    pub fn last_used_at(&self) -> Option<Timestamp> {
        self.uses.iter().map(|used| used.at).max()
    }
}

pub fn usage(service: &Service, context: &Context, permit: &Permit<ReadKeyUsage>, id: &KeyId) -> Result<KeyUsage> {
    service.read(|db| {
        let key = find(permit, db, id)?;
        let uses = key_usage::of_key(permit, db, id)?;
        let days = key_usage_days::of_key(permit, db, id, service.retention.first_day_of_usage(context.now))?;
        Ok(KeyUsage { key, uses, days, now: context.now })
    })
}

impl Service {
    /// Writes down what gateways have counted. A batch is taken as a whole or not at all, so one that failed can be sent
    /// again.
    pub fn record_usage(&self, uses: &[Use]) -> Result<()> {
        let (system, actor) = system("key usage");
        let author = self.own_context()?.author(actor);
        self.database
            .keep_books("record key usage", &author, |db| -> Result<()> { Ok(key_usage::add(system, db, uses)?) })
    }
}
