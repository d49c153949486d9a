//! Work that nobody asks for. Nothing depends on when it runs: what has expired is refused by the clock, not by a job. What it
//! takes away does not come back, so it waits until a leap of the clock is known to be none.

use domain::audit::{AuditAction, Chain, Target};
use domain::tenant::Tenant;
use domain::time;
use persistence::{
    api_tokens, changes, claims, idempotent_requests, invitations, key_usage_days, leases, login_failures, purge,
    sessions, tenants,
};

use crate::error::Result;
use crate::freeze;
use crate::once;
use crate::service::{Service, system};

const TENANTS_AT_ONCE: i64 = 20;

impl Service {
    /// One round, unless there is a freeze: forgets old bookkeeping, removes tenants whose time has come, and ends pairs that are quiet.
    pub fn keep_house(&self) -> Result<()> {
        if freeze::find(self)?.is_some() {
            return Ok(());
        }
        let (system, actor) = system("housekeeping");
        let mut context = self.patient_context()?;
        let (now, author) = (context.now, context.author(actor));
        let kept = self.retention;
        self.database.keep_books("forget old books", &author, |db| -> Result<()> {
            idempotent_requests::forget(system, db, now - once::WINDOW, now - once::MEMORY)?;
            login_failures::forget(system, db, now - time::days(1))?;
            claims::wipe_expired(system, db)?;
            sessions::forget(system, db, now - kept.sessions)?;
            invitations::forget_expired(system, db, now - kept.invitations)?;
            key_usage_days::forget(system, db, kept.first_day_of_usage(now))?;
            api_tokens::forget_expired(system, db, now - kept.tokens)?;
            changes::forget(system, db, now - kept.changes)?;
            leases::forget(system, db, time::days(1))?;
            Ok(())
        })?;
        let due = self.read(|db| Ok(tenants::due_for_purge(system, db, now, TENANTS_AT_ONCE)?))?;
        due.iter().try_for_each(|tenant| self.purge(tenant))?;
        self.retire_quiet_pairs()
    }

    fn purge(&self, tenant: &Tenant) -> Result<()> {
        let (system, actor) = system("housekeeping");
        let author = self.patient_context()?.author(actor);
        let chain = Chain::Tenant(tenant.id.clone(), tenant.partner.clone());
        let purged = self.database.write("purge tenant", &author, &chain, |db| -> Result<()> {
            purge::tenant(system, db, &tenant.id)?;
            Ok(db.record(AuditAction::TenantPurged, Target::new("tenant", &tenant.id), &[])?)
        });
        match purged {
            // Another replica was faster.
            Err(crate::Error::Database(persistence::Error::Stale | persistence::Error::Busy)) => Ok(()),
            other => other,
        }
    }
}
