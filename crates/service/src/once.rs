//! Retried requests: the same caller, key and body within ten minutes get the same answer, one-time secret included.
//!
//! What is kept is a reference to what was made. A secret that is stored nowhere else is kept sealed, for that time.

use chrono::TimeDelta;
use domain::audit::Chain;
use domain::{Secret, time};
use persistence::idempotent_requests::{self, IdempotentRequest};
use persistence::{Author, Place, Reading, Writing, master_keys};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

/// How long a retry is answered like the request itself.
pub(crate) const WINDOW: TimeDelta = time::minutes(10);
/// How long the key is remembered as used.
pub(crate) const MEMORY: TimeDelta = time::days(7);

/// A request that names itself, so that a retry can be told from a new one.
#[derive(Debug, Clone)]
pub struct Once {
    /// Whose retries these are.
    pub caller: String,
    pub key: String,
    /// Method, path and body.
    pub fingerprint: [u8; 32],
}

/// Something a request made, which a retry can be given again.
pub(crate) trait Repeatable: Sized {
    fn id(&self) -> String;
    fn version(&self) -> i64;

    fn secret(&self) -> Option<&Secret> {
        None
    }
}

impl Service {
    /// A write that a retry finds done. `again` reads what the first request made; if that has changed since, the
    /// answer cannot be given again.
    pub(crate) fn write_once<T: Repeatable>(
        &self,
        name: &'static str,
        context: &Context,
        author: &Author,
        chain: &Chain,
        make: impl Fn(&mut Writing<'_>) -> Result<T>,
        again: impl Fn(&mut Reading<'_>, &str, Option<Secret>) -> Result<Option<T>>,
    ) -> Result<T> {
        let Some(once) = &context.once else { return self.database.write(name, author, chain, make) };
        let key_hash = self.tokens.of_idempotency_key(&once.key);
        self.database.write(name, author, chain, |db| {
            if let Some(earlier) = idempotent_requests::find(db, &once.caller, &key_hash)? {
                db.nothing_to_record();
                return self.repeat(db, once, &earlier, &again);
            }
            let made = make(db)?;
            let request = self.remember(db, once, &made)?;
            match idempotent_requests::insert(db, &once.caller, &key_hash, request) {
                // The same request is being made elsewhere at this moment: start over and find it.
                Err(persistence::Error::Taken) => Err(persistence::Error::Retry.into()),
                other => Ok(other.map(|()| made)?),
            }
        })
    }

    fn remember(&self, db: &mut Writing<'_>, once: &Once, made: &impl Repeatable) -> Result<IdempotentRequest> {
        let object_id = made.id();
        let place = Place::OneTimeSecret { caller: &once.caller, object: &object_id };
        let secret = match made.secret() {
            Some(secret) => Some(master_keys::seal(db, &self.ring(), place, secret.expose().as_bytes())?),
            None => None,
        };
        let (object_version, at) = (made.version(), db.now());
        Ok(IdempotentRequest { fingerprint: once.fingerprint, object_id, object_version, secret, at })
    }

    fn repeat<T: Repeatable>(
        &self,
        db: &mut Writing<'_>,
        once: &Once,
        earlier: &IdempotentRequest,
        again: impl Fn(&mut Reading<'_>, &str, Option<Secret>) -> Result<Option<T>>,
    ) -> Result<T> {
        if earlier.fingerprint != once.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        if db.now() >= earlier.at + WINDOW {
            return Err(Error::AlreadyDelivered);
        }
        let place = Place::OneTimeSecret { caller: &once.caller, object: &earlier.object_id };
        let secret = match &earlier.secret {
            Some(sealed) => Some(as_text(&self.ring().open(place, sealed)?)),
            None => None,
        };
        match again(db, &earlier.object_id, secret)? {
            Some(made) if made.version() == earlier.object_version => Ok(made),
            _ => Err(Error::AlreadyDelivered),
        }
    }
}

fn as_text(plain: &Zeroizing<Vec<u8>>) -> Secret {
    Secret::new(String::from_utf8_lossy(plain).into_owned())
}
