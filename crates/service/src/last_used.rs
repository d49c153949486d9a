//! When and from where each token was last used: gathered in memory, written in batches.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use domain::id::TokenId;
use persistence::api_tokens;

use crate::error::Result;
use crate::service::{Service, system};

#[derive(Default)]
pub(crate) struct LastUsed(Mutex<HashMap<TokenId, (Timestamp, Option<IpAddr>)>>);

impl LastUsed {
    pub(crate) fn note(&self, token: &TokenId, at: Timestamp, from: Option<IpAddr>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), (at, from));
    }

    fn take(&self) -> Vec<(TokenId, (Timestamp, Option<IpAddr>))> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

impl Service {
    /// Writes down what has been gathered. What cannot be written now is kept for the next time.
    pub fn write_down_last_used(&self) -> Result<()> {
        let noted = self.last_used.take();
        if noted.is_empty() {
            return Ok(());
        }
        let (system, actor) = system("last used");
        let author = self.own_context()?.author(actor);
        let written = self.database.keep_books("note last use", &author, |db| -> Result<()> {
            for (token, (at, from)) in &noted {
                api_tokens::touch(system, db, token, *at, *from)?;
            }
            Ok(())
        });
        if written.is_err() {
            for (token, (at, from)) in noted {
                self.last_used.note(&token, at, from);
            }
        }
        written
    }
}
