//! A pair that was just made: drawn, sealed, and shown once.

use authz::OnTenant;
use domain::key::{FreshPair, Key, SecretAccessKey};
use domain::region::Region;
use persistence::key_pairs::{self, NewSecret};
use persistence::{Place, Reading, Writing, tenant_keys};

use crate::error::{Error, Result};
use crate::keys::KeyShown;
use crate::once::Repeatable;
use crate::receipt::{Receipt, Receipted};
use crate::service::Service;

/// A key with the secret of its current pair. The only time it can be seen.
pub struct KeyMade {
    pub shown: KeyShown,
    pub secret: SecretAccessKey,
    pub region: Region,
    /// Of the old pair's end, where there was one.
    pub receipt: Option<Receipt>,
}

/// Who had a pair made: only they get the same answer again.
pub(crate) struct Maker<'a>(pub(crate) &'a str);

impl Maker<'static> {
    /// Of a pair whose secret is never shown, because whoever brought it has it.
    pub(crate) const NOBODY: Self = Self("");
}

impl Service {
    /// Seals the secret of a key's current pair in its place.
    pub(crate) fn seal_pair(
        &self,
        permit: &impl OnTenant,
        db: &mut Writing<'_>,
        key: &Key,
        secret: &SecretAccessKey,
        maker: &Maker<'_>,
    ) -> Result<NewSecret> {
        let data_key = tenant_keys::newest(permit, db, &self.ring)?;
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
        let plain = tenant_keys::of(permit.tenant(), db, &self.ring, &sealed)?.open(place(key), &sealed)?;
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

impl KeyMade {
    pub(crate) fn new(
        permit: &impl OnTenant,
        db: &mut Reading<'_>,
        key: Key,
        fresh: FreshPair,
        home: super::Home,
        now: domain::Timestamp,
    ) -> Result<Self> {
        let shown = KeyShown::of(permit, db, key, &home.switches, now)?;
        Ok(Self { shown, secret: fresh.secret_access_key, region: home.region, receipt: None })
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
}
