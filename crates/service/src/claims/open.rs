use authz::OnTenant;
use domain::actor::Actor;
use domain::audit::{AuditAction, Chain, Target};
use domain::key::{AccessKeyId, Key, SecretAccessKey};
use domain::liveness::{self, Standing};
use domain::region::Region;
use domain::token::{self, TokenKind};
use domain::{Secret, Timestamp};
use persistence::claims::{self, Link};
use persistence::{Reading, authentication, key_pairs, keys, quarantine, tenant_keys};

use super::create::place;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::keys::Home;
use crate::service::{Service, tenant_of};

/// What the link was for.
pub struct Claimed {
    pub key: Key,
    pub access_key_id: AccessKeyId,
    pub secret: SecretAccessKey,
    pub region: Region,
}

/// Opens a link: once, within its time, while its pair counts. Whatever else it finds, the answer is the same. That
/// somebody came with a link that was opened before goes to the audit of its tenant.
pub fn open(service: &Service, context: &mut Context, link: &Secret) -> Result<Claimed> {
    if token::kind_of(link.expose()) != Ok(TokenKind::Claim) {
        return Err(Error::DeadLink);
    }
    let hash = service.tokens.of_token(link.expose());
    let now = context.now;
    let found = service.read(|db| claims::find_by_link(db, now, &hash)?.ok_or(Error::DeadLink))?;
    let author = context.author(Actor::anonymous());
    let chain = Chain::Tenant(found.tenancy().id.clone(), found.tenancy().partner.clone());
    let claimed = service.database.write("open claim link", &author, &chain, |db| -> Result<Option<Claimed>> {
        // Read again under the lock: two may have come with the same link.
        let link = claims::find_by_link(db, now, &hash)?.ok_or(Error::DeadLink)?;
        let details = [("key_id", link.claim.key.to_string()), ("access_key_id", link.claim.access_key_id.to_string())];
        if link.claim.opened_at.is_some() {
            db.record(AuditAction::ClaimLinkReused, Target::new("claim", &link.claim.id), &details)?;
            return Ok(None);
        }
        let claimed = service.claimed(db, &link, now)?;
        claims::open(db, &link.claim)?;
        let details =
            [("claim_id", link.claim.id.to_string()), ("access_key_id", link.claim.access_key_id.to_string())];
        db.record(AuditAction::KeyClaimed, Target::new("key", &link.claim.key), &details)?;
        Ok(Some(claimed))
    })?;
    claimed.ok_or(Error::DeadLink)
}

impl Service {
    fn claimed(&self, db: &mut Reading<'_>, link: &Link, now: Timestamp) -> Result<Claimed> {
        let claim = &link.claim;
        liveness::until(claim.expires_at, now).map_err(|_| Error::DeadLink)?;
        let key = keys::find(link, db, &claim.key)?.ok_or(Error::DeadLink)?;
        let pair = key_pairs::find(link, db, &claim.access_key_id)?.ok_or(Error::DeadLink)?;
        let tenant = tenant_of(link, db)?;
        let partners = authentication::partners_on(db, tenant.partner.as_ref())?;
        let Home { region, service, .. } = Home::find(link, db, &key.region)?;
        let is_held_back = quarantine::holds_back(link, db, &pair.access_key_id)?;
        let owner = liveness::unless_held_back(is_held_back, liveness::tenant(&tenant, &partners));
        let standing = Standing::of(&key, &pair, owner, service);
        liveness::pair(Some(&standing), now).map_err(|_| Error::DeadLink)?;

        let sealed = claim.sealed.as_ref().ok_or(Error::DeadLink)?;
        let plain = tenant_keys::of(link.tenant(), db, &self.ring(), sealed)?.open(place(claim), sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Error::Hashing)?;
        let secret = SecretAccessKey::parse(text).map_err(|_| Error::Hashing)?;
        Ok(Claimed { key, access_key_id: claim.access_key_id.clone(), secret, region })
    }
}
