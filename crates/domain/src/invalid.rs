//! Why a value was refused, in a sentence for the person who sent it.

use std::borrow::Cow;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(Cow<'static, str>);

impl Invalid {
    pub fn because(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self(sentence.into())
    }

    pub fn sentence(&self) -> &str {
        &self.0
    }
}
