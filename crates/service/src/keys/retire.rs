//! Ends retiring pairs that have become quiet.

use authz::Tenancy;
use domain::audit::{AuditAction, Chain, Target};
use domain::id::KeyId;
use domain::key::PairState;
use persistence::{authentication, key_usage, keys};

use super::tell;
use crate::error::{Error, Result};
use crate::service::{Service, system};

const AT_ONCE: i64 = 100;

impl Service {
    /// One round. What it does not come to, the pairs' own ends do.
    pub(crate) fn retire_quiet_pairs(&self) -> Result<()> {
        let (system, _) = system("housekeeping");
        let now = self.clock.reached();
        let due = self.read(|db| {
            let found = key_usage::perhaps_quiet(system, db, now, AT_ONCE)?;
            let located = found.into_iter().map(|(tenant, key)| {
                Ok(authentication::locate_tenant(db, &tenant, now)?.map(|tenancy| (tenancy, key)))
            });
            located.collect::<Result<Vec<_>>>()
        })?;
        due.into_iter().flatten().try_for_each(|(tenancy, key)| self.retire_if_quiet(tenancy, &key))
    }

    fn retire_if_quiet(&self, tenancy: Tenancy, id: &KeyId) -> Result<()> {
        let (system, actor) = system("housekeeping");
        let author = self.patient_context()?.author(actor);
        let chain = Chain::Tenant(tenancy.id.clone(), tenancy.partner.clone());
        let tenant = system.on(tenancy);
        let retired = self.database.write("retire quiet pair", &author, &chain, |db| -> Result<()> {
            let now = db.now();
            // Nothing, unless it still is as it was when it was looked for.
            db.nothing_to_record();
            let Some(key) = keys::find(&tenant, db, id)? else { return Ok(()) };
            let Some(pair) = key.pairs.retiring(now).cloned() else { return Ok(()) };
            let PairState::Retiring(retirement) = pair.state else { return Ok(()) };
            let uses = key_usage::of_key(&tenant, db, id)?;
            let last_used_at = uses.iter().find(|used| used.access_key_id == pair.access_key_id).map(|used| used.at);
            // Where no use of the key at all was reported, nobody reports: silence says nothing.
            let is_heard_of = uses.iter().any(|used| used.at >= retirement.since);
            if !is_heard_of || !retirement.is_quiet(last_used_at, now) {
                return Ok(());
            }
            let Ok(key) = key.retire(now) else { return Ok(()) };
            let key = keys::update(&tenant, db, key, None)?;
            tell(db, &key)?;
            let mut details = vec![("access_key_id", pair.access_key_id.to_string())];
            if let Some(at) = last_used_at {
                details.push(("last_used_at", at.to_rfc3339()));
            }
            Ok(db.record(AuditAction::KeyRetired, Target::new("key", id), &details)?)
        });
        match retired {
            // Another replica was faster.
            Err(Error::Database(persistence::Error::Stale | persistence::Error::Busy)) => Ok(()),
            other => other,
        }
    }
}
