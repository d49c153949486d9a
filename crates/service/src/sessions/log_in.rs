//! E-mail address and password in, session out.

use domain::audit::{AuditAction, Chain, Target};
use domain::id::TenantId;
use domain::text::Email;
use domain::{Secret, liveness};
use persistence::authentication::{self, Candidate};

use super::Started;
use super::guesses::Guesses;
use crate::authenticate::check_user;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

pub struct Credentials {
    pub email: Email,
    pub password: Secret,
    /// Only needed by somebody with accounts in several tenants.
    pub tenant: Option<TenantId>,
}

/// Accounts of one e-mail address that are tried where no tenant is named: those that joined first, so that nobody is
/// crowded out by accounts that others make with their address later.
const MOST_CANDIDATES: usize = 4;

/// Says the same, at the same cost, for an account that does not exist and for a wrong password.
pub fn log_in(service: &Service, context: &mut Context, credentials: &Credentials) -> Result<Started> {
    let guesses = Guesses::of(service, &credentials.email);
    guesses.check(service, context)?;

    let Credentials { email, password, tenant } = credentials;
    let tries = if tenant.is_some() { 1 } else { MOST_CANDIDATES };
    let candidates =
        service.read(|db| Ok(authentication::candidates(db, email, tenant.as_ref(), context.now, tries)?))?;
    let Candidate { user, password_hash } =
        match the_one(candidates, tries, |hash| service.passwords.verify(password, hash)) {
            Err(Error::WrongPassword) => {
                guesses.count_wrong(service, context)?;
                return Err(Error::WrongPassword);
            }
            other => other?,
        };

    // Only whoever knows the password learns that the account is suspended.
    check_user(&user)?;
    let (tenant, partners) = service.read(|db| Ok(authentication::find_tenant_of(db, &user)?))?;
    liveness::tenant(&tenant, &partners)?;

    let author = context.author(domain::actor::Actor::user(&user.id));
    let chain = Chain::Tenant(tenant.id, tenant.partner);
    service.database.write("log in", &author, &chain, |db| {
        // The password may have changed while it was being verified. Then all sessions have ended, and none begins.
        let found = authentication::find_user(db, &user.id)?.filter(|found| found.password_hash == password_hash);
        let user = found.ok_or(Error::WrongPassword)?.user;
        check_user(&user)?;
        guesses.forget(db)?;
        let started = service.begin_session(db, &user)?;
        db.record(AuditAction::SessionStarted, Target::new("user", &user.id), &[])?;
        Ok(started)
    })
}

/// The candidate whom the password fits. It is verified as many times as there may be candidates, so that the time it
/// takes says nothing about how many there are.
fn the_one(
    mut candidates: Vec<Candidate>,
    tries: usize,
    fits: impl Fn(Option<&str>) -> Result<bool>,
) -> Result<Candidate> {
    let mut fitting = Vec::new();
    for place in 0..tries {
        let hash = candidates.get(place).and_then(|candidate| candidate.password_hash.as_deref());
        if fits(hash)? {
            fitting.push(place);
        }
    }
    match *fitting.as_slice() {
        [] => Err(Error::WrongPassword),
        [one] => Ok(candidates.swap_remove(one)),
        [..] => {
            let fitting = fitting.iter().filter_map(|place| candidates.get(*place));
            let tenants = fitting.map(|candidate| candidate.user.tenant.to_string()).collect();
            Err(Error::SeveralAccounts { tenants })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use domain::id::UserId;
    use domain::text::Name;
    use domain::user::User;
    use domain::{Entropy, Role, Timestamp};

    use super::*;

    fn candidates(hashes: &[&str]) -> Vec<Candidate> {
        let mut entropy = Entropy::from_seed([3; 32]);
        let now = Timestamp::UNIX_EPOCH;
        let candidate = |hash: &&str| {
            let user = User {
                id: UserId::draw(&mut entropy, now),
                tenant: TenantId::draw(&mut entropy, now),
                email: Email::parse("ada@example.org").unwrap(),
                name: Name::parse("Ada").unwrap(),
                role: Role::Member,
                created_at: now,
                joined_at: Some(now),
                suspended_at: None,
                version: 1,
            };
            Candidate { user, password_hash: Some((*hash).to_owned()) }
        };
        hashes.iter().map(candidate).collect()
    }

    #[test]
    fn the_password_is_verified_as_often_for_everybody() {
        for hashes in [&[][..], &["a"], &["right"], &["a", "b"], &["right", "b", "c"], &["a", "b", "c", "right"]] {
            let verified = Cell::new(0);
            let found = the_one(candidates(hashes), 4, |hash| {
                verified.set(verified.get() + 1);
                Ok(hash == Some("right"))
            });
            assert_eq!((verified.get(), found.is_ok()), (4, hashes.contains(&"right")), "{hashes:?}");
        }
    }

    #[test]
    fn it_is_the_one_whom_the_password_fits() {
        let all = candidates(&["a", "right", "b"]);
        let expected = all[1].user.id.clone();
        assert_eq!(the_one(all, 4, |hash| Ok(hash == Some("right"))).ok().unwrap().user.id, expected);
        let several = the_one(candidates(&["right", "a", "right"]), 4, |hash| Ok(hash == Some("right")));
        assert!(matches!(several, Err(Error::SeveralAccounts { tenants }) if tenants.len() == 2));
    }
}
