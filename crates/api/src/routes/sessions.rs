use actix_web::{delete, post};
use authz::action::EndSession;
use domain::Secret;
use service::{bootstrap, sessions};
use wire::{AcceptInvitation, CreatedToken, LogIn, OpenSetupLink, Refresh, Session};

use crate::http::{Anonymous, Authorized, Json, Reply};
use crate::present;
use crate::problem::Problem;
use crate::routes::console::session::credentials;

/// Log in
///
/// Starts a session. After ten wrong passwords in a row the account pauses, longer each time. Without `tenant_id` the four
/// accounts with this address that joined first are tried.
#[utoipa::path(
    tag = "sessions", request_body = LogIn,
    responses(
        (status = 200, description = "The session has begun", body = Session),
        (status = 401, description = "Wrong e-mail address or password, or suspended"),
        (status = 409, description = "The password fits accounts in several tenants: say which"),
    )
)]
#[post("/v1/sessions")]
pub(crate) async fn log_in(anonymous: Anonymous, body: Json<LogIn>) -> Result<Reply, Problem> {
    let credentials = credentials(body.read()?)?;
    let started =
        anonymous.run_hashing(move |service, context| sessions::log_in::log_in(service, context, &credentials)).await?;
    Ok(Reply::ok(&present::session(&started)))
}

/// Refresh a session
///
/// Takes a refresh token and gives the next pair. A refresh token that comes a second time was stolen: the session ends.
#[utoipa::path(
    tag = "sessions", request_body = Refresh,
    responses(
        (status = 200, description = "The session goes on", body = Session),
        (status = 401, description = "The refresh token is unknown, used or expired, or its owner is suspended"),
    )
)]
#[post("/v1/sessions/refresh")]
pub(crate) async fn refresh_session(anonymous: Anonymous, body: Json<Refresh>) -> Result<Reply, Problem> {
    let body = body.read()?;
    let token = Secret::new(body.refresh_token);
    let started = anonymous.run(move |service, context| sessions::refresh::refresh(service, context, &token)).await?;
    Ok(Reply::ok(&present::session(&started)))
}

/// Log out
///
/// Ends the session of the access token. Everything that was given out in it stops working at once.
#[utoipa::path(tag = "sessions", responses((status = 204, description = "The session has ended")))]
#[delete("/v1/sessions/current")]
pub(crate) async fn end_session(caller: Authorized<EndSession>) -> Result<Reply, Problem> {
    caller.run(sessions::log_out::log_out).await?;
    Ok(Reply::no_content())
}

/// Accept an invitation
///
/// Sets the invited person's password and starts their session. Works once.
#[utoipa::path(
    tag = "sessions", request_body = AcceptInvitation,
    responses(
        (status = 200, description = "The person has joined", body = Session),
        (status = 404, description = "The link is unknown, used, replaced or too old"),
    )
)]
#[post("/v1/invitations")]
pub(crate) async fn accept_invitation(anonymous: Anonymous, body: Json<AcceptInvitation>) -> Result<Reply, Problem> {
    let body = body.read()?;
    let (invitation, password) = (Secret::new(body.invitation), Secret::new(body.password));
    let started = anonymous
        .run_hashing(move |service, context| {
            sessions::accept_invitation::accept_invitation(service, context, &invitation, &password)
        })
        .await?;
    Ok(Reply::ok(&present::session(&started)))
}

/// Open a setup link
///
/// Makes the first operator's token. The link is printed on the server's terminal, works once, for a quarter of an hour,
/// and never again once there is an operator.
#[utoipa::path(
    tag = "sessions", request_body = OpenSetupLink,
    responses(
        (status = 201, description = "The first operator's token", body = CreatedToken),
        (status = 404, description = "The link is unknown, used or too old"),
    )
)]
#[post("/v1/setup")]
pub(crate) async fn open_setup_link(anonymous: Anonymous, body: Json<OpenSetupLink>) -> Result<Reply, Problem> {
    let body = body.read()?;
    let link = Secret::new(body.link);
    let made = anonymous.run(move |service, context| bootstrap::open_setup_link(service, context, &link)).await?;
    let location = format!("/v1/operator/tokens/{}", made.token.id);
    Ok(Reply::created(location, &present::created_token(made)))
}
