use authz::caller::Token;
use authz::{Action, HoldsTokens, Permit};
use chrono::TimeDelta;
use domain::api_token::ApiToken;
use domain::audit::AuditAction;
use domain::id::TokenId;
use domain::networks;
use persistence::api_tokens;

use super::create::{TokenMade, longest, may_give_all};
use super::{find, tell};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Service;

/// The same token with a new text; the old text goes on for `grace` and no longer. Neither outlives what was granted.
pub fn rotate<A: Action>(
    service: &Service,
    context: &mut Context,
    permit: &Permit<A>,
    id: &TokenId,
    grace: TimeDelta,
) -> Result<TokenMade>
where
    A::Object: HoldsTokens,
{
    let author = context.author_of(permit.caller());
    let next = TokenId::draw(&mut context.entropy, context.now);
    let (maker, now) = (permit.caller().token(), context.now);
    service.write_once(
        "rotate token",
        context,
        &author,
        &permit.chain(),
        |db| {
            let old = find(permit, db, id)?;
            context.expects(old.version)?;
            if !old.is_live(now) {
                return Err(Error::NotFound);
            }
            let outlives = longest(permit.caller()).is_some_and(|longest| old.expires_at > longest);
            let is_within =
                |maker: &Token| may_give_all(maker, &old.scopes) && networks::within(&old.networks, &maker.networks);
            if outlives || !maker.is_none_or(is_within) {
                return Err(Error::WiderThanItsMaker);
            }
            api_tokens::expire_at(permit, db, &old, old.end_of_grace(grace, now))?;
            tell(db, &old)?;
            let token = ApiToken {
                id: next.clone(),
                created_at: now,
                created_by: permit.caller().actor(),
                vouched_by: permit.caller().voucher().cloned(),
                last_used_at: None,
                last_used_from: None,
                version: 1,
                ..old
            };
            service.mint(permit, db, token, AuditAction::TokenRotated)
        },
        |db, id, text| service.minted(permit, db, id, text),
    )
}
