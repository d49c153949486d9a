//! Sessions of people: log in, refresh, log out, change the password.

pub mod accept_invitation;
pub mod bearer;
pub mod change_password;
mod guesses;
pub mod log_in;
pub mod log_out;
pub mod refresh;
pub mod sign_in_with_token;

use domain::id::SessionId;
use domain::session::Session;
use domain::token::{self, TokenKind};
use domain::user::User;
use domain::{Secret, Timestamp};
use persistence::{Writing, sessions};

use crate::error::Result;
use crate::service::Service;

/// What somebody takes home from logging in or refreshing.
pub struct Started {
    pub access_token: Secret,
    pub access_expires_at: Timestamp,
    pub refresh_token: Secret,
    pub now: Timestamp,
}

impl Service {
    /// A new session in the transaction at hand.
    fn begin_session(&self, db: &mut Writing<'_>, user: &User) -> Result<Started> {
        let now = db.now();
        let id = SessionId::draw(db.entropy(), now);
        let session = Session::begin(id, user.id.clone(), user.tenant.clone(), now);
        sessions::insert(db, &session)?;
        self.extend_session(db, &session)
    }

    /// The next pair of tokens of a session.
    fn extend_session(&self, db: &mut Writing<'_>, session: &Session) -> Result<Started> {
        let now = db.now();
        let refresh_token = token::draw(TokenKind::Refresh, db.entropy());
        let hash = self.tokens.of_token(refresh_token.expose());
        sessions::insert_refresh_token(db, &session.id, &hash, session.refresh_until(now))?;
        let access_expires_at = session.access_until(now);
        let access_token = self.bearers.seal(session, now, access_expires_at, db.entropy())?;
        Ok(Started { access_token, access_expires_at, refresh_token, now })
    }
}
