//! API tokens of operators, partners and tenants: the same four verbs on three levels.

mod create;
mod delete;
mod rotate;

pub(crate) use create::details;
pub use create::{NewToken, TokenMade, create};
pub use delete::delete;
pub use rotate::rotate;

use authz::{Action, HoldsTokens, Permit};
use domain::api_token::{ApiToken, TokenOwner};
use domain::change::Change;
use domain::id::TokenId;
use persistence::{Reading, Writing, api_tokens};

use crate::context::Context;
use crate::cursor::{Listing, Paged};
use crate::error::{Error, Result};
use crate::service::Service;

pub fn list<A: Action>(
    service: &Service,
    context: &Context,
    permit: &Permit<A>,
    listing: &Listing,
) -> Result<Paged<ApiToken>>
where
    A::Object: HoldsTokens,
{
    let fetch = |page: &_| service.read(|db| Ok(api_tokens::list(permit, db, context.now, page)?));
    service.page(listing, fetch, |token| token.id.to_string())
}

/// Replicas remember gateways' tokens: they are told when one ends. Of the others the journal has to know.
fn tell(db: &mut Writing<'_>, token: &ApiToken) -> Result<()> {
    let change = match &token.owner {
        TokenOwner::Gateway(id) => Change::Gateway(id.clone()),
        TokenOwner::Operator | TokenOwner::Partner(_) | TokenOwner::Tenant(_) => Change::Token(token.id.clone()),
    };
    db.tell(&change)?;
    Ok(())
}

fn find<A: Action>(permit: &Permit<A>, db: &mut Reading<'_>, id: &TokenId) -> Result<ApiToken>
where
    A::Object: HoldsTokens,
{
    api_tokens::find(permit, db, id)?.ok_or(Error::NotFound)
}
