//! Who did something: what the audit remembers of a caller.

use crate::Invalid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// An API token of any level.
    Token,
    User,
    Gateway,
    /// Somebody who is not known yet: at log-in, or opening an invitation.
    Anonymous,
    /// Keyreeve itself: a job, or a command on the server's own machine.
    System,
}

impl ActorKind {
    pub const ALL: [Self; 5] = [Self::Token, Self::User, Self::Gateway, Self::Anonymous, Self::System];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::User => "user",
            Self::Gateway => "gateway",
            Self::Anonymous => "anonymous",
            Self::System => "system",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(Invalid::because("No such kind of actor."))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    pub kind: ActorKind,
    /// The id of the user or token; a word for the others.
    pub id: String,
}

impl Actor {
    pub fn token(id: &crate::id::TokenId) -> Self {
        Self { kind: ActorKind::Token, id: id.to_string() }
    }

    pub fn user(id: &crate::id::UserId) -> Self {
        Self { kind: ActorKind::User, id: id.to_string() }
    }

    pub fn gateway(id: &crate::id::GatewayId) -> Self {
        Self { kind: ActorKind::Gateway, id: id.to_string() }
    }

    pub fn anonymous() -> Self {
        Self { kind: ActorKind::Anonymous, id: "anonymous".to_owned() }
    }

    /// `part` names the job or command, such as `bootstrap`.
    pub fn system(part: &'static str) -> Self {
        Self { kind: ActorKind::System, id: part.to_owned() }
    }
}
