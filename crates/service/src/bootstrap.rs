//! How the first operator comes in: by a command on the server's own machine, or by a link printed to its terminal.

use chrono::TimeDelta;
use domain::api_token::{ApiToken, LONGEST_LIFETIME, TokenOwner};
use domain::audit::{AuditAction, Chain, Target};
use domain::id::TokenId;
use domain::scope::Scopes;
use domain::text::Description;
use domain::token::{self, TokenKind};
use domain::{Invalid, Secret, time};
use persistence::{Writing, api_tokens, setup_links};

use crate::api_tokens::TokenMade;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::{Service, system};

/// Long enough to make a proper one with it.
pub const DEFAULT_LIFETIME: TimeDelta = time::days(1);
const SETUP_LINK_LIFETIME: TimeDelta = time::minutes(15);
/// Of the token that a setup link makes: its holder sits in front of the console and makes others when they are needed.
const SETUP_TOKEN_LIFETIME: TimeDelta = time::days(90);

/// Makes an operator's token. Only where there is none, unless the operators have locked themselves out.
pub fn bootstrap(service: &Service, lifetime: TimeDelta, despite_operators: bool) -> Result<TokenMade> {
    if lifetime <= TimeDelta::zero() || lifetime > LONGEST_LIFETIME {
        return Err(Error::at("/lifetime", &Invalid::because("A token lives for up to 366 days.")));
    }
    let (system, actor) = system("bootstrap");
    let mut context = service.own_context()?;
    let author = context.author(actor);
    service.database.write("bootstrap", &author, &Chain::Platform, |db| {
        let now = db.now();
        if !despite_operators && api_tokens::any_operator(system, db, now)? {
            return Err(Error::AlreadyInitialised);
        }
        first_operator(service, db, "Bootstrap", lifetime)
    })
}

/// Whether nobody can come in yet.
pub fn has_no_operator(service: &Service) -> Result<bool> {
    let (system, _) = system("setup");
    let now = service.clock.now();
    service.read(|db| Ok(!api_tokens::any_operator(system, db, now)?))
}

/// A link that makes the first operator, once, within a quarter of an hour. For the terminal only.
pub fn make_setup_link(service: &Service) -> Result<Secret> {
    let (system, actor) = system("setup");
    let mut context = service.own_context()?;
    let author = context.author(actor);
    let link = service.database.write("make setup link", &author, &Chain::Platform, |db| -> Result<Secret> {
        let link = token::draw(TokenKind::Setup, db.entropy());
        let until = db.now() + SETUP_LINK_LIFETIME;
        setup_links::replace(system, db, &service.tokens.of_token(link.expose()), until)?;
        db.record(AuditAction::SetupLinkMade, Target::new("platform", "platform"), &[])?;
        Ok(link)
    })?;
    Ok(service.link("setup", &link))
}

/// Opens the link. It is dead as soon as there is an operator, however that came about.
pub fn open_setup_link(service: &Service, context: &mut Context, link: &Secret) -> Result<TokenMade> {
    let (system, actor) = system("setup");
    let hash = service.tokens.of_token(link.expose());
    let author = context.author(actor);
    service.database.write("open setup link", &author, &Chain::Platform, |db| {
        let now = db.now();
        if !setup_links::take(system, db, &hash)? || api_tokens::any_operator(system, db, now)? {
            return Err(Error::DeadLink);
        }
        first_operator(service, db, "First operator", SETUP_TOKEN_LIFETIME)
    })
}

fn first_operator(
    service: &Service,
    db: &mut Writing<'_>,
    description: &str,
    lifetime: TimeDelta,
) -> Result<TokenMade> {
    let (system, _) = system("bootstrap");
    let owner = TokenOwner::Operator;
    let now = db.now();
    let invalid = |why: Invalid| Error::at("/description", &why);
    let token = ApiToken {
        id: TokenId::draw(db.entropy(), now),
        description: Description::parse(description).map_err(invalid)?,
        scopes: Scopes::new(owner.possible_scopes()).map_err(invalid)?,
        owner,
        networks: Vec::new(),
        expires_at: now + lifetime,
        created_at: now,
        created_by: db.actor().clone(),
        vouched_by: None,
        last_used_at: None,
        last_used_from: None,
        version: 1,
    };
    let text = token::draw(TokenKind::Operator, db.entropy());
    api_tokens::insert_first(system, db, &token, &service.tokens.of_token(text.expose()))?;
    let details = crate::api_tokens::details(&token);
    db.record(AuditAction::OperatorBootstrapped, Target::new("token", &token.id), &details)?;
    Ok(TokenMade { token, text })
}
