//! E-mail address and password in, session out.

use authz::Tenancy;
use chrono::TimeDelta;
use domain::audit::{AuditAction, Chain, Target};
use domain::id::TenantId;
use domain::text::Email;
use domain::{Secret, liveness, time};
use persistence::authentication::{self, Candidate};
use persistence::login_failures::{self, LoginFailures};

use super::Started;
use crate::authenticate::check_user;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::passwords;
use crate::service::{Service, system};

pub struct Credentials {
    pub email: Email,
    pub password: Secret,
    /// Only needed by somebody with accounts in several tenants and one password.
    pub tenant: Option<TenantId>,
}

/// Accounts of one e-mail address that are tried. Who has more says which tenant is meant.
const MOST_CANDIDATES: i64 = 4;
/// Wrong passwords in a row that cost nothing but themselves.
const FREE_FAILURES: i64 = 10;
const LONGEST_PAUSE: TimeDelta = time::minutes(15);

/// Says the same, at the same cost, for an account that does not exist and for a wrong password.
pub fn log_in(service: &Service, context: &mut Context, credentials: &Credentials) -> Result<Started> {
    let account = service.tokens.of_account(credentials.email.as_str());
    let failures = service.read(|db| Ok(login_failures::find(db, &account)?))?;
    pause_after(failures, context)?;

    let candidates = service.read(|db| {
        let Credentials { email, tenant, .. } = credentials;
        Ok(authentication::candidates(db, email, tenant.as_ref(), context.now, MOST_CANDIDATES)?)
    })?;
    let candidate = match the_one(&credentials.password, candidates) {
        Err(Error::WrongPassword) => {
            count_failure(service, context, &account)?;
            return Err(Error::WrongPassword);
        }
        other => other?,
    };
    let user = candidate.user;

    // Only whoever knows the password learns that the account is suspended.
    check_user(&user)?;
    let (tenant, partners) = service.read(|db| Ok(authentication::find_tenant_of(db, &user)?))?;
    liveness::tenant(&tenant, &partners)?;

    let author = context.author(domain::actor::Actor::user(&user.id));
    let chain = Chain::Tenant(tenant.id, tenant.partner);
    service.database.write("log in", &author, &chain, |db| {
        login_failures::clear(db, &account)?;
        let started = service.begin_session(db, &user)?;
        db.record(AuditAction::SessionStarted, Target::new("user", &user.id), &[])?;
        Ok(started)
    })
}

fn the_one(password: &Secret, candidates: Vec<Candidate>) -> Result<Candidate> {
    if candidates.is_empty() {
        passwords::verify(password, None)?;
    }
    let mut fitting = Vec::new();
    for candidate in candidates {
        if passwords::verify(password, candidate.password_hash.as_deref())? {
            fitting.push(candidate);
        }
    }
    match (fitting.pop(), fitting.as_slice()) {
        (None, _) => Err(Error::WrongPassword),
        (Some(one), []) => Ok(one),
        (Some(one), others) => {
            let tenants = others.iter().chain([&one]).map(|candidate| candidate.user.tenant.to_string()).collect();
            Err(Error::SeveralAccounts { tenants })
        }
    }
}

/// After many failures in a row each next attempt waits twice as long, on whatever account, known or not.
fn pause_after(failures: Option<LoginFailures>, context: &Context) -> Result<()> {
    let Some(LoginFailures { count, last }) = failures else { return Ok(()) };
    if count < FREE_FAILURES {
        return Ok(());
    }
    let doublings = u32::try_from(count - FREE_FAILURES).unwrap_or(u32::MAX).min(16);
    let pause = TimeDelta::seconds(1 << doublings).min(LONGEST_PAUSE);
    let retry_after = last + pause - context.now;
    if retry_after > TimeDelta::zero() { Err(Error::TooManyAttempts { retry_after }) } else { Ok(()) }
}

fn count_failure(service: &Service, context: &mut Context, account: &[u8; 32]) -> Result<()> {
    let (system, actor) = system("log-in");
    let author = context.author(actor);
    let counted =
        service.database.keep_books("count log-in failure", &author, |db| login_failures::add(system, db, account));
    match counted {
        // Two failures at the same instant: one of them is counted.
        Err(persistence::Error::Taken) => Ok(()),
        other => Ok(other?),
    }
}

/// Where a person's own events go.
pub(super) fn chain_of(tenancy: &Tenancy) -> Chain {
    Chain::Tenant(tenancy.id.clone(), tenancy.partner.clone())
}
