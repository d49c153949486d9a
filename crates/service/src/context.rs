//! What a request brings along besides its command: the time, chance, where it came from, and what it expects.

use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Mutex;

use authz::Caller;
use domain::actor::Actor;
use domain::audit::Origin;
use domain::{Entropy, Timestamp};
use persistence::Author;

use crate::error::{Error, Result};
use crate::once::Once;

/// Where chance comes from: the system, or one seed for a whole test.
pub enum EntropySource {
    System,
    Seeded(Box<Mutex<Entropy>>),
}

impl EntropySource {
    pub fn seeded(seed: [u8; 32]) -> Self {
        Self::Seeded(Box::new(Mutex::new(Entropy::from_seed(seed))))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the system is asked for randomness")]
    pub fn draw(&self) -> Result<Entropy> {
        let mut seed = [0; 32];
        match self {
            Self::System => getrandom::fill(&mut seed).map_err(|_| Error::NoEntropy)?,
            Self::Seeded(stream) => {
                seed = stream.lock().unwrap_or_else(std::sync::PoisonError::into_inner).bytes();
            }
        }
        Ok(Entropy::from_seed(seed))
    }

    /// For names, which are nobody's secret: from a stream of this thread's own that has asked the system once.
    pub fn draw_name<T>(&self, draw: impl FnOnce(&mut Entropy) -> T) -> Result<T> {
        thread_local! {
            static STREAM: RefCell<Option<Entropy>> = const { RefCell::new(None) };
        }
        match self {
            Self::Seeded(_) => Ok(draw(&mut self.draw()?)),
            Self::System => STREAM.with_borrow_mut(|stream| match stream {
                Some(stream) => Ok(draw(stream)),
                none => Ok(draw(none.insert(self.draw()?))),
            }),
        }
    }
}

/// One request, as the use cases see it.
pub struct Context {
    pub now: Timestamp,
    pub entropy: Entropy,
    pub origin: Origin,
    /// The versions that the caller would change, if it said so.
    pub expected: Option<Vec<i64>>,
    pub once: Option<Once>,
}

impl Context {
    pub fn author(&mut self, actor: Actor) -> Author {
        Author { actor, origin: self.origin.clone(), now: self.now, seed: self.entropy.bytes() }
    }

    pub fn author_of(&mut self, caller: &Caller) -> Author {
        self.author(caller.actor())
    }

    pub fn address(&self) -> Option<IpAddr> {
        self.origin.address
    }

    /// Refuses to change what the caller has not seen.
    pub fn expects(&self, version: i64) -> Result<()> {
        match &self.expected {
            Some(expected) if !expected.contains(&version) => Err(Error::NotAsExpected),
            _ => Ok(()),
        }
    }
}
