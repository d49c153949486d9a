use authz::action::CreateClaim;
use authz::{OnTenant, Permit};
use domain::Secret;
use domain::audit::{AuditAction, Target};
use domain::claim::ClaimLife;
use domain::id::{ClaimId, KeyId};
use domain::key::{Key, KeyStatus, Refused};
use domain::token::{self, TokenKind};
use persistence::claims::{self, Claim};
use persistence::{Place, Reading, SealedSecret, Writing, keys, tenant_keys};

use crate::context::Context;
use crate::error::{Error, Named, Result};
use crate::keys::Maker;
use crate::once::{self, Repeatable};
use crate::service::{Service, tenant_of};

/// A link and what it is for. The only time the link is seen.
pub struct ClaimMade {
    pub claim: Claim,
    pub token: Secret,
}

/// A link that holds a copy of its own of the secret that the caller has just had made. A pair gets one.
pub fn create(
    service: &Service,
    context: &mut Context,
    permit: &Permit<CreateClaim>,
    key: &KeyId,
    life: ClaimLife,
) -> Result<ClaimMade> {
    let author = context.author_of(permit.caller());
    let identity = permit.caller().identity().to_owned();
    let maker = Maker(&identity);
    service.write_once(
        "make claim link",
        context,
        &author,
        &permit.chain(),
        |db| {
            tenant_of(permit, db)?.unless_being_deleted()?;
            let key = keys::find(permit, db, key)?.ok_or(Error::NotFound)?;
            context.expects(key.version)?;
            match key.status(db.now()) {
                KeyStatus::Active | KeyStatus::Disabled => {}
                KeyStatus::Revoked => return Err(Refused::Revoked.into()),
                KeyStatus::Expired => return Err(Refused::Expired.into()),
            }
            let pair = key.pairs.current();
            if claims::of_pair(permit, db, &pair.access_key_id)?.is_some() {
                return Err(Error::ClaimExists);
            }
            if db.now() >= pair.since + once::WINDOW {
                return Err(Error::ClaimTooLate);
            }
            let secret = service.open_pair(permit, db, &key, &maker)?.ok_or(Error::ClaimTooLate)?;
            service.make_claim(permit, db, &key, life, secret.secret())
        },
        |db, id, token| again(permit, db, id, token),
    )
}

impl Service {
    /// A link to the secret of a key's current pair.
    pub(crate) fn make_claim(
        &self,
        permit: &impl OnTenant,
        db: &mut Writing<'_>,
        key: &Key,
        life: ClaimLife,
        secret: &Secret,
    ) -> Result<ClaimMade> {
        let now = db.now();
        let pair = key.pairs.current();
        let claim = Claim {
            id: ClaimId::draw(db.entropy(), now),
            tenant: key.tenant.clone(),
            key: key.id.clone(),
            access_key_id: pair.access_key_id.clone(),
            sealed: None,
            created_at: now,
            expires_at: now + life.duration(),
            opened_at: None,
        };
        let sealed = self.seal_copy(permit, db, &claim, secret)?;
        let claim = Claim { sealed: Some(sealed), ..claim };
        let token = token::draw(TokenKind::Claim, db.entropy());
        let hash = self.tokens.of_token(token.expose());
        claims::insert(permit, db, &claim, &hash).taken_means(Error::ClaimExists)?;
        let details = [
            ("key_id", key.id.to_string()),
            ("access_key_id", pair.access_key_id.to_string()),
            ("expires_at", claim.expires_at.to_rfc3339()),
        ];
        db.record(AuditAction::ClaimLinkMade, Target::new("claim", &claim.id), &details)?;
        Ok(ClaimMade { claim, token })
    }

    fn seal_copy(
        &self,
        permit: &impl OnTenant,
        db: &mut Writing<'_>,
        claim: &Claim,
        secret: &Secret,
    ) -> Result<SealedSecret> {
        let data_key = tenant_keys::newest(permit, db, &self.ring())?;
        Ok(data_key.seal(place(claim), secret.expose().as_bytes(), db.entropy())?)
    }
}

/// While nobody has opened it.
fn again(permit: &impl OnTenant, db: &mut Reading<'_>, id: &str, token: Option<Secret>) -> Result<Option<ClaimMade>> {
    let Ok(id) = ClaimId::parse(id) else { return Ok(None) };
    let claim = claims::find(permit, db, &id)?.filter(|claim| claim.opened_at.is_none());
    Ok(claim.zip(token).map(|(claim, token)| ClaimMade { claim, token }))
}

pub(super) fn place(claim: &Claim) -> Place<'_> {
    Place::Claim {
        tenant: claim.tenant.as_str(),
        claim: claim.id.as_str(),
        access_key_id: claim.access_key_id.as_str(),
    }
}

impl Repeatable for ClaimMade {
    fn id(&self) -> String {
        self.claim.id.to_string()
    }

    /// A link is never changed.
    fn version(&self) -> i64 {
        1
    }

    fn secret(&self) -> Option<&Secret> {
        Some(&self.token)
    }
}
