//! Why a command did not do what it was asked to: sentences for people.

use std::fmt::Display;

pub(crate) enum Failure {
    /// What was asked for makes no sense.
    Usage(Vec<String>),
    /// It makes sense, and was refused or did not work.
    Refused(Vec<String>),
    /// The client has said why, and ends with this code.
    Said(u8),
}

impl Failure {
    pub(crate) fn because(reason: impl Display) -> Self {
        Self::Refused(vec![reason.to_string()])
    }

    pub(crate) fn reasons(&self) -> &[String] {
        match self {
            Self::Usage(reasons) | Self::Refused(reasons) => reasons,
            Self::Said(_) => &[],
        }
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Said(code) => *code,
        }
    }
}
