//! A pair that was just made: drawn, sealed, and shown once.

use authz::OnTenant;
use domain::Secret;
use domain::claim::ClaimLife;
use domain::key::{FreshPair, Key, SecretAccessKey};
use domain::region::Region;
use persistence::key_pairs::{self, NewSecret};
use persistence::{Place, Reading, Writing, tenant_keys};

use crate::claims::ClaimMade;
use crate::error::{Error, Result};
use crate::guardrails::Rails;
use crate::keys::KeyShown;
use crate::once::Repeatable;
use crate::receipt::{Receipt, Receipted};
use crate::service::Service;

/// A key with the secret of its current pair. The only time it can be seen.
pub struct KeyMade {
    pub shown: KeyShown,
    pub handed: Handed,
    pub region: Region,
    /// Of the old pair's end, where there was one.
    pub receipt: Option<Receipt>,
}

/// What whoever had a pair made gets to have of its secret.
pub enum Handed {
    Secret(SecretAccessKey),
    /// For whoever the key is for: the maker must not see it.
    Link(ClaimMade),
}

/// Who had a pair made: only they get the same answer again.
pub(crate) struct Maker<'a>(pub(crate) &'a str);

impl<'a> Maker<'a> {
    /// Of a pair whose secret is never shown: whoever brought it has it, or whoever had it made must not.
    pub(crate) const NOBODY: Self = Self("");

    pub(super) fn within(rails: &Rails<'a>) -> Self {
        if rails.hide_secrets() { Self::NOBODY } else { Self(rails.caller.identity()) }
    }
}

impl Service {
    /// The secret of a pair that has just been stored, or a link to it where its maker must not see it.
    pub(super) fn hand_out(
        &self,
        permit: &impl OnTenant,
        db: &mut Writing<'_>,
        shown: KeyShown,
        fresh: FreshPair,
        home: super::Home,
        rails: &Rails<'_>,
    ) -> Result<KeyMade> {
        let handed = if rails.hide_secrets() {
            let secret = fresh.secret_access_key.secret();
            Handed::Link(self.make_claim(permit, db, &shown.key, ClaimLife::DEFAULT, secret)?)
        } else {
            Handed::Secret(fresh.secret_access_key)
        };
        Ok(KeyMade { shown, handed, region: home.region, receipt: None })
    }

    /// Seals the secret of a key's current pair in its place.
    pub(crate) fn seal_pair(
        &self,
        permit: &impl OnTenant,
        db: &mut Writing<'_>,
        key: &Key,
        secret: &SecretAccessKey,
        maker: &Maker<'_>,
    ) -> Result<NewSecret> {
        let data_key = tenant_keys::newest(permit, db, &self.ring())?;
        let plain = secret.secret().expose().as_bytes();
        let sealed = data_key.seal(place(key), plain, db.entropy())?;
        Ok(NewSecret { sealed, made_by: maker.0.to_owned() })
    }

    /// Opens it again, for whoever had it made.
    pub(crate) fn open_pair(
        &self,
        permit: &impl OnTenant,
        db: &mut Reading<'_>,
        key: &Key,
        maker: &Maker<'_>,
    ) -> Result<Option<SecretAccessKey>> {
        let stored = key_pairs::secret(permit, db, &key.pairs.current().access_key_id)?;
        let Some(stored) = stored.filter(|stored| stored.made_by == maker.0) else { return Ok(None) };
        let Some(sealed) = stored.sealed else { return Ok(None) };
        let plain = tenant_keys::of(permit.tenant(), db, &self.ring(), &sealed)?.open(place(key), &sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Error::Hashing)?;
        Ok(Some(SecretAccessKey::parse(text).map_err(|_| Error::Hashing)?))
    }
}

fn place(key: &Key) -> Place<'_> {
    let pair = key.pairs.current();
    Place::S3Secret {
        tenant: key.tenant.as_str(),
        key: key.id.as_str(),
        access_key_id: pair.access_key_id.as_str(),
        version: pair.version,
    }
}

impl Receipted for KeyMade {
    fn receipt(&mut self) -> Option<&mut Receipt> {
        self.receipt.as_mut()
    }
}

impl Repeatable for KeyMade {
    fn id(&self) -> String {
        self.shown.id()
    }

    fn version(&self) -> i64 {
        self.shown.version()
    }

    /// A secret is sealed with its pair. A link is nowhere else.
    fn secret(&self) -> Option<&Secret> {
        match &self.handed {
            Handed::Secret(_) => None,
            Handed::Link(link) => Some(&link.token),
        }
    }
}
