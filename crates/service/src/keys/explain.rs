use authz::Permit;
use authz::action::ExplainKey;
use domain::explanation::{Explanation, Facts};
use domain::key::AccessKeyId;
use domain::{Invalid, Timestamp};
use persistence::key_pairs::{self, Holder};
use persistence::{authentication, quarantine};

use super::{Home, find};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::{Service, tenant_of};

/// Why an access key id of the tenant's counts or does not. Somebody else's are as unknown as nobody's.
pub fn explain(
    service: &Service,
    context: &Context,
    permit: &Permit<ExplainKey>,
    access_key_id: &AccessKeyId,
    at: Option<Timestamp>,
) -> Result<Explanation> {
    let at = at.unwrap_or(context.now);
    if at > context.now {
        return Err(Error::at("/at", &Invalid::because("Must not lie in the future.")));
    }
    service.read(|db| {
        let unknown = |deleted_at| Explanation::of_unknown(access_key_id.clone(), deleted_at, at);
        let id = match key_pairs::holder(permit, db, access_key_id)? {
            None => return Ok(unknown(None)),
            Some(Holder::Nobody { since }) => return Ok(unknown(Some(since))),
            Some(Holder::Key(id)) => id,
        };
        let key = find(permit, db, &id)?;
        let pair = key_pairs::find(permit, db, access_key_id)?.ok_or(Error::NotFound)?;
        let tenant = tenant_of(permit, db)?;
        let partners = authentication::partners_on(db, tenant.partner.as_ref())?;
        let Home { service, .. } = Home::find(permit, db, &key.region)?;
        let is_held_back = quarantine::holds_back(permit, db, access_key_id)?;
        let facts = Facts { tenant: &tenant, partners: &partners, service, key: &key, pair: &pair, is_held_back };
        Ok(Explanation::of(facts, at))
    })
}
