//! Logging in and out, and who that makes you.

use std::path::{Path, PathBuf};

use clap::Args;
use domain::Secret;

use crate::client::{Client, Who};
use crate::context::Context;
use crate::credentials::{Credential, Session, Stored};
use crate::exit::{Failure, Result};
use crate::options::Options;
use crate::output::{Mode, Output};
use crate::profile::Chosen;
use crate::{files, operations, terminal};

pub(crate) const EXAMPLES: &str = "Examples:\n  \
    keyreeve login --server https://keys.example.org\n  \
    keyreeve login --server https://keys.example.org --profile provider --token-file operator.token\n  \
    keyreeve login --email ada@example.org --password-file - < password";

#[derive(Args)]
pub struct Login {
    /// E-mail address of the person; asked for on a terminal.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// File with the password, - for standard input; asked for on a terminal.
    #[arg(long, value_name = "FILE", conflicts_with = "token_file")]
    password_file: Option<PathBuf>,
    /// Which of your accounts, if you have several.
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    #[command(flatten)]
    pub(crate) options: Options,
}

impl Login {
    pub(crate) fn run(self) -> Result<()> {
        let chosen = Chosen::by(&self.options)?;
        let server = chosen.server()?;
        let (bearer, credential) = match &self.options.token_file {
            Some(file) => {
                let token = files::secret(file, "token")?;
                (Secret::new(token.expose().to_owned()), Credential::Token(token.expose().to_owned()))
            }
            None => self.start_session(&chosen, server)?,
        };
        let client = Client::to(&chosen, server, Who::Token(bearer))?;
        let document = client.ask(operations::read_me())?;
        let tenant = document.get("tenant_id").and_then(|id| id.as_str()).map(str::to_owned);
        let credentials = chosen.credentials()?;
        let lock = credentials.lock()?;
        credentials.write(&Stored { server: server.to_owned(), tenant, credential })?;
        chosen.remember()?;
        drop(lock);
        let output = Output::of(&self.options);
        output.remark(&format!("logged in to {server} with the profile {}", chosen.profile));
        output.show(&document)
    }

    fn start_session(&self, chosen: &Chosen, server: &str) -> Result<(Secret, Credential)> {
        let email = match &self.email {
            Some(email) => email.clone(),
            None if terminal::is_attended() => terminal::ask("E-mail: ")?,
            None => {
                return Err(Failure::Usage("who? Name yourself with --email, or a token with --token-file".to_owned()));
            }
        };
        let password = password(self.password_file.as_deref(), "Password: ", "--password-file")?;
        let call = operations::log_in()
            .with("email", Some(email))
            .with("password", Some(password.expose()))
            .with("tenant_id", self.tenant.clone());
        let answer: wire::Session = Client::to(chosen, server, Who::Nobody)?.send(&call)?.read()?;
        let bearer = Secret::new(answer.access_token.clone());
        Ok((bearer, Credential::Session(Session::of(answer))))
    }
}

/// A session is over after this. A token goes on: it may be in use elsewhere.
pub(crate) fn log_out(options: &Options) -> Result<()> {
    let chosen = Chosen::by(options)?;
    let output = Output::of(options);
    let credentials = chosen.credentials()?;
    let Some(stored) = credentials.read()? else {
        output.remark("nobody was logged in");
        return Ok(());
    };
    let ended = match &stored.credential {
        Credential::Session(_) => {
            Client::of(&chosen).and_then(|client| client.send(&operations::end_session())).map(drop)
        }
        Credential::Token(_) => Ok(()),
    };
    let lock = credentials.lock()?;
    credentials.remove()?;
    drop(lock);
    match ended {
        // Whatever ended it, it is over.
        Ok(()) | Err(Failure::NotLoggedIn(_)) => {}
        Err(Failure::Refused(refusal)) if refusal.problem.status == 401 => {}
        Err(failure) => {
            output.remark("the credentials are gone from this machine; the session could not be ended, and ends by itself in 7 days");
            return Err(failure);
        }
    }
    output.remark(&format!("logged out of {}", stored.server));
    Ok(())
}

/// A new password for whoever is logged in. It ends all their other sessions.
#[derive(Args)]
pub struct ChangePassword {
    /// File with the current password; asked for on a terminal.
    #[arg(long, value_name = "FILE")]
    current_file: Option<PathBuf>,
    /// File with the new password; asked for on a terminal.
    #[arg(long, value_name = "FILE")]
    new_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) options: Options,
}

impl ChangePassword {
    pub(crate) fn run(self) -> Result<()> {
        let context = Context::of(&self.options)?;
        let current = password(self.current_file.as_deref(), "Current password: ", "--current-file")?;
        let new = password(self.new_file.as_deref(), "New password: ", "--new-file")?;
        if self.new_file.is_none() && !new.same_as(&terminal::ask_secretly("New password again: ")?) {
            return Err(Failure::Usage("the two are not the same: nothing was changed".to_owned()));
        }
        let call = operations::change_password()
            .with("current_password", Some(current.expose()))
            .with("new_password", Some(new.expose()));
        context.client.send(&call)?;
        context.output.remark("the password is changed, and all other sessions are over");
        Ok(())
    }
}

fn password(file: Option<&Path>, question: &str, flag: &str) -> Result<Secret> {
    match file {
        Some(file) => files::secret(file, "password"),
        None if terminal::is_attended() => terminal::ask_secretly(question),
        None => Err(Failure::Usage(format!(
            "there is nobody to ask for the password: name a file of it with {flag}, or - for standard input"
        ))),
    }
}

pub(crate) fn who_am_i(context: &Context) -> Result<()> {
    let document = context.client.ask(operations::read_me())?;
    if context.output.mode == Mode::Json {
        return context.output.show(&document);
    }
    // People with several profiles want to know where as well.
    let mut shown = serde_json::json!({"server": context.client.server()});
    if let (Some(shown), Some(fields)) = (shown.as_object_mut(), document.as_object()) {
        shown.extend(fields.clone());
    }
    context.output.show(&shown)
}
