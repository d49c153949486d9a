//! The line to the server: one place that sends requests, renews sessions, tries again what may be tried again, and
//! turns refusals into failures.

mod answer;
mod transport;

use std::cell::RefCell;
use std::time::Duration;

use domain::Secret;
use serde_json::Value;
use zeroize::Zeroizing;

pub(crate) use answer::Answer;
use transport::Transport;

use crate::call::Call;
use crate::credentials::{Credential, Credentials, Session, Stored};
use crate::exit::{Failure, Result};
use crate::operations::{self, Kind};
use crate::profile::Chosen;
use crate::system;

pub(crate) struct Client {
    transport: Transport,
    who: Who,
}

pub(crate) enum Who {
    Nobody,
    /// Whoever holds this token; nothing is stored.
    Token(Secret),
    /// Whoever logged in.
    Stored(Credentials, RefCell<Stored>),
}

/// How long a command goes on with a server that is busy.
const PATIENCE: Duration = Duration::from_secs(30);
const MOST_ATTEMPTS: u32 = 4;

impl Client {
    /// As whoever the flags, the environment or the last log-in name.
    pub(crate) fn of(chosen: &Chosen) -> Result<Self> {
        if let Some(file) = &chosen.token_file {
            let token = crate::files::secret(file, "token")?;
            return Self::to(chosen, chosen.server()?, Who::Token(token));
        }
        let credentials = chosen.credentials()?;
        let Some(stored) = credentials.read()? else {
            let profile = &chosen.profile;
            return Err(Failure::NotLoggedIn(format!(
                "nobody is logged in with the profile {profile}: use `keyreeve login`, or name a --token-file"
            )));
        };
        if let Some(server) = chosen.server.as_ref().filter(|server| **server != stored.server) {
            return Err(Failure::NotLoggedIn(format!(
                "the profile {} is logged in to {}, and what it holds is not sent to {server}: log in there with a profile of its own",
                chosen.profile, stored.server
            )));
        }
        let server = stored.server.clone();
        Self::to(chosen, &server, Who::Stored(credentials, RefCell::new(stored)))
    }

    pub(crate) fn to(chosen: &Chosen, server: &str, who: Who) -> Result<Self> {
        Ok(Self { transport: Transport::to(server, chosen.ca_file.as_deref(), chosen.may_be_plain)?, who })
    }

    pub(crate) fn server(&self) -> &str {
        self.transport.server()
    }

    /// Of those that logged in to one.
    pub(crate) fn stored_tenant(&self) -> Option<String> {
        match &self.who {
            Who::Stored(_, stored) => stored.borrow().tenant.clone(),
            Who::Nobody | Who::Token(_) => None,
        }
    }

    /// The document of an answer that is none of the refusals.
    pub(crate) fn ask(&self, call: Call) -> Result<Value> {
        self.send(&call)?.document()
    }

    pub(crate) fn send(&self, call: &Call) -> Result<Answer> {
        self.send_wanting(call, "application/json")
    }

    /// The same, for lines of JSON.
    pub(crate) fn send_wanting(&self, call: &Call, accept: &str) -> Result<Answer> {
        // The same for each attempt: that is what it is for.
        let key = if call.operation.kind == Kind::Make { Some(system::unique()?) } else { None };
        let mut attempts = 0;
        let mut waited = Duration::ZERO;
        let mut is_renewed = false;
        loop {
            attempts += 1;
            let bearer = self.bearer(call)?;
            let outcome = self.transport.send(call, accept, key.as_deref(), bearer.as_ref().map(|b| b.as_str()));
            let wait = match outcome {
                Ok(answer) if answer.status < 400 => return Ok(answer),
                Ok(answer)
                    if answer.is_worth_renewing()
                        && !is_renewed
                        && self.renew_after(bearer.as_ref().map(|b| b.as_str()))? =>
                {
                    is_renewed = true;
                    continue;
                }
                Ok(answer) => match answer.retry_after().filter(|wait| waited + *wait <= PATIENCE) {
                    Some(wait) => wait,
                    None => return Err(answer.refusal()),
                },
                Err(trouble) if attempts < MOST_ATTEMPTS && trouble.may_pass(call.operation.kind) => {
                    Duration::from_millis(200) * 2_u32.pow(attempts - 1)
                }
                Err(trouble) => return Err(trouble.failure(self.transport.server())),
            };
            waited += wait;
            system::wait(wait);
        }
    }

    /// Every page of a list as one document, or as much as was asked for.
    pub(crate) fn list(&self, mut call: Call, limit: Option<u64>) -> Result<Value> {
        const LARGEST_PAGE: u64 = 500;
        let mut all: Option<Value> = None;
        let mut count = 0;
        loop {
            let wanted = limit.map_or(LARGEST_PAGE, |limit| (limit - count).min(LARGEST_PAGE));
            call.replace_query("limit", wanted.to_string());
            let mut page = self.send(&call)?.document()?;
            let items = page.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
            count += items.len() as u64;
            let next = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
            // All that stands beside the items is that of the last page.
            let mut gathered = all
                .as_mut()
                .and_then(|all| all.get_mut("items")?.as_array_mut().map(std::mem::take))
                .unwrap_or_default();
            gathered.extend(items);
            if let Some(place) = page.get_mut("items") {
                *place = Value::Array(gathered);
            }
            match next {
                Some(cursor) if limit.is_none_or(|limit| count < limit) => call.replace_query("cursor", cursor),
                _ => return Ok(page),
            }
            all = Some(page);
        }
    }

    /// What says who this is, renewed in time.
    fn bearer(&self, call: &Call) -> Result<Option<Zeroizing<String>>> {
        if call.operation.kind == Kind::Enter {
            return Ok(None);
        }
        match &self.who {
            Who::Nobody => Ok(None),
            Who::Token(token) => Ok(Some(Zeroizing::new(token.expose().to_owned()))),
            Who::Stored(_, stored) => {
                let stale = match &stored.borrow().credential {
                    Credential::Session(session) if !session.is_fresh() => Some(session.access_token.clone()),
                    Credential::Session(_) | Credential::Token(_) => None,
                };
                if let Some(stale) = stale {
                    self.renew_after(Some(&stale))?;
                }
                Ok(Some(Zeroizing::new(stored.borrow().bearer().to_owned())))
            }
        }
    }

    /// Renews a session whose access token is of no use any more. Whether there is another one now.
    fn renew_after(&self, spent: Option<&str>) -> Result<bool> {
        let (Who::Stored(credentials, ours), Some(spent)) = (&self.who, spent) else { return Ok(false) };
        let lock = credentials.lock()?;
        let Some(stored) = credentials.read()? else { return Ok(false) };
        if stored.server != self.transport.server() {
            return Ok(false);
        }
        let renewed = match &stored.credential {
            Credential::Token(_) => return Ok(false),
            // Another command was faster.
            Credential::Session(session) if session.access_token != spent => stored,
            Credential::Session(session) => self.renewed(credentials, &stored, session)?,
        };
        *ours.borrow_mut() = renewed;
        drop(lock);
        Ok(true)
    }

    /// Uses the refresh token, once: it is taken out of the file first, and put back only if it cannot have arrived.
    fn renewed(&self, credentials: &Credentials, stored: &Stored, session: &Session) -> Result<Stored> {
        let Some(token) = session.refresh_token.clone() else {
            return Err(Failure::NotLoggedIn(
                "a command was ended while it renewed the session, which cannot be renewed twice: log in again"
                    .to_owned(),
            ));
        };
        let with = |session| Stored { credential: Credential::Session(session), ..stored.clone() };
        credentials.write(&with(Session { refresh_token: None, ..session.clone() }))?;
        let call = operations::refresh_session().with("refresh_token", Some(token));
        match self.transport.send(&call, "application/json", None, None) {
            Ok(answer) if answer.status < 400 => {
                let stored = with(Session::of(answer.read()?));
                credentials.write(&stored)?;
                Ok(stored)
            }
            // The token was not used: nothing has changed, or whoever is suspended may be resumed.
            Ok(answer) if answer.status >= 500 || answer.status == 429 || answer.is_suspension() => {
                credentials.write(stored)?;
                Err(answer.refusal())
            }
            Ok(answer) => {
                credentials.remove()?;
                let why = answer.refusal().lines().into_iter().next().unwrap_or_default();
                Err(Failure::NotLoggedIn(format!("the session is over: log in again ({why})")))
            }
            Err(trouble) if trouble.was_never_sent() => {
                credentials.write(stored)?;
                Err(trouble.failure(self.transport.server()))
            }
            Err(trouble) => Err(Failure::NotLoggedIn(format!(
                "nobody knows whether the session was renewed, and it cannot be renewed twice: log in again ({})",
                trouble.reason()
            ))),
        }
    }
}
