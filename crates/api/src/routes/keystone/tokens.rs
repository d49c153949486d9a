use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder, get, post};
use authz::action::VerifyS3Token;

use super::{Plain, asking_with, here};
use crate::http::{Json, Reply};
use crate::present;
use crate::problem::{Kind, Problem};

/// Read Keystone's version
///
/// What a gateway asks first to find its way. May be called by anybody.
#[utoipa::path(
    tag = "keystone",
    responses((status = 200, description = "Where the protocol is spoken", body = wire::KeystoneVersionAnswer))
)]
#[get("/v3")]
pub(crate) async fn read_keystone_version(request: HttpRequest) -> Plain {
    Plain(Reply::ok(&present::keystone_version(&here(&request))))
}

/// Log in to Keystone
///
/// For a gateway that is set up with a user and a password instead of a token: its id, and its token. What it gets counts for
/// nothing but the other operations here, for an hour, and no longer than the gateway's token. It is not stored anywhere, so that
/// no restart takes it away.
#[utoipa::path(
    tag = "keystone", request_body = wire::LogInToKeystone,
    responses(
        (status = 201, description = "The gateway is let in", body = wire::VerifiedS3Token,
            headers(("X-Subject-Token" = String, description = "What the gateway shows from now on"))),
        (status = 401, description = "This is no gateway's id and token"),
        (status = 403, description = "The gateway lacks the capability `keystone`"),
        (status = 429, description = "Too many tries failed"),
    )
)]
#[post("/v3/auth/tokens")]
pub(crate) async fn log_in_to_keystone(
    request: HttpRequest,
    body: Json<wire::LogInToKeystone>,
) -> Result<HttpResponse, Problem> {
    let wire::KeystoneIdentity { methods, password } = body.read()?.auth.identity;
    let user = password.map(|password| password.user);
    let Some(user) = user.filter(|_| methods.iter().any(|method| method == "password")) else {
        return Err(Problem::invalid("/auth/identity/methods", "Must be password, and its user be given."));
    };
    let asking = asking_with::<VerifyS3Token>(&request, own_token(&user.password)?).await?;
    let gateway = asking.asker()?.gateway.clone();
    let named = user.name.or(user.id);
    if named.as_deref() != Some(gateway.id.as_str()) {
        return Err(Problem::new(Kind::UnknownCredentials));
    }
    let made = asking
        .run(|service, context, permit| {
            service.log_in_to_keystone(context, permit.asker().ok_or(service::Error::Forbidden)?)
        })
        .await?;
    let mut response = Plain(Reply::ok(&present::logged_in(&gateway, &made, &here(&request)))).respond_to(&request);
    *response.status_mut() = StatusCode::CREATED;
    let text = made.text.expose().parse().map_err(|_| Problem::new(Kind::Internal))?;
    response.headers_mut().insert(actix_web::http::header::HeaderName::from_static("x-subject-token"), text);
    Ok(response)
}

/// What was given for a password is no password, or it could be made to last for ever.
fn own_token(password: &str) -> Result<&str, Problem> {
    if password.starts_with("krg_") { Ok(password) } else { Err(Problem::new(Kind::UnknownCredentials)) }
}
