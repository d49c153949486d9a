use authz::Permit;
use authz::action::ImportKeys;
use domain::Invalid;
use domain::audit::AuditAction;
use domain::key::{AccessKeyId, SecretAccessKey, Terms};

use super::create::{NewPair, Place, instance_at};
use super::{KeyShown, Maker};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::guardrails::Rails;
use crate::service::{Service, tenant_of};

/// A key that came about elsewhere, with its pair.
pub struct ImportOrder {
    pub place: Place,
    pub access_key_id: AccessKeyId,
    pub secret: SecretAccessKey,
    pub terms: Terms,
}

/// Each by itself: one that is refused changes nothing and stops no other. Sent again, what was imported is taken.
pub fn import(
    service: &Service,
    context: &mut Context,
    permit: &Permit<ImportKeys>,
    orders: &[ImportOrder],
) -> Vec<Result<KeyShown>> {
    orders.iter().map(|order| service.import_one(context, permit, order)).collect()
}

impl Service {
    fn import_one(&self, context: &mut Context, permit: &Permit<ImportKeys>, order: &ImportOrder) -> Result<KeyShown> {
        if order.access_key_id.is_misprint() {
            let why = "Looks like one of ours and has a wrong checksum: nobody ever had it. Check it for a misprint.";
            return Err(Error::at("/access_key_id", &Invalid::because(why)));
        }
        let author = context.author_of(permit.caller());
        self.database.write("import key", &author, &permit.chain(), |db| {
            tenant_of(permit, db)?.unless_being_deleted()?;
            let (instance, home) = instance_at(permit, db, &order.place)?;
            let rails = Rails::over(permit, db, permit.caller())?;
            // Whoever brings a secret along has seen it.
            rails.ask_for_secrets()?;
            let pair = NewPair {
                access_key_id: order.access_key_id.clone(),
                secret: &order.secret,
                maker: Maker::NOBODY,
                action: AuditAction::KeyImported,
                if_taken: Error::AccessKeyIdTaken,
            };
            let key = self.insert_key(permit, db, &instance, &home, order.terms.clone(), &rails, pair)?;
            let now = db.now();
            KeyShown::unused(permit, db, key, &home.switches, now)
        })
    }
}
