//! What log-in leaves behind: a token, or a session that renews itself. In a file of its own for each profile, which
//! nobody but its owner may read, and together with the server it is for: it is never sent to another.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::exit::{Failure, Result};
use crate::{files, system};

pub(crate) struct Credentials {
    path: PathBuf,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) server: String,
    /// Of the person or token, where it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<String>,
    #[serde(flatten)]
    pub(crate) credential: Credential,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Credential {
    Token(String),
    Session(Session),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    pub(crate) access_token: String,
    pub(crate) expires_at: DateTime<Utc>,
    /// Good for one use, and taken out before it is used: a second use would end the session.
    pub(crate) refresh_token: Option<String>,
}

impl Session {
    pub(crate) fn of(answer: wire::Session) -> Self {
        Self {
            access_token: answer.access_token,
            // Whatever a server says: what makes no sense has expired.
            expires_at: TimeDelta::try_seconds(answer.expires_in)
                .and_then(|time| system::now().checked_add_signed(time))
                .unwrap_or_default(),
            refresh_token: Some(answer.refresh_token),
        }
    }

    /// Whether the access token works for long enough to be worth sending.
    pub(crate) fn is_fresh(&self) -> bool {
        self.expires_at > system::now() + TimeDelta::seconds(30)
    }
}

impl Stored {
    pub(crate) fn bearer(&self) -> &str {
        match &self.credential {
            Credential::Token(token) => token,
            Credential::Session(session) => &session.access_token,
        }
    }
}

impl Credentials {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn read(&self) -> Result<Option<Stored>> {
        let path = self.path.display();
        let cannot = |error| Failure::local(format!("the credentials in {path} cannot be read: {error}"));
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(cannot)?,
        };
        if files::is_open_to_others(&file).map_err(cannot)? {
            return Err(Failure::local(format!(
                "the credentials in {path} are open to others than their owner: run chmod 600 {path}, and log in again if \
                 somebody may have read them"
            )));
        }
        let mut text = String::with_capacity(4096);
        file.read_to_string(&mut text).map_err(cannot)?;
        let stored = serde_json::from_str(&text);
        stored.map(Some).map_err(|_| Failure::local(format!("the credentials in {path} make no sense: log in again")))
    }

    pub(crate) fn write(&self, stored: &Stored) -> Result<()> {
        let text = serde_json::to_string(stored).map_err(Failure::local)?;
        files::replace(&self.path, &text).map_err(|error| self.unwritable(&error))
    }

    /// Whether there were any.
    pub(crate) fn remove(&self) -> Result<bool> {
        match std::fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.unwritable(&error)),
        }
    }

    /// Holds off every other command that would change these credentials, until what is returned is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.path.with_extension("lock");
        let directory = path.parent().unwrap_or(Path::new("."));
        let lock = DirBuilder::new().recursive(true).mode(0o700).create(directory).and_then(|()| {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            file.lock()?;
            Ok(file)
        });
        lock.map_err(|error| self.unwritable(&error))
    }

    fn unwritable(&self, error: &std::io::Error) -> Failure {
        Failure::local(format!("the credentials in {} cannot be written: {error}", self.path.display()))
    }
}
