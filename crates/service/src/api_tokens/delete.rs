use authz::{Action, HoldsTokens, Permit};
use domain::audit::{AuditAction, Target};
use domain::id::TokenId;
use persistence::api_tokens;

use super::{find, tell};
use crate::context::Context;
use crate::error::Result;
use crate::service::Service;

pub fn delete<A: Action>(service: &Service, context: &mut Context, permit: &Permit<A>, id: &TokenId) -> Result<()>
where
    A::Object: HoldsTokens,
{
    let author = context.author_of(permit.caller());
    service.database.write("delete token", &author, &permit.chain(), |db| {
        let token = find(permit, db, id)?;
        context.expects(token.version)?;
        api_tokens::delete(permit, db, &token)?;
        tell(db, &token)?;
        let details = [("description", token.description.to_string())];
        Ok(db.record(AuditAction::TokenDeleted, Target::new("token", id), &details)?)
    })
}
