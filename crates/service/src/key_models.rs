//! Key models: three built in, operators add their own.

mod change;
mod create;
mod delete;

pub use change::{KeyModelChange, change};
pub use create::{NewKeyModel, create};
pub use delete::delete;

use authz::Permit;
use authz::action::{ListKeyModels, ReadKeyModel};
use domain::key_model::KeyModel;
use domain::text::KeyModelName;
use persistence::{Reading, key_models};

use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::once::Repeatable;
use crate::service::Service;

pub fn list(service: &Service, _: &Permit<ListKeyModels>, listing: &Listing) -> Result<Paged<KeyModel>> {
    let fetch = |page: &_| service.read(|db| Ok(key_models::list(db, page)?));
    service.page(listing, fetch, |model| model.name.to_string())
}

pub fn read(service: &Service, _: &Permit<ReadKeyModel>, name: &KeyModelName) -> Result<KeyModel> {
    service.read(|db| find(db, name))
}

fn find(db: &mut Reading<'_>, name: &KeyModelName) -> Result<KeyModel> {
    key_models::find(db, name)?.ok_or(Error::NotFound)
}

/// Built-in models mean the same on every installation.
fn find_own(db: &mut Reading<'_>, name: &KeyModelName) -> Result<KeyModel> {
    let model = find(db, name)?;
    if model.built_in { Err(Error::KeyModelBuiltIn) } else { Ok(model) }
}

impl Repeatable for KeyModel {
    fn id(&self) -> String {
        self.name.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }
}
