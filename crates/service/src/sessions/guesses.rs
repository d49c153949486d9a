//! Wrong passwords in a row, wherever somebody types one: they make the account pause, known or not.

use chrono::TimeDelta;
use domain::text::Email;
use domain::time;
use persistence::Writing;
use persistence::login_failures::{self, LoginFailures};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::{Service, system};

/// Wrong passwords in a row that cost nothing but themselves.
const FREE_FAILURES: i64 = 10;
const LONGEST_PAUSE: TimeDelta = time::minutes(15);

/// An account as it was typed, under the name by which its failures are counted.
pub(super) struct Guesses {
    account: [u8; 32],
}

impl Guesses {
    pub(super) fn of(service: &Service, email: &Email) -> Self {
        Self { account: service.tokens.of_account(email.as_str()) }
    }

    /// After many failures in a row each next attempt waits twice as long.
    pub(super) fn check(&self, service: &Service, context: &Context) -> Result<()> {
        let failures = service.read(|db| Ok(login_failures::find(db, &self.account)?))?;
        let Some(LoginFailures { count, last }) = failures else { return Ok(()) };
        if count < FREE_FAILURES {
            return Ok(());
        }
        let doublings = u32::try_from(count - FREE_FAILURES).unwrap_or(u32::MAX).min(16);
        let pause = TimeDelta::seconds(1 << doublings).min(LONGEST_PAUSE);
        let retry_after = last + pause - context.now;
        if retry_after > TimeDelta::zero() { Err(Error::TooManyAttempts { retry_after }) } else { Ok(()) }
    }

    pub(super) fn count_wrong(&self, service: &Service, context: &mut Context) -> Result<()> {
        let (system, actor) = system("log-in");
        let author = context.author(actor);
        let add = |db: &mut Writing<'_>| login_failures::add(system, db, &self.account);
        match service.database.keep_books("count wrong password", &author, add) {
            // Two failures at the same instant: one of them is counted.
            Err(persistence::Error::Taken) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Somebody knew the password.
    pub(super) fn forget(&self, db: &mut Writing<'_>) -> Result<()> {
        Ok(login_failures::clear(db, &self.account)?)
    }
}
