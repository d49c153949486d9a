//! How somebody new gets in: with a password that was chosen for them, or by a link with which they choose one.

use chrono::TimeDelta;
use domain::audit::{AuditAction, Target};
use domain::id::InvitationId;
use domain::password::NewPassword;
use domain::text::Email;
use domain::token::{self, TokenKind};
use domain::user::User;
use domain::{Secret, Timestamp, time};
use persistence::invitations::{self, Invitation};
use persistence::{Reading, Writing};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

const INVITATION_LIFETIME: TimeDelta = time::days(7);

pub enum Access {
    Password {
        text: Secret,
        /// Where in the body it stood.
        pointer: &'static str,
    },
    Invitation,
}

/// [`Access`], checked and ready to be stored.
pub(crate) enum Entry {
    PasswordHash(String),
    Invitation,
}

/// A link that was just made. The only time it can be seen.
pub struct Invited {
    pub token: Secret,
    pub expires_at: Timestamp,
}

impl Entry {
    pub(crate) fn password_hash(&self) -> Option<&str> {
        match self {
            Self::PasswordHash(hash) => Some(hash),
            Self::Invitation => None,
        }
    }
}

impl Service {
    /// Hashing takes its time, so it happens before the transaction.
    pub(crate) fn entry(&self, context: &mut Context, access: Access, email: &Email) -> Result<Entry> {
        match access {
            Access::Invitation => Ok(Entry::Invitation),
            Access::Password { text, pointer } => {
                let password = NewPassword::parse(text.expose(), email.as_str());
                let password = password.map_err(|why| Error::at(pointer, &why))?;
                Ok(Entry::PasswordHash(self.passwords.hash(password.secret(), &mut context.entropy)?))
            }
        }
    }

    /// Records that somebody was added, and makes their link if they have no password.
    pub(crate) fn admit(&self, db: &mut Writing<'_>, user: &User, entry: &Entry) -> Result<Option<Invited>> {
        let details = [("email", user.email.to_string()), ("role", user.role.as_str().to_owned())];
        db.record(AuditAction::UserCreated, Target::new("user", &user.id), &details)?;
        match entry {
            Entry::PasswordHash(_) => Ok(None),
            Entry::Invitation => self.invite(db, user).map(Some),
        }
    }

    pub(crate) fn invite(&self, db: &mut Writing<'_>, user: &User) -> Result<Invited> {
        let now = db.now();
        let token = token::draw(TokenKind::Invitation, db.entropy());
        let expires_at = now + INVITATION_LIFETIME;
        let invitation = Invitation {
            id: InvitationId::draw(db.entropy(), now),
            tenant: user.tenant.clone(),
            user: user.id.clone(),
            created_at: now,
            expires_at,
        };
        invitations::replace(db, &invitation, &self.tokens.of_token(token.expose()))?;
        db.record(AuditAction::UserInvited, Target::new("user", &user.id), &[])?;
        Ok(Invited { token, expires_at })
    }

    /// The same link for a retried request, as long as nobody has opened it.
    pub(crate) fn invited_again(&self, db: &mut Reading<'_>, token: Secret) -> Result<Option<Invited>> {
        let found = invitations::find(db, &self.tokens.of_token(token.expose()))?;
        Ok(found.map(|invitation| Invited { token, expires_at: invitation.expires_at }))
    }
}
