//! A browser's session: two cookies that no script can read, instead of tokens that one could.

use actix_web::{HttpRequest, HttpResponse};
use domain::Secret;
use domain::id::TenantId;
use domain::text::Email;
use serde::Deserialize;
use service::sessions::log_in::Credentials;
use service::sessions::sign_in_with_token as with_token;
use service::sessions::{self, Started};
use wire::{AcceptInvitation, LogIn};

use crate::http::credential::{PROOF, REFRESH, check_site, cookie, no_cookie};
use crate::http::{Anonymous, Json, Validation};
use crate::problem::{Kind, Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    token: String,
}

pub(crate) async fn sign_in(
    request: HttpRequest,
    anonymous: Anonymous,
    body: Json<LogIn>,
) -> Result<HttpResponse, Problem> {
    check_site(&request)?;
    let credentials = credentials(body.read()?)?;
    let started =
        anonymous.run_hashing(move |service, context| sessions::log_in::log_in(service, context, &credentials)).await?;
    Ok(begun(&started))
}

/// The e-mail address and password of a request for a session.
pub(crate) fn credentials(body: LogIn) -> Result<Credentials, Problem> {
    let password = Secret::new(body.password);
    let mut validation = Validation::default();
    let email = validation.take("/email", Email::parse(&body.email));
    let tenant = validation.take_if("/tenant_id", body.tenant_id.as_deref(), TenantId::parse);
    validation.finish(email.map(|email| Credentials { email, password, tenant }))
}

pub(crate) async fn sign_in_with_token(
    request: HttpRequest,
    anonymous: Anonymous,
    body: Json<Token>,
) -> Result<HttpResponse, Problem> {
    check_site(&request)?;
    let token = Secret::new(body.read()?.token.trim().to_owned());
    let signed_in =
        anonymous.run(move |service, context| with_token::sign_in_with_token(service, context, &token)).await?;
    let proof = cookie(PROOF, signed_in.proof.expose().to_owned());
    Ok(HttpResponse::NoContent().cookie(proof).cookie(no_cookie(REFRESH)).finish())
}

pub(crate) async fn accept_invitation(
    request: HttpRequest,
    anonymous: Anonymous,
    body: Json<AcceptInvitation>,
) -> Result<HttpResponse, Problem> {
    check_site(&request)?;
    let body = body.read()?;
    let (invitation, password) = (Secret::new(body.invitation), Secret::new(body.password));
    let started = anonymous
        .run_hashing(move |service, context| {
            sessions::accept_invitation::accept_invitation(service, context, &invitation, &password)
        })
        .await?;
    Ok(begun(&started))
}

/// 204 with the next pair of cookies, or without where another tab has just got them.
pub(crate) async fn refresh(request: HttpRequest, anonymous: Anonymous) -> Result<HttpResponse, Problem> {
    check_site(&request)?;
    let token = request.cookie(REFRESH).ok_or_else(|| Problem::new(Kind::Unauthenticated))?;
    let token = Secret::new(token.value().to_owned());
    let extended =
        anonymous.run(move |service, context| sessions::refresh::refresh_in_browser(service, context, &token)).await?;
    Ok(extended.map_or_else(|| HttpResponse::NoContent().finish(), |started| begun(&started)))
}

/// Takes the cookies away. A person's session is ended by `DELETE /v1/sessions/current` before.
pub(crate) async fn sign_out(request: HttpRequest) -> Result<HttpResponse, Problem> {
    check_site(&request)?;
    Ok(HttpResponse::NoContent().cookie(no_cookie(PROOF)).cookie(no_cookie(REFRESH)).finish())
}

fn begun(started: &Started) -> HttpResponse {
    let proof = cookie(PROOF, started.access_token.expose().to_owned());
    let refresh = cookie(REFRESH, started.refresh_token.expose().to_owned());
    HttpResponse::NoContent().cookie(proof).cookie(refresh).finish()
}
