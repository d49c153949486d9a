use authz::caller::Token;
use authz::{Action, Caller, HoldsTokens, Permit};
use domain::api_token::{self, ApiToken};
use domain::audit::{AuditAction, Target};
use domain::id::TokenId;
use domain::scope::{Scope, Scopes};
use domain::text::Description;
use domain::{Secret, Timestamp, networks, token};
use ipnet::IpNet;
use persistence::{Writing, api_tokens};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::once::Repeatable;
use crate::service::Service;

pub struct NewToken {
    pub description: Description,
    pub expires_at: Timestamp,
    /// Everything its maker may give where none are named.
    pub scopes: Option<Vec<Scope>>,
    pub networks: Vec<IpNet>,
}

/// A token and its text. The only time the text can be seen.
pub struct TokenMade {
    pub token: ApiToken,
    pub text: Secret,
}

/// A token made by a token is never wider than that one, and works from nowhere else. Nor does it live longer, unless an
/// operator makes it: the one that a bootstrap gives lives for a day and is there to make others.
pub fn create<A: Action>(
    service: &Service,
    context: &mut Context,
    permit: &Permit<A>,
    new: NewToken,
) -> Result<TokenMade>
where
    A::Object: HoldsTokens,
{
    let maker = permit.caller().token();
    let NewToken { description, expires_at, scopes, networks: from } = new;
    let expires_at = api_token::expiry(expires_at, context.now, longest(permit.caller()))
        .map_err(|why| Error::at("/expires_at", &why))?;
    let owner = permit.token_owner();
    let scopes = match scopes {
        Some(scopes) => scopes,
        None => owner.possible_scopes().filter(|scope| maker.is_none_or(|maker| may_give(maker, *scope))).collect(),
    };
    let scopes = Scopes::new(scopes).map_err(|why| Error::at("/scopes", &why))?;
    let beyond_level = scopes.iter().any(|scope| owner.possible_scopes().all(|possible| possible != scope));
    if beyond_level
        || maker.is_some_and(|maker| !may_give_all(maker, &scopes) || !networks::within(&from, &maker.networks))
    {
        return Err(Error::WiderThanItsMaker);
    }
    let token = ApiToken {
        id: TokenId::draw(&mut context.entropy, context.now),
        owner,
        description,
        scopes,
        networks: from,
        expires_at,
        created_at: context.now,
        created_by: permit.caller().actor(),
        vouched_by: permit.caller().voucher().cloned(),
        last_used_at: None,
        last_used_from: None,
        version: 1,
    };
    let author = context.author_of(permit.caller());
    service.write_once(
        "create token",
        context,
        &author,
        &permit.chain(),
        |db| service.mint(permit, db, token.clone(), AuditAction::TokenCreated),
        |db, id, text| service.minted(permit, db, id, text),
    )
}

/// What a token holds it may give on. Gateways' one scope nobody else holds: who may make gateways gives it.
fn may_give(maker: &Token, scope: Scope) -> bool {
    maker.scopes.contains(scope) || (scope == Scope::GatewayUse && maker.scopes.contains(Scope::PlatformWrite))
}

pub(super) fn may_give_all(maker: &Token, scopes: &Scopes) -> bool {
    scopes.iter().all(|scope| may_give(maker, scope))
}

/// How long what this caller makes may live, beyond what holds for everybody.
pub(super) fn longest(caller: &Caller) -> Option<Timestamp> {
    match caller {
        Caller::Operator(_) | Caller::User(_) | Caller::Gateway(_) => None,
        Caller::Partner(token, _) | Caller::Tenant(token, _) => Some(token.expires_at),
    }
}

impl Service {
    pub(super) fn mint<A: Action>(
        &self,
        permit: &Permit<A>,
        db: &mut Writing<'_>,
        token: ApiToken,
        action: AuditAction,
    ) -> Result<TokenMade>
    where
        A::Object: HoldsTokens,
    {
        let text = token::draw(token.owner.kind(), db.entropy());
        api_tokens::insert(permit, db, &token, &self.tokens.of_token(text.expose()))?;
        db.record(action, Target::new("token", &token.id), &details(&token))?;
        Ok(TokenMade { token, text })
    }

    /// What was minted for the request that is being retried.
    pub(super) fn minted<A: Action>(
        &self,
        permit: &Permit<A>,
        db: &mut persistence::Reading<'_>,
        id: &str,
        text: Option<Secret>,
    ) -> Result<Option<TokenMade>>
    where
        A::Object: HoldsTokens,
    {
        let (Ok(id), Some(text)) = (TokenId::parse(id), text) else { return Ok(None) };
        Ok(api_tokens::find(permit, db, &id)?.map(|token| TokenMade { token, text }))
    }
}

pub(crate) fn details(token: &ApiToken) -> [(&'static str, String); 3] {
    let scopes: Vec<_> = token.scopes.iter().map(Scope::as_str).collect();
    [
        ("description", token.description.to_string()),
        ("scopes", scopes.join(" ")),
        ("expires_at", token.expires_at.to_rfc3339()),
    ]
}

impl Repeatable for TokenMade {
    fn id(&self) -> String {
        self.token.id.to_string()
    }

    fn version(&self) -> i64 {
        self.token.version
    }

    fn secret(&self) -> Option<&Secret> {
        Some(&self.text)
    }
}
